"""What a client may raise, beside the service's own UserError tree.

JobsubError
├── UserError             the service said no (see jupyter_jobsub.errors)
│   ├── Unauthorized      401, or sent to a login page
│   └── Expired           410, the log was removed after its TTL
├── UsageError            the call, or the command line, makes no sense (a ValueError too)
├── JobFailed             a job that was waited for did not succeed
└── Unreachable           nobody answers
    ├── NotRunning        no local service, and it was not to be started
    └── Closed            the client was closed meanwhile
"""

from __future__ import annotations

import json

from .. import errors
from ..errors import (
    Conflict,
    FieldError,
    Forbidden,
    InvalidRequest,
    NotFound,
    TooLarge,
    Unavailable,
    UserError,
)

TYPE_CHECKING = False  # the typing module takes longer to import than this one
if TYPE_CHECKING:
    from typing import Any


class Unreachable(errors.JobsubError):
    """Nobody answers where the service should be, or it could not be started."""

    def __init__(self, detail: str, *, remedy: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy


class NotRunning(Unreachable):
    """There is no local service, and the call was not to start one."""


class Closed(Unreachable):
    """The client was closed while it was waiting for an answer."""

    def __init__(self) -> None:
        super().__init__("The client was closed.")


class UsageError(errors.JobsubError, ValueError):
    """What was asked for makes no sense, whatever the service says."""

    def __init__(self, detail: str, *, remedy: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy


class JobFailed(errors.JobsubError):
    """A job that was waited for has ended, and not well.

    Attributes
    ----------
    row:
        The job as it ended.
    log:
        The last lines of its log; empty if they can't be read.
    """

    def __init__(self, row: dict[str, Any], log: str = "") -> None:
        code = "" if row["exit_code"] is None else f", exit code {row['exit_code']}"
        message = f": {row['message']}" if row["message"] else ""
        super().__init__(f"{row['id']} ({row['name']}) {row['phase']}{code}{message}{_indented(log)}")
        self.row = row
        self.log = log


def _indented(log: str) -> str:
    return "".join(f"\n    {line}" for line in log.splitlines())


class Unauthorized(UserError):
    """The server wants a token, or another one."""

    status = 401
    title = "Unauthorized"


class Expired(UserError):
    """It was there and has been removed, as the job's TTL asks."""

    status = 410
    title = "Gone"


def not_json() -> Unreachable:
    """Say in words that whatever answered is not the service."""
    return Unreachable("The answer is not one of the service's.", remedy=_WRONG_SERVER)


def lost(error: OSError) -> Unreachable:
    """Say in words that a connection broke, or that nothing came over it in time."""
    if isinstance(error, TimeoutError):
        return Unreachable("The service does not answer.", remedy=DOCTOR)
    return Unreachable(
        "The connection to the service was lost.",
        remedy="see what was done (jupyter jobsub list), then try again",
    )


_CLASSES: tuple[type[UserError], ...] = (
    Unauthorized,
    Forbidden,
    NotFound,
    Conflict,
    Expired,
    TooLarge,
    Unavailable,
)
_BY_STATUS = {kind.status: kind for kind in _CLASSES}
DOCTOR = "run: jupyter jobsub doctor"
_WRONG_SERVER = "check JOBSUB_URL, and that the server's jupyter_jobsub extension is enabled"
_TOKEN_REMEDY = "set JOBSUB_TOKEN to the server's token"


def from_response(status: int, body: bytes) -> UserError:
    """Make the exception that a refusal stands for."""
    if 300 <= status < 400:
        return Unauthorized("The server asks for a login.", remedy=_TOKEN_REMEDY)
    problem = _problem(body)
    if status == 404 and not problem:
        return NotFound("The server knows nothing of jobs.", remedy=_WRONG_SERVER)
    if rows := problem.get("errors"):
        invalid = InvalidRequest([_field_error(row) for row in rows])
        invalid.remedy = str(problem.get("remedy") or "")
        invalid.status = status
        return invalid
    detail = str(
        problem.get("detail") or problem.get("message") or problem.get("title") or f"HTTP status {status}"
    )
    remedy = str(problem.get("remedy") or "")
    error = _BY_STATUS.get(status, UserError)(detail, remedy=remedy)
    error.status = status
    error.title = str(problem.get("title") or error.title)
    return error


def _field_error(row: dict[str, Any]) -> FieldError:
    return FieldError(str(row.get("field", "")), str(row.get("message", "")), str(row.get("remedy") or ""))


def _problem(body: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {}
