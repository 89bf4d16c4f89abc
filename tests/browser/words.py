"""What a view says, also to those who hear it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from playwright.sync_api import Locator

SAID = """view => {
    const DATA = 'style, script, pre, code, .cm-content, [role=log]';
    const said = [];
    const walker = document.createTreeWalker(view, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.currentNode; node; node = walker.nextNode()) {
        if (node instanceof Element) {
            said.push(...['aria-label', 'title', 'placeholder', 'alt'].map(name => node.getAttribute(name)));
        } else if (!node.parentElement.closest(DATA)) {
            said.push(node.data);
        }
    }
    return said.filter(text => text?.trim());
}"""
IN_ALL_LANGUAGES = re.compile(
    r"\b(CPU|GPU|ID|JSON|YAML|[KMGT]iB|Shift|Escape|Tab|shell)\b|\$JOBSUB_ARTIFACTS|“parameters”|「parameters」"
    r"|python train\.py|/home/…/train\.ipynb|^(true|priority)$"
)
JOB = r"job-\d{8}-\w{8}"  # before shorter data, which may be in it by chance
OF_JUPYTERLAB = re.compile("main area content|notification timer|Hide notification")
WORD = re.compile("[A-Za-z]{2,}")


def foreign(view: Locator, data: Collection[str]) -> list[str]:
    """What a view says in English, where it is to speak Chinese, without what are data."""
    longest_first = "|".join([JOB, *map(re.escape, sorted(data, key=len, reverse=True))])

    def bare(text: str) -> str:
        return IN_ALL_LANGUAGES.sub("", OF_JUPYTERLAB.sub("", re.sub(longest_first, "", text)))

    return sorted({text for text in view.evaluate(SAID) if WORD.search(bare(text))})


def texts(value: Any) -> Iterator[str]:
    """All texts in something of JSON that are values."""
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
