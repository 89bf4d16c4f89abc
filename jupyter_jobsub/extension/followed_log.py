"""One task's log, followed for a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote, urlencode

from ..client.errors import Unreachable
from ..client.stream import Event
from ..errors import UserError
from .streams import EventStream, merged
from .upstream import Upstream


class Reader(Protocol):
    """A page, as a log sees it."""

    async def deliver(self, text: str) -> None:
        """Send a message and wait until it has gone."""

    def stream_open(self, key: str) -> None:
        """The log comes, for the first time or again."""

    def stream_lost(self, key: str, error: Unreachable) -> None:
        """The log stopped coming; it will be tried again."""

    def stream_refused(self, key: str, error: UserError) -> None:
        """The service refuses the log."""

    def log_ended(self, key: str) -> None:
        """The log is complete."""


class FollowedLog:
    """Writes a log to a page, as fast as the page takes it."""

    def __init__(self, upstream: Upstream, user: str, reader: Reader, key: str, target: str) -> None:
        self._key = key
        self._reader = reader
        self._stream = EventStream(upstream, target, user, self)

    def close(self) -> None:
        """Stop following."""
        self._stream.close()

    async def on_event(self, event: Event) -> None:
        """Pass on a piece, a new attempt, how the job is now, or the end."""
        if event.name == "end":
            ended = merged({"type": "end", "key": self._key}, f'{{"job": {event.data}}}')
            await self._reader.deliver(ended)
            self._reader.log_ended(self._key)
        elif event.name in ("log", "attempt"):
            fields = {"type": event.name, "key": self._key, "cursor": event.id}
            await self._reader.deliver(merged(fields, event.data))
        elif event.name == "job":
            await self._reader.deliver(merged({"type": "job", "key": self._key}, f'{{"job": {event.data}}}'))

    def on_open(self) -> None:
        """Tell the page."""
        self._reader.stream_open(self._key)

    def on_lost(self, error: Unreachable) -> None:
        """Tell the page."""
        self._reader.stream_lost(self._key, error)

    def on_refused(self, error: UserError) -> None:
        """Tell the page."""
        self._reader.stream_refused(self._key, error)


def log_target(job: str, arguments: Mapping[str, object]) -> str:
    """The service's route for following a log."""
    return f"/jobsub/jobs/{quote(job, safe='')}/log?{urlencode({'follow': 'true', **arguments})}"
