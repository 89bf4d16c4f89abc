"""The panel's words in other languages: see that none lacks, and bring the files into step with the sources.

Each language is one JSON file, as JupyterLab reads it: from what the sources say to its translations, one for
each plural form. This script adds what is new, untranslated, and drops what is said no more.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

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


class Said(NamedTuple):
    """How something is said: with places for values, and in several forms, by a number."""

    places: frozenset[str] = frozenset()
    several: bool = False


def messages_of(file: Path) -> list[tuple[str, Said]]:
    """What a file says, each as often as it says it."""
    with open(file, "rb") as text:
        found = list(extract("javascript", text, KEYWORDS, options=OPTIONS))
    return [_entry(message, context) for _, message, _, context in found]


def _entry(message: str | tuple[str, ...], context: str | None) -> tuple[str, Said]:
    forms = [message] if isinstance(message, str) else list(message)
    key = f"{context}{CONTEXT}{forms[0]}" if context else forms[0]
    return key, Said(frozenset(place for form in forms for place in PLACES.findall(form)), len(forms) > 1)


def messages() -> dict[str, Said]:
    """Everything that is said, in order."""
    found = dict(entry for file in sources() for entry in messages_of(file))
    return dict(sorted(found.items()))


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


def renewed(words: dict[str, Any], said: Mapping[str, Said]) -> dict[str, Any]:
    """A language's words for what is said now."""
    entries = {message: words.get(message, [""] * _forms(words, how)) for message, how in said.items()}
    return {"": words[""]} | entries


def _forms(words: dict[str, Any], how: Said) -> int:
    """How many forms a language writes; JupyterLab asks for two at least, where there are several."""
    return max(2, int(FORMS.findall(words[""]["plural_forms"])[0])) if how.several else 1


def faults(words: dict[str, Any], said: Mapping[str, Said]) -> Iterator[str]:
    """What is wrong with a language: words that lack or are said no more, places for values that differ."""
    for message, how in said.items():
        found = words.get(message, [""])
        if len(found) != _forms(words, how) or not all(found):
            yield f"{message!r} is not translated in each of its forms"
        elif any(set(PLACES.findall(one)) != how.places for one in found):
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
