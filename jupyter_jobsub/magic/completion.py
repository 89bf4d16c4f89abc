"""Completion of the magics' lines by the parsers that read them."""

from __future__ import annotations

import argparse
import re
from glob import escape, glob
from os.path import expanduser, isdir
from typing import Any

from argcomplete.finders import CompletionFinder
from argcomplete.lexers import split_line
from IPython.core.completer import CompletionContext, SimpleCompletion

from ..cli import app
from . import cell
from .notebook import Session

_COMMANDS = [name for name in app.COMMANDS if name not in Session.elsewhere]
_MAGIC = re.compile(r"^\s*(?:[\w.]+\s*=\s*)?(%?)%jobsub\s+(.*)", re.DOTALL)


def complete(context: CompletionContext) -> dict[str, Any]:
    """Complete what follows ``%jobsub`` and ``%%jobsub``, and leave all other lines to others."""
    found = _MAGIC.match(context.text_until_cursor)
    if not found:
        return {"completions": []}
    _, prefix, _, words, _ = split_line(found[2], len(found[2]))
    texts = candidates(words, prefix, in_cell=bool(found[1]))
    return {
        "completions": [SimpleCompletion(text=text, type="jobsub") for text in texts],
        "matched_fragment": prefix,
        "suppress": True,
    }


complete.matcher_api_version = 2  # type: ignore[attr-defined]


def candidates(words: list[str], prefix: str, *, in_cell: bool) -> list[str]:
    """Say what the word that begins with the prefix may be, behind the other words."""
    if "--" in words and (in_cell or words[0] in app.TAKES_COMMAND):
        return files(prefix)
    if in_cell:
        return _by(cell.parser(), words, prefix)
    if not words:
        return [name for name in ("--help", *_COMMANDS) if name.startswith(prefix)]
    return _by(app.command_parser(words[0]), words[1:], prefix) if words[0] in _COMMANDS else []


def _by(parser: argparse.ArgumentParser, words: list[str], prefix: str) -> list[str]:
    default: Any = files
    finder = CompletionFinder(parser, default_completer=default, always_complete_options=False)
    found: list[str] = finder._get_completions(["", *words], prefix, "", None)
    return [text.rstrip(" ") for text in found]


def files(prefix: str, **_: Any) -> list[str]:
    """Give the files and folders whose names begin so."""
    whole = expanduser(prefix)
    found = sorted(glob(escape(whole) + "*"))
    return [prefix + name[len(whole) :] + "/" * isdir(name) for name in found]
