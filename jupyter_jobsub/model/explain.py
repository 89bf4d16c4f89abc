"""What pydantic finds wrong, in words for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ..errors import FieldError, InvalidRequest

LONGEST = 40  # characters that are quoted of what is wrong
_NUMBER = ("is not a whole number", "give a whole number")
_TRUTH = ("is neither true nor false", "give true or false")
_OBJECT = ("is not an object", "give an object in {{ }}")
_WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", "add it"),
    "extra_forbidden": ("is not known here", "remove it, or check its spelling"),
    "string_type": ("is not text", "give text in quotes"),
    "string_too_short": ("is too short", "give {min_length} characters or more"),
    "string_too_long": ("is too long", "give {max_length} characters at most"),
    "string_pattern_mismatch": (
        "{input!r} is not a plain name",
        "use lower-case letters, digits and '-' in between",
    ),
    "int_type": ("is not a whole number", "give a whole number without quotes"),
    "int_from_float": _NUMBER,
    "int_parsing": _NUMBER,
    "int_parsing_size": ("is too large", "give a smaller number"),
    "float_type": ("is not a number", "give a number without quotes"),
    "float_parsing": ("is not a number", "give a number"),
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "list_type": ("is not a list", "give a list in [ ]"),
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "too_short": ("is too short", "give {min_length} or more"),
    "too_long": ("is too long", "give {max_length} at most"),
    "greater_than": ("{input} is too small", "give more than {gt}"),
    "greater_than_equal": ("{input} is too small", "give {ge} or more"),
    "less_than": ("{input} is too large", "give less than {lt}"),
    "less_than_equal": ("{input} is too large", "give {le} at most"),
    "literal_error": ("{input!r} is not {expected}", "give one of these"),
    "enum": ("{input!r} is not {expected}", "give one of these"),
}
"""What is wrong and what to do, by pydantic's name of the error, with words of its context."""

_HIDDEN = re.compile(r"(function-|constrained-|nullable|list\[|dict\[|str$|int$|\[key\])")


def explain(error: ValidationError, *, under: str = "") -> InvalidRequest:
    """Turn pydantic's findings into field errors with remedies.

    Parameters
    ----------
    under:
        Path of the validated object inside the request, if it isn't the whole.
    """
    found: dict[str, FieldError] = {}
    for row in error.errors(include_url=False):
        path = ".".join([under] * bool(under) + [str(p) for p in _visible(row["loc"])])
        found.setdefault(path, FieldError(path or "(whole)", *_told(row)))
    # of a union's members, the one that got further into the value is the one that was meant
    inner = {path.rpartition(".")[0] for path in found}
    return InvalidRequest([error for path, error in found.items() if path not in inner or not path])


def _told(row: Mapping[str, Any]) -> tuple[str, str]:
    """Say what is wrong, and what to do."""
    if row["type"] in _WORDS:
        given = {"input": str(row["input"])[:LONGEST], **row.get("ctx", {})}
        message, remedy = (text.format(**given) for text in _WORDS[row["type"]])
        return message, remedy
    text = row["msg"].removeprefix("Value error, ")
    return text if row["type"] == "jobsub" else text[:1].lower() + text[1:], _remedy(row)


def _remedy(row: Mapping[str, Any]) -> str:
    remedy: str = row.get("ctx", {}).get("remedy", "correct the value")
    return remedy


def _visible(loc: tuple[int | str, ...]) -> list[int | str]:
    return [part for part in loc if isinstance(part, int) or not _HIDDEN.match(part)]
