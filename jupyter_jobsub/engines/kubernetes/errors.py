"""What an API server's answers come to for the engine; none of it reaches a person as it is.

ApiError
├── Refused      a 4xx: the request is wrong, not allowed, or too late; asking again changes nothing
├── Expired      410: that version is forgotten, so what it was a version of must be listed anew
└── Unreachable  nobody answers, or not now: the same may go through later
    ├── Unauthorized the credentials are not accepted: somebody has to log in again
    └── Unreadable   something answers, which is no API server: a proxy with a page to log in
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """The API server did not do what it was asked."""


class Refused(ApiError):
    """A 4xx answer.

    Parameters
    ----------
    status, reason, message:
        Of the answer, as in ``404, "NotFound", 'pods "x" not found'``.
    retry_after:
        Seconds to wait before asking again, where the answer says so.
    """

    def __init__(
        self, status: int, reason: str = "", message: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message or reason or f"HTTP {status}")
        self.status = status
        self.reason = reason
        self.message = str(self)
        self.retry_after = retry_after

    @property
    def passing(self) -> bool:
        """Whether asking again may help: an API server that has just been started knows of no rights."""
        return self.status in (403, 429)


class Unreachable(ApiError):
    """Nobody answers, or says not now."""


class Unauthorized(Unreachable):
    """The credentials are not accepted, until somebody has renewed them."""


class Unreadable(Unreachable):
    """What answers is no API server."""


class Expired(ApiError):
    """A version is too old to go on from."""


def failure(status: int, headers: Mapping[str, str], body: bytes = b"") -> ApiError:
    """Make the error of an answer that is none of 2xx, with the server's own words for it."""
    told = _status(body)
    reason, message = str(told.get("reason") or ""), str(told.get("message") or "")
    if status >= 500:
        return Unreachable(f"The cluster's API server answers {status} {message or reason}".rstrip())
    if status == 410:
        return Expired(message or reason)
    return Refused(status, reason, message, _seconds(headers.get("Retry-After", "")))


def _status(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {"message": body.decode(errors="replace").strip()[:1000]}
    return told if isinstance(told, dict) else {}


def _seconds(text: str) -> float | None:
    return float(text) if text.isdecimal() else None
