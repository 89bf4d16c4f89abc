"""JSON as a request's body brings it."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from typing import Any

from ..errors import FieldError, InvalidRequest, UserError


class BadJson(UserError):
    """The body is not JSON."""

    status = 400
    title = "Not JSON"


def parse_json(body: bytes) -> Any:
    """Decode a body.

    Raises
    ------
    BadJson
        Saying where it stops being JSON.
    InvalidRequest
        Naming what an object holds twice.
    """
    try:
        twice: list[str] = []
        data = json.loads(body, parse_constant=_no_constant, object_pairs_hook=partial(_object, twice))
        if b"\\u" in body:
            json.dumps(data, ensure_ascii=False).encode()  # lone surrogates can't be stored
    except json.JSONDecodeError as error:
        detail = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise BadJson(f"the body is not JSON: {detail}", remedy="correct it there") from error
    except (ValueError, RecursionError) as error:
        raise BadJson(
            f"the body can't be read: {error}", remedy="send UTF-8 text of moderate depth"
        ) from error
    if twice:
        raise InvalidRequest([FieldError(name, "is there twice", "keep one of them") for name in twice])
    return data


def _object(twice: list[str], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object, and note the names that come again in it: only the last value would count."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice += [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
