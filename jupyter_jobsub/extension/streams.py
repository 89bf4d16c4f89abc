"""Event streams of the service that go on after it was killed or restarted."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Protocol

from tornado.httputil import HTTPHeaders, ResponseStartLine

from ..client.errors import Unreachable, from_response
from ..client.stream import GATEWAY, STABLE, Event, parse
from ..errors import UserError
from .upstream import Exchange, Upstream

DELAYS = (0.0, 0.2, 1.0, 5.0, 10.0, 30.0)  # seconds; each try may start the service
MAX_REFUSAL = 65_536  # bytes of a refusal's text that are kept
END_OF_EVENT = b"\n\n"


class Reader(Protocol):
    """Takes what a stream brings."""

    async def on_event(self, event: Event) -> None:
        """Take an event; no more is read before this returns."""

    def on_open(self) -> None:
        """The stream is there, for the first time or again."""


class Listener(Reader, Protocol):
    """What an EventStream tells its owner."""

    def on_lost(self, error: Unreachable) -> None:
        """The stream is not there; it will be tried again."""

    def on_refused(self, error: UserError) -> None:
        """The service said no; this was the end."""


class Place(Protocol):
    """Where a stream is."""

    last: str | None  # the id of the newest event that came


class EventStream:
    """The events of one route, in order and each once, across the service's restarts.

    Parameters
    ----------
    upstream
        The service. A stream that is lost starts it again.
    target, user
        The route, and the value of the identity's header.
    listener
        Who is told.
    last
        The id of the event after which to begin.
    """

    def __init__(
        self, upstream: Upstream, target: str, user: str, listener: Listener, last: str | None = None
    ) -> None:
        self.last = last
        self._upstream = upstream
        self._target = target
        self._user = user
        self._listener = listener
        self._reading: Reading | None = None
        self._rewound = False
        self._closed = asyncio.Event()
        upstream.run(self._run())

    def rewind(self, last: str) -> None:
        """Begin again after an earlier event."""
        self.last = last
        self._rewound = True
        if self._reading is not None:
            self._reading.close()

    def close(self) -> None:
        """End it; nobody is told any more."""
        self._closed.set()
        if self._reading is not None:
            self._reading.close()

    async def _run(self) -> None:
        failures = 0
        while not self._closed.is_set():
            began = asyncio.get_running_loop().time()
            try:
                await self._read()
            except UserError as error:
                self._listener.on_refused(error)
                return
            except Unreachable as error:
                lived = asyncio.get_running_loop().time() - began
                failures = 0 if lived > STABLE else failures
                self._listener.on_lost(error)
                await self._pause(DELAYS[min(failures, len(DELAYS) - 1)])
                failures += 1

    async def _read(self) -> None:
        """Read one connection to its end, which is always too early."""
        self._rewound = False
        self._reading = reading = Reading(self._target, self._user, self._listener, self)
        await reading.run(self._upstream)
        if self._closed.is_set() or self._rewound:
            return
        if reading.status == 200:
            raise Unreachable("The service ended.")
        refusal = from_response(reading.status, bytes(reading.refusal))
        if reading.status in GATEWAY:
            raise Unreachable(refusal.detail, remedy=refusal.remedy)
        raise refusal

    async def _pause(self, delay: float) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._closed.wait(), delay)


class Reading(Exchange):
    """One connection of an event stream."""

    def __init__(self, target: str, user: str | None, listener: Reader, place: Place) -> None:
        headers = HTTPHeaders({"Accept": "text/event-stream"})
        if user is not None:
            headers["Jobsub-User"] = user
        if place.last is not None:
            headers["Last-Event-ID"] = place.last
        super().__init__("GET", target, headers)
        self.status = 0
        self.refusal = bytearray()
        self._listener = listener
        self._place = place
        self._rest = bytearray()

    async def begin(self, start: ResponseStartLine, headers: HTTPHeaders) -> None:
        """Tell that the stream is there."""
        self.status = start.code
        if self.status == 200:
            self._listener.on_open()

    async def receive(self, chunk: bytes) -> None:
        """Pass on every event that is whole."""
        if self.status != 200:
            self.refusal += chunk[: MAX_REFUSAL - len(self.refusal)]
            return
        self._rest += chunk
        end = self._rest.rfind(END_OF_EVENT) + len(END_OF_EVENT)
        if end < len(END_OF_EVENT):
            return
        whole, self._rest = bytes(self._rest[:end]), self._rest[end:]
        for event in parse([whole]):
            if event is not None and not self.closed:
                self._place.last = event.id or self._place.last
                await self._listener.on_event(event)


def merged(fields: Mapping[str, object], data: str) -> str:
    """A JSON object of the fields and of what another one, as text, holds."""
    head, rest = json.dumps(fields)[:-1], data.strip()[1:]
    return head + rest if rest.lstrip().startswith("}") else f"{head}, {rest}"
