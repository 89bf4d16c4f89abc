"""The store in a SQL database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from logging import getLogger
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from ..clock import wall_clock
from ..errors import StoreUnavailable
from ..model.edit import JobEdit
from ..model.job import Event, Job, JobId, Micros, SweepId
from . import queries
from .base import Committed, Count, Idempotency, JobQuery, Page, StaleJob, Store
from .counters import Counters
from .database import CommitInDoubt
from .databases import database_at
from .migrations import migrate
from .pages import Pages, is_long
from .queries import Head
from .sorted_pages import SortedPage, is_sorted
from .strands import Asked
from .writer import Work, Writer
from .writes import DAY, PROOF, Batch

logger = getLogger(__name__)

CATCH_UP_SECONDS = 1.0  # between two tries to reach a database that did not answer

P = ParamSpec("P")
T = TypeVar("T")


class SqlStore(Store):
    """Every job in a SQL database: SQLite or PostgreSQL.

    The database is given one piece of work at a time, and what a commit has changed is known here,
    and told, before the next one begins: so what is kept in memory beside the rows always fits them.

    Parameters
    ----------
    url:
        Such as ``sqlite:////home/me/.local/share/jupyter/jobsub/jobsub.db`` or
        ``postgresql://jobsub@db.example/jobsub``.
    clock:
        Tells the time of events, in microseconds.
    """

    def __init__(self, url: str, clock: Callable[[], Micros] = wall_clock) -> None:
        super().__init__()
        self._database = database_at(url)
        self._clock = clock
        self._turn = asyncio.Lock()
        self._look = asyncio.Lock()
        self._writer = Writer(self._commit)
        self._counters = Counters()
        self._head = Head(0, 0, 0)
        self._id = ""
        self._forgotten_at = 0
        self._catching_up: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        """A random name of this store, made with it."""
        return self._id

    @property
    def where(self) -> str:
        """The database, without its password."""
        return self._database.where

    async def open(self) -> None:
        """Create or migrate the schema."""
        await self._database.open()
        try:
            await self._database.run(self._prepare)
        except BaseException:
            await self._database.close()
            raise

    def _prepare(self) -> None:
        migrate(self._database)
        with self._database.transaction() as connection:
            connection.execute(PROOF)
        self._load()

    def _load(self) -> None:
        self._id, self._head = queries.newest(self._database.read)
        self._counters = queries.all_counters(self._database.read)

    async def close(self) -> None:
        """Finish what is being written and let go."""
        await self._writer.finish()
        if self._catching_up:
            self._catching_up.cancel()
        async with self._look, self._turn:
            await self._database.close()

    async def _commit(self, works: Sequence[Work[Any]]) -> list[Any]:
        async with self._turn:
            try:
                answers, batch = await self._database.run(lambda: self._transact(works))
            except CommitInDoubt:
                self._catch_up_later()
                raise
            self._head = batch.head
            self._counters.change(batch.counts)
            self._tell(batch.committed)
        return answers

    def _transact(self, works: Sequence[Work[Any]]) -> tuple[list[Any], Batch]:
        with self._database.transaction() as connection:
            if queries.newest(connection)[1] != self._head:
                self._load()  # a second process has written, against the rule
            batch = Batch(connection, self._head, self._clock)
            answers = [work(batch) for work in works]
            batch.finish(self._counters)
        return answers, batch

    def _tell(self, committed: Sequence[Committed]) -> None:
        for listener in self.listeners if committed else ():
            try:
                listener(committed)
            except Exception:
                logger.exception("a listener of the store failed")

    async def add(
        self, job: Job, *, snapshot: bytes | None = None, idempotency: Idempotency | None = None
    ) -> tuple[Job, bool]:
        """Store a new job, or answer the earlier one of the key."""
        await self._forget_daily(idempotency)
        return await self._writer.run(lambda batch: batch.add(job, snapshot, idempotency))

    async def add_sweep(
        self, jobs: Sequence[Job], *, snapshot: bytes | None = None, idempotency: Idempotency | None = None
    ) -> tuple[list[Job], bool]:
        """Store the jobs of a sweep in one commit, or answer the earlier ones of the key."""
        await self._forget_daily(idempotency)
        return await self._writer.run(lambda batch: batch.add_sweep(jobs, snapshot, idempotency))

    async def _forget_daily(self, idempotency: Idempotency | None) -> None:
        if idempotency and self._clock() - self._forgotten_at >= DAY:
            await self._writer.run(Batch.forget)
            self._forgotten_at = self._clock()

    async def save(self, changes: Sequence[tuple[Job, Job]]) -> list[Job | StaleJob]:
        """Replace each first job by its second in one commit."""
        return await self._writer.run(lambda batch: batch.save(changes))

    async def edit(self, job: Job, edit: JobEdit, message: str) -> Job:
        """Change what a person may of the specification."""
        return await self._writer.run(lambda batch: batch.edit(job, edit, message))

    async def delete(self, job: Job) -> None:
        """Remove a job with its timeline, and its snapshot if no other job has it."""
        await self._writer.run(lambda batch: batch.delete(job))

    async def _ask(
        self, query: Callable[Concatenate[Connection, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        async with self._turn:
            return await self._database.run(lambda: query(self._database.read, *arguments, **named))

    async def made(self, idempotency: Idempotency) -> Job | None:
        """Read the job that a key has made."""
        return await self._ask(queries.made, idempotency)

    async def get(self, id: JobId) -> Job | None:
        """Read one job with its tasks."""
        return await self._ask(queries.get, id)

    async def page(self, query: JobQuery) -> Page:
        """Read one page; what reads, sorts or counts many rows is read beside all else, one at a time."""
        if is_sorted(query):
            page = SortedPage.of(query, self._counters, self._id, self._clock())
            return await self._read_aside(lambda connection: page.read(connection, self._database.dialect))
        if is_long(query):
            return await self._read_aside(self._newest(query))
        async with self._turn:
            return await self._database.run(lambda: self._newest(query)(self._database.read))

    def _newest(self, query: JobQuery) -> Callable[[Connection], Page]:
        asked, last_seq = Asked.of(query, self._counters), self._head.seq
        dialect, id = self._database.dialect, self._id
        return lambda connection: Pages(connection, dialect, id).read(query, asked, last_seq)

    async def _read_aside(self, read: Callable[[Connection], Page]) -> Page:
        def aside() -> Page:
            with self._database.looking() as connection:
                return read(connection)

        async with self._look:
            return await asyncio.to_thread(aside)

    async def sweep(self, id: SweepId) -> list[Job]:
        """Read the jobs of a sweep, without their tasks, oldest first."""
        return await self._ask(queries.sweep, id)

    async def unfinished(self) -> list[Job]:
        """Read all jobs that are not final or still hold something, with tasks, oldest first."""
        return await self._ask(queries.unfinished)

    async def expired(self, now: Micros, limit: int = 1000) -> list[Job]:
        """Read final jobs whose TTL has passed and whose log was not yet removed."""
        return await self._ask(queries.expired, now, limit)

    async def next_expiry(self) -> Micros | None:
        """When the next log is due for removal."""
        return await self._ask(queries.next_expiry)

    async def snapshot(self, digest: str) -> bytes | None:
        """Read a snapshot."""
        return await self._ask(queries.snapshot, digest)

    async def timeline(self, id: JobId) -> list[Event]:
        """Read a job's events, oldest first."""
        return await self._ask(queries.timeline, id)

    async def events_after(self, id: int, limit: int = 1000) -> list[Committed]:
        """Read events after an id, oldest first, each with its job as it is now."""
        return await self._ask(queries.events_after, id, limit)

    async def last_event(self) -> int:
        """The newest event's id; 0 if there is none."""
        return self._head.event

    async def counts(self) -> list[Count]:
        """Count jobs by group, user and phase, from counters."""
        return self._counters.all()

    def _catch_up_later(self) -> None:
        """Tell listeners what is stored, once it can be read: a commit in doubt may stand."""
        if self._catching_up is None:
            self._catching_up = asyncio.get_running_loop().create_task(self._catch_up())
            self._catching_up.add_done_callback(self._caught_up)

    def _caught_up(self, task: asyncio.Task[None]) -> None:
        self._catching_up = None
        if not task.cancelled() and (error := task.exception()):
            logger.error("catching up with the store failed", exc_info=error)

    async def _catch_up(self) -> None:
        while True:
            try:
                async with self._turn:
                    self._tell(await self._database.run(self._missed))
                return
            except StoreUnavailable:
                await asyncio.sleep(CATCH_UP_SECONDS)

    def _missed(self) -> list[Committed]:
        known = self._head.event
        self._load()
        unfinished = {job.id: job for job in queries.unfinished(self._database.read)}
        events = queries.events_after(self._database.read, known, self._head.event - known)
        told = [replace(each, job=unfinished.get(each.job.id, each.job)) for each in events]
        return [*told, *(Committed(job) for job in unfinished.values())]
