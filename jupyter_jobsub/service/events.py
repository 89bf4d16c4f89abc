"""The event stream: every commit, to whoever may see the job, resumable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import FieldError, InvalidRequest, UserError
from ..policy import Action, Person, may
from ..store.base import Committed, Store
from . import render
from .http import Call, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

KEEP_ALIVE = 15.0  # seconds
BACKLOG = 2000  # commits; a reader that is further behind is cut off and resumes
REPLAY = 500  # events read at a time


class TooManyStreams(UserError):
    """One person has too many event streams open."""

    status = 429
    title = "Too many streams"


class Subscription:
    """Commits that a reader has not had yet."""

    def __init__(self, wants: Callable[[Committed], bool]) -> None:
        self.wants = wants
        self.queue: asyncio.Queue[Committed | None] = asyncio.Queue()

    def put(self, change: Committed) -> None:
        """Take a commit; None in the queue ends a reader that is too slow."""
        if self.queue.qsize() < BACKLOG:
            self.queue.put_nowait(change)
        elif self.queue.qsize() == BACKLOG:
            self.queue.put_nowait(None)

    async def next(self, timeout: float = KEEP_ALIVE) -> Committed | None:
        """The next commit.

        Raises
        ------
        asyncio.TimeoutError
            If there is none for a while.
        """
        if not self.queue.empty():
            return self.queue.get_nowait()
        return await asyncio.wait_for(self.queue.get(), timeout)


class Hub:
    """Spreads commits to subscriptions."""

    def __init__(self, store: Store) -> None:
        self._subscriptions: set[Subscription] = set()
        self._by_person: dict[str, int] = {}
        self.passive = 0  # readers that don't need the service
        self.changed: Callable[[], None] = lambda: None  # is told when that number changes
        store.listeners.append(self._spread)

    def __len__(self) -> int:
        return len(self._subscriptions)

    @contextmanager
    def subscribe(self, wants: Callable[[Committed], bool]) -> Iterator[Subscription]:
        """Collect commits from now on."""
        subscription = Subscription(wants)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    @contextmanager
    def admitted(self, person: Person, limit: int) -> Iterator[None]:
        """Count a person's stream while it is open.

        Raises
        ------
        TooManyStreams
            Over the limit.
        """
        count = self._by_person.get(person.name, 0)
        if count >= limit:
            raise TooManyStreams(f"you have {limit} streams open", remedy="close some, or share one")
        self._by_person[person.name] = count + 1
        try:
            yield
        finally:
            self._by_person[person.name] -= 1

    @contextmanager
    def counted(self, *, passive: bool) -> Iterator[None]:
        """Count a passive reader while it is there."""
        self.passive += passive
        self.changed()
        try:
            yield
        finally:
            self.passive -= passive
            self.changed()

    def close(self) -> None:
        """End every reader."""
        for subscription in self._subscriptions:
            subscription.queue.put_nowait(None)

    def _spread(self, changes: Sequence[Committed]) -> None:
        for subscription in self._subscriptions:
            for change in changes:
                if subscription.wants(change):
                    subscription.put(change)


def sse(event: str, data: Any, id: str | int | None = None) -> bytes:
    """One server-sent event."""
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {event}\ndata: ".encode() + to_json(data) + b"\n\n"


async def stream_events(call: Call, last: int | None, *, passive: bool) -> None:
    """Send what was committed after an event, then what is committed from now on."""
    service, person = call.service, call.person
    with (
        service.hub.admitted(person, service.config.max_streams_per_user),
        service.hub.counted(passive=passive),
        service.hub.subscribe(lambda c: service.usecases.sees(person, c.job)) as live,
    ):
        newest = await service.store.last_event()
        call.stream("text/event-stream")
        await call.send(sse("hello", {"last": newest}))
        if last is not None:
            async for change in _missed(service.store, last, newest):
                if live.wants(change):
                    await call.send(_event(call, change))
        await _send_live(call, live, newest)


async def _missed(store: Store, last: int, newest: int) -> AsyncIterator[Committed]:
    while last < newest:
        changes = await store.events_after(last, REPLAY)
        for change in changes:
            if change.id is not None and change.id <= newest:
                yield change
        last = (changes[-1].id if changes else None) or newest


async def _send_live(call: Call, live: Subscription, newest: int) -> None:
    while True:
        try:
            change = await live.next()
        except asyncio.TimeoutError:
            await call.send(b": keep-alive\n\n")
            continue
        if change is None:
            return
        if change.id is None or change.id > newest:
            await call.send(_event(call, change))


def _event(call: Call, change: Committed) -> bytes:
    if change.deleted:
        return sse("deleted", {"id": change.job.id}, change.id)
    happened = change.event
    read = may(call.person, Action.READ, change.job, call.service.settings)
    data = {
        "event": render.event(happened, read=read) if happened else None,
        "job": call.service.row(change.job, call.person),
    }
    return sse("job", data, happened.id if happened else None)


def last_event_id(call: Call) -> int | None:
    """Where a reader wants to go on, from its header."""
    text = call.headers.get("Last-Event-ID", "")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise InvalidRequest(
            [FieldError("Last-Event-ID", f"{text!r} is not an event's id", "send back an id of this stream")]
        )
    return int(text)
