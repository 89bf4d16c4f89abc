"""Removes what is kept of jobs when their time is over; they stay listed and say so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from ..archive import Archive
from ..engines.base import Engine
from ..errors import EngineError
from ..model.job import Job, Micros
from ..scheduling.lifecycle import SECOND
from ..store.base import Store
from .timers import Timers

log = logging.getLogger(__name__)

LONGEST_SLEEP = 3600.0  # seconds: what came due while the machine slept is noticed within the hour
RETRY = 600.0  # seconds until what could not be removed is tried again


class Expiry:
    """Watches for the next job that is due."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        archive: Archive,
        clock: Callable[[], Micros],
        timers: Timers,
    ) -> None:
        self._store = store
        self._engine = engine
        self._archive = archive
        self._clock = clock
        self._timers = timers
        self._due: Micros | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Begin; what is due may take a while to remove, and nobody waits for it."""
        self._begin()

    async def close(self) -> None:
        """Stop; what is left is found again at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _remove_due(self) -> None:
        """Remove what is due and wait for the next."""
        while jobs := await self._store.expired(self._clock()):
            if not any([await self._expire(job) for job in jobs]):
                self._due = Micros(self._clock() + round(RETRY * SECOND))
                break
        else:
            self._due = None  # a job may end while the store is asked
            due = await self._store.next_expiry()
            self._due = min((each for each in (due, self._due) if each is not None), default=None)
        self._wait()

    def ended(self, job: Job) -> None:
        """Take note of a job that has ended."""
        due = Micros((job.finished_at or 0) + job.spec.ttl_seconds * SECOND)
        if self._due is None or due < self._due:
            self._due = due
            self._wait()

    async def _expire(self, job: Job) -> bool:
        """Remove what is kept, then say so; what can't be removed is not said to be, and tried again."""
        try:
            await self._engine.purge(job.id)
            await self._archive.remove(job.id)
        except (EngineError, OSError) as error:
            log.error("what is kept of %s can't be removed: %s", job.id, error)
            return False
        await self._store.save([(job, replace(job, log_expired=True, kept_bytes=0))])
        return True

    def _wait(self) -> None:
        if self._due is None:
            return
        pause = max(0.0, (self._due - self._clock()) / SECOND)
        self._timers.set("expiry", min(pause, LONGEST_SLEEP), self._begin)

    def _begin(self) -> None:
        task = asyncio.create_task(self._again(), name="expiry")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _again(self) -> None:
        try:
            await self._remove_due()
        except Exception:
            log.exception("removing what has expired failed; trying again in %g s", RETRY)
            self._timers.set("expiry", RETRY, self._begin)
