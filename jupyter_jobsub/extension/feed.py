"""One stream of job events from the service, for every page of the same person."""

from __future__ import annotations

import json
from typing import Protocol

from ..client.errors import Unreachable
from ..client.stream import Event
from ..errors import UserError
from .streams import EventStream, merged
from .upstream import Upstream

TARGET = "/jobsub/events?progress=true"


class Follower(Protocol):
    """A page, as its feed sees it.

    ``ready`` is whether it takes more for now; when it does so again it calls `Feed.catch_up`.
    """

    position: int | None  # the last event that it has; None before it has any
    ready: bool

    def send(self, text: str) -> None:
        """Send a message."""

    def send_newest(self, job: str, text: str) -> None:
        """Send how a job is now, or when there is room what was given last."""

    def on_open(self) -> None:
        """The feed is there, for the first time or again."""

    def on_lost(self, error: Unreachable) -> None:
        """The feed is not there; it will be tried again."""

    def on_refused(self, error: UserError) -> None:
        """The service refuses the feed."""


class Feed:
    """The events that one person may see.

    The stream runs while somebody follows. One who asks for what was before, or was too slow for
    a while, lets it begin again from there; each follower is sent only what is after its position.
    """

    def __init__(self, upstream: Upstream, user: str) -> None:
        self._upstream = upstream
        self._user = user
        self._followers: list[Follower] = []
        self._stream: EventStream | None = None
        self._last: int | None = None
        self._open = False

    def join(self, follower: Follower) -> None:
        """Send the follower every event after its position, or from now on."""
        if self._stream is None:
            self._last = follower.position
            self._stream = EventStream(
                self._upstream, TARGET, self._user, self, None if self._last is None else str(self._last)
            )
        elif self._open:
            follower.on_open()
        self._followers.append(follower)
        if follower.position is None:
            follower.position = self._last
        if follower.position is not None:
            follower.send(hello(follower.position))
            self.catch_up(follower)

    def leave(self, follower: Follower) -> None:
        """Send nothing more; the last one to leave ends the stream."""
        if follower in self._followers:
            self._followers.remove(follower)
        if not self._followers:
            self.close()

    def catch_up(self, follower: Follower) -> None:
        """Begin again from the follower's position if the stream is beyond it."""
        position = follower.position
        if position is None or self._stream is None or (self._last is not None and self._last <= position):
            return
        self._last = position
        self._stream.rewind(str(position))

    def close(self) -> None:
        """End the stream."""
        if self._stream is not None:
            self._stream.close()
        self._stream, self._last, self._open = None, None, False

    async def on_event(self, event: Event) -> None:
        """Pass an event on to those who don't have it."""
        if event.name == "hello":
            self._greet(json.loads(event.data)["last"])
        elif event.name == "job" and event.id is None:
            self._show(event.data)
        elif event.name in ("job", "deleted") and event.id is not None:
            self._last = int(event.id)
            self._pass_on(self._last, merged({"type": event.name, "last_event_id": self._last}, event.data))

    def _greet(self, newest: int) -> None:
        """Learn where the stream is; a number lower than ours means that history began anew."""
        anew = self._last is not None and newest < self._last
        if self._stream is not None and (self._last is None or anew):
            self._last = newest
            self._stream.last = str(newest)
        for follower in self._followers:
            if follower.position is None or anew:
                follower.position = newest
                follower.send(hello(newest))

    def _pass_on(self, id: int, text: str) -> None:
        for follower in list(self._followers):
            if follower.ready and (follower.position is None or follower.position < id):
                follower.position = id
                follower.send(text)

    def _show(self, data: str) -> None:
        """Pass on how a job is now, where its history has no line for it."""
        job, text = json.loads(data)["job"]["id"], merged({"type": "job"}, data)
        for follower in list(self._followers):
            follower.send_newest(job, text)

    def on_open(self) -> None:
        """Tell every follower."""
        self._open = True
        for follower in list(self._followers):
            follower.on_open()

    def on_lost(self, error: Unreachable) -> None:
        """Tell every follower."""
        self._open = False
        for follower in list(self._followers):
            follower.on_lost(error)

    def on_refused(self, error: UserError) -> None:
        """Tell every follower, and forget them."""
        followers, self._followers = self._followers, []
        self.close()
        for follower in followers:
            follower.on_refused(error)


def hello(last: int) -> str:
    """The first message: events after this one follow."""
    return json.dumps({"type": "hello", "last": last})
