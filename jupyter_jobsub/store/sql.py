"""The store in a SQL database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from logging import getLogger

from sqlalchemy import Connection, make_url

from ..model.edit import JobEdit
from ..model.job import Event, Job, JobId, Micros
from . import queries, sqlite
from .base import Committed, Count, Idempotency, JobQuery, Page, StaleJob, Store
from .counters import Counters
from .migrations import migrate
from .pages import Pages
from .queries import Head
from .writer import Writer
from .writes import DAY, PROOF, Batch

logger = getLogger(__name__)


def _now() -> Micros:
    return Micros(time.time_ns() // 1000)


class SqlStore(Store):
    """Every job in a SQL database; this release speaks SQLite.

    All work is done in the event loop's thread: a read is shorter than a change of thread, and
    a commit is one write to the disk. Reads have a connection of their own and see only what
    is committed.

    Parameters
    ----------
    url:
        Such as ``sqlite:////home/me/.local/share/jupyter/jobsub/jobsub.db``.
    clock:
        Tells the time of events, in microseconds.
    """

    _write: Connection
    _read: Connection
    _pages: Pages

    def __init__(self, url: str, clock: Callable[[], Micros] = _now) -> None:
        super().__init__()
        self._url = make_url(url)
        self._clock = clock
        self._writer = Writer(self._transaction)
        self._counters = Counters()
        self._head = Head(0, 0, 0)
        self._id = ""
        self._opened = ExitStack()
        self._keys_forgotten_at = 0

    @property
    def id(self) -> str:
        """A random name of this store, made with it."""
        return self._id

    async def open(self) -> None:
        """Create or migrate the schema."""
        with self._explained(), ExitStack() as opened:
            engine = sqlite.create(self._url)
            opened.callback(engine.dispose)
            self._write = opened.enter_context(engine.connect())
            migrate(self._write, sqlite.transaction)
            with sqlite.transaction(self._write):
                self._write.execute(PROOF)
            self._read = opened.enter_context(engine.connect())
            self._load()
            self._opened = opened.pop_all()

    def _load(self) -> None:
        self._id, self._head = queries.newest(self._read)
        self._counters = queries.all_counters(self._read)
        self._pages = Pages(self._read, self._id)

    async def close(self) -> None:
        """Finish what is being written and let go."""
        self._writer.flush()
        self._opened.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        with sqlite.explained(self._url.database or ""):
            yield

    @contextmanager
    def _transaction(self) -> Iterator[Batch]:
        with self._explained(), sqlite.transaction(self._write):
            if queries.newest(self._write)[1] != self._head:
                self._load()  # a second process has written, against the rule
            batch = Batch(self._write, self._head, self._clock)
            yield batch
            batch.finish(self._counters)
        self._head = batch.head
        self._counters.change(batch.counts)
        self._tell(batch.committed)

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
        if idempotency and self._clock() - self._keys_forgotten_at >= DAY:
            await self._writer.run(Batch.forget_keys)
            self._keys_forgotten_at = self._clock()
        return await self._writer.run(lambda batch: batch.add(job, snapshot, idempotency))

    async def made(self, idempotency: Idempotency) -> Job | None:
        """Read the job that a key has made."""
        with self._explained():
            return queries.made(self._read, idempotency)

    async def save(self, changes: Sequence[tuple[Job, Job]]) -> list[Job | StaleJob]:
        """Replace each first job by its second in one commit."""
        return await self._writer.run(lambda batch: batch.save(changes))

    async def edit(self, job: Job, edit: JobEdit, message: str) -> Job:
        """Change what a person may of the specification."""
        return await self._writer.run(lambda batch: batch.edit(job, edit, message))

    async def delete(self, job: Job) -> None:
        """Remove a job with its timeline, and its snapshot if no other job has it."""
        await self._writer.run(lambda batch: batch.delete(job))

    async def get(self, id: JobId) -> Job | None:
        """Read one job with its tasks."""
        with self._explained():
            return queries.get(self._read, id)

    async def page(self, query: JobQuery) -> Page:
        """Read one page, newest first."""
        with self._explained():
            return self._pages.read(query, self._counters, self._head.seq)

    async def unfinished(self) -> list[Job]:
        """Read all jobs that are not final or still hold something, with tasks, oldest first."""
        with self._explained():
            return queries.unfinished(self._read)

    async def expired(self, now: Micros, limit: int = 1000) -> list[Job]:
        """Read final jobs whose TTL has passed and whose log was not yet removed."""
        with self._explained():
            return queries.expired(self._read, now, limit)

    async def next_expiry(self) -> Micros | None:
        """When the next log is due for removal."""
        with self._explained():
            return queries.next_expiry(self._read)

    async def snapshot(self, digest: str) -> bytes | None:
        """Read a snapshot."""
        with self._explained():
            return queries.snapshot(self._read, digest)

    async def timeline(self, id: JobId) -> list[Event]:
        """Read a job's events, oldest first."""
        with self._explained():
            return queries.timeline(self._read, id)

    async def events_after(self, id: int, limit: int = 1000) -> list[Committed]:
        """Read events after an id, oldest first, each with its job as it is now."""
        with self._explained():
            return queries.events_after(self._read, id, limit)

    async def last_event(self) -> int:
        """The newest event's id; 0 if there is none."""
        return self._head.event

    async def counts(self) -> list[Count]:
        """Count jobs by group, user and phase, from counters."""
        return self._counters.all()
