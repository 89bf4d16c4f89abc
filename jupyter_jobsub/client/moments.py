"""Points in time, from what Python people write to what the service reads."""

from __future__ import annotations

from datetime import datetime, timezone

from .errors import UsageError


def moment(value: datetime | str | None, name: str) -> str | None:
    """Give RFC 3339 in UTC; what has no zone is local.

    Parameters
    ----------
    name:
        Of the argument, for the error.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError as error:
            remedy = "give a datetime, or text such as 2026-11-21T08:15"
            raise UsageError(f"{name}: {value!r} is no time", remedy=remedy) from error
    return None if value is None else value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
