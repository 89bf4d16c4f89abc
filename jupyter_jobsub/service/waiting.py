"""What changes of a waiting job without a commit: its place, and what it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, NoReturn

from ..model.job import JobId
from .hub import Subscription

if TYPE_CHECKING:
    from .app import Service


async def tell_waiting(service: Service, ids: Collection[JobId], reader: Subscription) -> NoReturn:
    """Tell a reader those of these jobs again that wait for something else than before.

    Looks after commits, at the reader's pace: only these change it.
    """
    told = {job.id: service.dispatcher.why(job) for job in service.dispatcher.waiting(ids)}
    with service.hub.stirring() as stirred:
        while True:
            await stirred.wait()
            await asyncio.sleep(reader.pace or 0)
            stirred.clear()
            for job in service.dispatcher.waiting(ids):
                why = service.dispatcher.why(job)
                if told.get(job.id) != why and reader.wants(job):
                    told[job.id] = why
                    reader.tell(job)
