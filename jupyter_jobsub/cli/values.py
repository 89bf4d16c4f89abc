"""Values of options: durations, times, assignments."""

from __future__ import annotations

import json
import re
from argparse import ArgumentTypeError
from math import isfinite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(?:\d+[smhdw])+|\d+")
_PART = re.compile(r"(\d+)([smhdw]?)")


def duration(text: str) -> int:
    """Read a duration such as 90, 30m, 1h30m or 7d, in seconds."""
    if not _DURATION.fullmatch(text):
        raise ArgumentTypeError(f"{text!r} is not a duration; write 90s, 30m, 2h, 1h30m or 7d")
    return sum(int(number) * UNITS[unit] for number, unit in _PART.findall(text))


def moment(text: str) -> str:
    """Read a time, or how long ago it was, as RFC 3339 in UTC."""
    from datetime import datetime, timedelta, timezone

    if _DURATION.fullmatch(text) and not text.isdigit():
        at = datetime.now(timezone.utc) - timedelta(seconds=duration(text))
    else:
        try:
            at = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
        except ValueError as error:
            raise ArgumentTypeError(
                f"{text!r} is not a time; write 2026-11-21, 2026-11-21T08:15 (local) or how long ago: 2h, 7d"
            ) from error
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def assignment(text: str) -> tuple[str, str]:
    """Read NAME=VALUE."""
    name, sign, value = text.partition("=")
    if not name or not sign:
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


class Bare(str):
    """A value as it was typed, which is for a notebook what Python says it is: 1.10 is a number there."""

    @property
    def in_python(self) -> Any:
        """The word or number that Python reads in it, else the text."""
        if self in _WORDS:
            return _WORDS[self]
        if _INTEGER.fullmatch(self):
            return int(self)
        if _FLOAT.fullmatch(self) and isfinite(number := float(self)):
            return number
        return self


_WORDS = {"True": True, "False": False, "None": None}
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,999})", re.ASCII)
_FLOAT = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?", re.ASCII)


def parameter(text: str) -> tuple[str, list[Any]]:
    """Read NAME=VALUE or NAME=VALUE,VALUE…: each value is JSON if it can be, else text.

    What is JSON as a whole is one value, whatever commas are in it. Numbers that JSON would spell in another
    way, such as 1.10, are kept as they are.
    """
    name, value = assignment(text)
    try:
        return name, [_value(value)]
    except ValueError:
        return name, _list(value) if "," in value else [Bare(value)]


def _refuse(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON: they stay text


_JSON = json.JSONDecoder(parse_constant=_refuse)


def _value(text: str) -> Any:
    """Read JSON; a number that is spelled in a way of its own stays as it is."""
    value = _JSON.decode(text)
    return Bare(text) if isinstance(value, (int, float)) and json.dumps(value) != text else value


def _list(text: str) -> list[Any]:
    found, rest = [], text
    more = True
    while more:
        value, more, rest = _first(rest)
        found.append(value)
    return found


def _first(text: str) -> tuple[Any, bool, str]:
    """Read the value that a list begins with, and say whether a comma follows, and what comes then."""
    text = text.lstrip()
    try:
        _, end = _JSON.raw_decode(text)
        between, comma, rest = text[end:].partition(",")
        if not between.strip():
            return _value(text[:end]), bool(comma), rest
    except ValueError:
        pass  # it is text
    word, comma, rest = text.partition(",")
    if not word.strip():
        raise ArgumentTypeError(
            "nothing stands between two commas; quote a value of JSON whole: a list as '[1, 2]',"
            " a text with commas as '\"a, b\"'"
        )
    return Bare(word.strip()), bool(comma), rest


def count(text: str) -> int:
    """Read a whole number from 1 up."""
    if not text.isdigit() or not int(text):
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def natural(text: str) -> int:
    """Read a whole number from 0 up."""
    if not text.isdigit():
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)
