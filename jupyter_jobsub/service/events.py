"""The event stream: every commit, to whoever may see the job, resumable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from ..errors import FieldError, InvalidRequest
from ..model.job import Job, JobId
from ..policy import Action, may
from ..store.base import Committed, Store
from . import render
from .http import Call, to_json
from .hub import Subscription
from .live import EVENTS_PACE
from .schemas import EventsQuery
from .waiting import tell_waiting

REPLAY = 500  # events read at a time


def sse(event: str, data: Any, id: str | int | None = None) -> bytes:
    """One server-sent event."""
    head = f"id: {id}\n" if id is not None else ""
    return f"{head}event: {event}\ndata: ".encode() + to_json(data) + b"\n\n"


async def stream_events(call: Call, last: int | None, query: EventsQuery) -> None:
    """Send what was committed after an event, then what is committed from now on.

    With progress also running jobs as they are now, and whenever that changes; and of jobs that are named,
    what they wait for.
    """
    service, person, ids = call.service, call.person, frozenset(map(JobId, query.id))

    def wants(job: Job) -> bool:
        return (not ids or job.id in ids) and service.usecases.sees(person, job)

    with (
        service.hub.admitted(person, service.config.max_streams_per_user),
        service.hub.counted(passive=query.passive),
        service.hub.subscribe(wants, EVENTS_PACE if query.progress else None) as live,
    ):
        newest = await service.store.last_event()
        call.stream("text/event-stream")
        await call.send(sse("hello", {"last": newest}))
        if last is not None:
            async for change in _missed(service.store, last, newest):
                if live.wants(change.job):
                    await call.send(_event(call, change))
        waiting = None
        if query.progress:  # whoever comes back has missed what changed meanwhile
            service.hub.live.show(live)
            waiting = asyncio.create_task(tell_waiting(service, ids, live)) if ids else None
        try:
            await _send_live(call, live, newest)
        finally:
            if waiting:
                waiting.cancel()


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
