"""Server-sent events that go on after the service has been killed or restarted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager

from ..errors import UserError
from .errors import Closed, Unreachable
from .errors import lost as in_words
from .http import Connection, Response
from .transport import Scope

SILENCE = 60.0  # seconds without even a keep-alive comment: the other side is gone
PATIENCE = 300.0  # seconds of trying to get back
STABLE = 10.0  # a stream that lived this long was well: try again at once
DELAYS = (0.0, 0.2, 1.0, 2.0, 5.0)
GATEWAY = (502, 503, 504)


class Event:
    """One event: its name, its data as text, and the id that a resumed stream begins after."""

    __slots__ = ("data", "id", "name")

    def __init__(self, name: str, data: str, id: str | None) -> None:
        self.name = name
        self.data = data
        self.id = id


def parse(chunks: Iterable[bytes]) -> Iterator[Event | None]:
    """Read events out of a body; None for a comment, which says that the other side lives."""
    name, data, last = "message", [], None
    for line in _lines(chunks):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id":
            last = value
        elif not line and data:
            yield Event(name, "\n".join(data), last)
            name, data = "message", []
        elif line.startswith(":"):
            yield None


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest: list[bytes] = []
    for chunk in chunks:
        first, *more = chunk.split(b"\n")
        rest.append(first)
        for piece in more:
            yield b"".join(rest).removesuffix(b"\r").decode()
            rest = [piece]


class Stream:
    """Events of one route, across as many connections as it takes.

    Parameters
    ----------
    open:
        Makes a connection and sends the request, after the given event's id.
    on_lost:
        Told why, once, when getting back takes more than one try.
    scope:
        Ends it, with `Closed`.
    timeout:
        Seconds after which TimeoutError is raised, whatever comes.
    """

    def __init__(
        self,
        open: Callable[[str | None], AbstractContextManager[tuple[Connection, Response]]],
        on_lost: Callable[[Exception], None],
        scope: Scope,
        timeout: float | None = None,
    ) -> None:
        self._open = open
        self._on_lost = on_lost
        self._scope = scope
        self._end = None if timeout is None else time.monotonic() + timeout
        self._last: str | None = None
        self._heard = 0.0  # when the stream last said anything; 0 before the first time
        self._told = 0.0
        self._failures = 0

    def __iter__(self) -> Iterator[Event]:
        """Yield each event once, until the caller has enough."""
        while True:
            try:
                yield from self._one_connection()
                lost: Exception = ConnectionError("the stream ended")
            except (OSError, Unreachable, UserError) as error:
                lost = error
            self._recover(lost)

    def _one_connection(self) -> Iterator[Event]:
        self._check_end()
        with self._open(self._last) as (connection, response):
            began = time.monotonic()
            connection.socket.settimeout(self._silence())
            for event in parse(response.chunks):
                self._heard = time.monotonic()
                if self._failures and self._heard - began > STABLE:
                    self._failures = 0
                self._check_end()
                connection.socket.settimeout(self._silence())
                if event:
                    self._last = event.id or self._last
                    yield event

    def _recover(self, lost: Exception) -> None:
        """Wait before the next connection, or give up."""
        if self._scope.closed:
            raise Closed from lost
        self._check_end()
        now = time.monotonic()
        refused = isinstance(lost, UserError) and lost.status not in GATEWAY
        if refused or not self._heard or now - self._heard >= PATIENCE:
            raise in_words(lost) if isinstance(lost, OSError) else lost
        delay = DELAYS[min(self._failures, len(DELAYS) - 1)]
        if self._failures and self._told < self._heard:
            self._told = now
            self._on_lost(lost)
        self._failures += 1
        self._scope.sleep(delay if self._end is None else min(delay, max(0.0, self._end - now)))

    def _silence(self) -> float:
        return SILENCE if self._end is None else max(0.001, min(SILENCE, self._end - time.monotonic()))

    def _check_end(self) -> None:
        if self._end is not None and time.monotonic() >= self._end:
            raise TimeoutError("the time is over")
