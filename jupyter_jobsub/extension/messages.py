"""What a page may ask on its socket, checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_MESSAGE = 64 * 1024  # bytes
MAX_NAME = 200  # characters of keys and ids
LOG_ARGUMENTS: Mapping[str, type] = {"role": str, "task": int, "attempt": int, "tail": int, "from": str}


class BadMessage(Exception):
    """A message that can't be served, and what to do about it."""

    def __init__(self, message: str, remedy: str, key: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.key = key
        self.status = status

    def as_text(self) -> str:
        """The error as the page gets it."""
        where = {"key": self.key, "status": self.status}
        known = {name: value for name, value in where.items() if value is not None}
        return json.dumps({"type": "error", "message": self.message, "remedy": self.remedy, **known})


@dataclass(frozen=True)
class LogWanted:
    """A log that a page wants to follow: its own name for it, the job, and the route's arguments."""

    key: str
    job: str
    arguments: Mapping[str, Any]


def parsed(message: str | bytes) -> dict[str, Any]:
    """Decode a message.

    Raises
    ------
    BadMessage
        If it isn't a JSON object, or is too large.
    """
    if len(message) > MAX_MESSAGE:
        raise BadMessage(f"The message is over {MAX_MESSAGE} bytes.", "send less in one message")
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise BadMessage("The message is not a JSON object.", "send one")
    return value


def events_wanted(message: Mapping[str, Any]) -> int | None:
    """The event after which the page wants events; None is now."""
    last = message.get("last_event_id")
    if last is None or is_natural(last):
        return last
    raise BadMessage("last_event_id is not a number of an event.", "send the last one that came, or null")


def log_wanted(message: Mapping[str, Any]) -> LogWanted:
    """The log that the page wants."""
    key, job = message.get("key"), message.get("job")
    if not is_name(key):
        raise BadMessage(f"key is not a text of 1 to {MAX_NAME} characters.", "name the log with one")
    if not is_name(job):
        raise BadMessage("job is not an id.", "send the job's id", key)
    given = {name: message[name] for name in LOG_ARGUMENTS if message.get(name) is not None}
    for name, value in given.items():
        if not (is_natural(value) if LOG_ARGUMENTS[name] is int else is_name(value)):
            raise BadMessage(
                f"{name} is not a {KINDS[LOG_ARGUMENTS[name]]}.", "correct it, or leave it out", key
            )
    if "tail" in given and "from" in given:
        raise BadMessage("Both tail and from are given.", "send one of them", key)
    return LogWanted(str(key), str(job), given)


KINDS = {int: "whole number", str: f"text of 1 to {MAX_NAME} characters"}


def is_name(value: object) -> bool:
    """Tell a text that can be a key or an id."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME


def is_natural(value: object) -> bool:
    """Tell a whole number that isn't negative."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
