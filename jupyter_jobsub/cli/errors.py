"""Exit codes, and how an error is told."""

from __future__ import annotations

import json

from ..client import NotRunning, Unreachable
from ..client.errors import Expired, UsageError
from ..errors import Conflict, InvalidRequest, NotFound, TooLarge, UserError
from .terminal import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OK = 0
ERROR = 1
USAGE = 2
UNREACHABLE = 3
NOT_FOUND = 4
INVALID = 5
CONFLICT = 6
TIMEOUT = 124
NO_EXIT_CODE = 125
INTERRUPTED = 130
BROKEN_PIPE = 141

WHOLE = "(whole)"  # in place of a field's name: what is wrong concerns no field alone

EXIT_CODES = (
    ("0", "all went well; for wait and submit --wait: the job succeeded"),
    ("N", "the job's own exit code, for wait and submit --wait"),
    ("1", "an error"),
    ("2", "the command line is wrong"),
    ("3", "the service is not running or can't be reached"),
    ("4", "there is no such job, or its log has been removed"),
    ("5", "the request is invalid; every wrong field is named"),
    ("6", "the job's phase does not allow it"),
    ("124", "the time given with --timeout is over"),
    ("125", "the job did not succeed, and left no exit code but 0 or none at all"),
    ("130", "interrupted (Ctrl-C); the job runs on"),
)


_CODES: tuple[tuple[type[Exception], int], ...] = (
    (UsageError, USAGE),
    (Unreachable, UNREACHABLE),
    (NotFound, NOT_FOUND),
    (Expired, NOT_FOUND),
    (InvalidRequest, INVALID),
    (TooLarge, INVALID),
    (Conflict, CONFLICT),
    (TimeoutError, TIMEOUT),
)


def exit_code(error: Exception) -> int:
    """Give the exit code that stands for the error."""
    if isinstance(error, UserError) and error.status in (400, 422):
        return INVALID
    return next((code for kind, code in _CODES if isinstance(error, kind)), ERROR)


def report(error: Exception, *, as_json: bool, job_id: str | None = None) -> int:
    """Tell the error on standard error, and give its exit code."""
    code = exit_code(error)
    lines = [json.dumps(as_object(error, code, job_id))] if as_json else as_lines(error)
    terminal().tell([terminal().spelled(line) for line in lines])
    return code


def as_object(error: Exception, code: int, job_id: str | None) -> dict[str, Any]:
    """Give what a program wants to know about the error."""
    found = {
        "id": job_id,
        "status": getattr(error, "status", None),
        "title": getattr(error, "title", None),
        "detail": _detail(error),
        "remedy": getattr(error, "remedy", None) or None,
        "errors": [
            {"field": e.field, "message": e.message, "remedy": e.remedy} for e in getattr(error, "errors", ())
        ],
        "exit_code": code,
    }
    return {"error": {key: value for key, value in found.items() if value not in (None, [])}}


def as_lines(error: Exception) -> list[str]:
    """Give the error in words: what is wrong, what to do."""
    fields = getattr(error, "errors", ())
    if not fields:
        remedy = getattr(error, "remedy", "")
        return [f"jupyter jobsub: {_detail(error)}", *([f"  {remedy}"] if remedy else [])]
    lines = ["jupyter jobsub: this is wrong, and nothing was done:"]
    for field in fields:
        lines.append(f"  {field.message}" if field.field == WHOLE else f"  {field.field}: {field.message}")
        if field.remedy:
            lines.append(f"      {field.remedy}")
    return lines


def _detail(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(getattr(error, "detail", error))


__all__ = ["NotRunning", "Unreachable", "UsageError", "report"]
