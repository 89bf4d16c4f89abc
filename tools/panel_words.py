"""The panel's words in other languages: see that none lacks, and bring the files into step with the sources.

Each language is one JSON file, as JupyterLab reads it: from what the sources say to its translations, one for
each plural form. This script adds what is new, untranslated, and drops what is said no more.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from babel.messages.extract import extract

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "labextension" / "src"
LOCALE = ROOT / "jupyter_jobsub" / "locale"
DOMAIN = "jupyter_jobsub"
KEYWORDS = {"__": None, "_n": (1, 2), "_p": ((1, "c"), 2), "_np": ((1, "c"), 2, 3)}
OPTIONS = {"encoding": "utf-8", "jsx": "true", "parse_template_string": "true"}
CALL = re.compile(r"\.(?:__|_n|_p|_np)\(")
CONTEXT = "\x04"  # between a context and what is said in it
FORMS = re.compile(r"nplurals=(\d+)")
PLACES = re.compile(r"%\d")


def sources() -> Iterator[Path]:
    """Files whose words people see."""
    for file in sorted(SOURCES.rglob("*.ts*")):
        if ".spec." not in file.name:
            yield file


def messages_of(file: Path) -> list[tuple[str, set[str]]]:
    """What a file says, each as often as it says it, with the places for values in it."""
    with open(file, "rb") as text:
        found = list(extract("javascript", text, KEYWORDS, options=OPTIONS))
    return [_entry(message, context) for _, message, _, context in found]


def _entry(message: str | tuple[str, ...], context: str | None) -> tuple[str, set[str]]:
    forms = [message] if isinstance(message, str) else list(message)
    key = f"{context}{CONTEXT}{forms[0]}" if context else forms[0]
    return key, {place for form in forms for place in PLACES.findall(form)}


def messages() -> dict[str, set[str]]:
    """Everything that is said, in order."""
    return dict(sorted(entry for file in sources() for entry in messages_of(file)))


def languages() -> list[str]:
    """Those that there are."""
    return sorted(folder.name for folder in LOCALE.iterdir() if folder.is_dir())


def file_of(language: str) -> Path:
    """Where a language's words are."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.json"


def read(language: str) -> dict[str, Any]:
    """A language's words, its head among them under the empty text."""
    words: dict[str, Any] = json.loads(file_of(language).read_text(encoding="utf-8"))
    return words


def renewed(words: dict[str, Any], said: Iterable[str]) -> dict[str, Any]:
    """A language's words for what is said now."""
    return {"": words[""]} | {message: words.get(message, [""]) for message in said}


def faults(words: dict[str, Any], said: Mapping[str, set[str]]) -> Iterator[str]:
    """What is wrong with a language: words that lack or are said no more, places for values that differ."""
    forms = int(FORMS.findall(words[""]["plural_forms"])[0])
    for message, places in said.items():
        found = words.get(message, [""])
        if len(found) not in (1, forms) or not all(found):
            yield f"{message!r} is not translated"
        elif any(set(PLACES.findall(one)) != places for one in found):
            yield f"{message!r} has other places for values than {found!r}"
    yield from (f"{message!r} is said no more" for message in words if message and message not in said)


def main() -> int:
    """Write every language's file anew, and say what is to be translated."""
    said = messages()
    wrong = []
    for language in languages():
        words = renewed(read(language), said)
        text = json.dumps(words, ensure_ascii=False, indent=2)
        file_of(language).write_text(text + "\n", encoding="utf-8")
        wrong += [f"{language}: {fault}" for fault in faults(words, said)]
    print("\n".join(wrong) or f"{len(said)} messages in {', '.join(languages())}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
