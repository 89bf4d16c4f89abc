"""The contract of a store: every job, its timeline and its snapshots, durable.

One process writes. Semantics that tests/store/contract.py proves for each implementation:

- A coroutine that writes returns after the commit is on disk, or raises and has changed
  nothing. Writes that are waiting at the same moment may share one commit; one that fails
  does not take the others with it.
- ``add`` numbers jobs in order of arrival: ``seq`` goes up by one, ``queued_at`` is never
  before that of an earlier job (a clock stepped back gives the newest time plus 1 µs), so that
  every list and every queue has one order.
- ``save`` is guarded by the row's version: whoever read an older one gets StaleJob. A change
  of phase, reason, message or attempt adds one event to the timeline in the same commit.
- What was asked for never changes: id, user, spec, request, snapshot, rerun_of, sweep, seq and
  queued_at stay as they were added, whatever ``save`` is given; ``edit`` alone changes those
  fields of the spec that a person may. Tasks are added and replaced,
  never removed; those of earlier attempts are kept and not read.
- Event ids go up with every commit and never come back; listeners are called after the commit,
  in that order, in the event loop, with what was committed, before the writer goes on. One that
  raises is logged and harms nobody.
- A page of the newest, and each that its cursor leads to, costs the same however many jobs there are;
  counts come from counters. Any other order, and an ``offset``, costs a sort of what matches, or a walk
  over the entries before it: some 0.1 µs a job by arrival, 1 µs otherwise, in a thread and on a
  connection of its own, one at a time, while all else goes on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ..errors import JobsubError
from ..model.edit import JobEdit
from ..model.job import Event, Job, JobId, Micros, Phase, SweepId, UserName
from .orders import NEWEST_FIRST, Order


class StaleJob(JobsubError):
    """The row has changed since it was read, or is gone: read it again and decide anew."""


class KeyReused(JobsubError):
    """The idempotency key came before with another body."""


@dataclass(frozen=True)
class Idempotency:
    """A submitter's key for one submit, and the digest of what it asked for."""

    user: UserName
    key: str
    digest: str


@dataclass(frozen=True)
class Visible:
    """What a person may see: own jobs, and those of these groups (None: of every group)."""

    user: UserName
    groups: frozenset[str] | None


@dataclass(frozen=True)
class JobQuery:
    """Filters of a list; all that are given must hold.

    Parameters
    ----------
    visible:
        The reader's horizon; None is everything.
    groups, phases:
        Any of these; empty is all.
    text:
        Taken literally, anywhere in name or id, upper and lower case alike.
    since, until:
        Bounds of ``queued_at``: from, inclusive, and up to, exclusive.
    order:
        Jobs that are equal in it come newest first, those without a value last.
    cursor:
        ``Page.next`` of the page before, in the same order. By arrival it names a job, and no other
        job disturbs it; in other orders it counts, and jobs that move may come twice or never.
    offset:
        How many to leave out, instead of a cursor. Whoever gives one, be it 0, is told the total.
    """

    visible: Visible | None = None
    groups: frozenset[str] = frozenset()
    user: UserName | None = None
    phases: frozenset[Phase] = frozenset()
    sweep: SweepId | None = None
    text: str | None = None
    since: Micros | None = None
    until: Micros | None = None
    order: Order = NEWEST_FIRST
    cursor: str | None = None
    offset: int | None = None
    limit: int = 100


@dataclass(frozen=True)
class Page:
    """Jobs without their tasks; ``next`` is None on the last page.

    ``total`` is how many match; None, newest first and without an offset, where the counters don't tell.
    """

    items: Sequence[Job]
    next: str | None
    total: int | None


@dataclass(frozen=True)
class Count:
    """How many jobs of one user in one group stand in one phase, and the bytes that are kept of them."""

    group: str
    user: UserName
    phase: Phase
    jobs: int
    bytes: int = 0


@dataclass(frozen=True)
class Committed:
    """What a commit changed: the job as it is now, and the event it caused, if any.

    ``deletion`` is the number of the event after which the job is no longer there. A listener gets
    jobs with their tasks; ``events_after`` reads them without, and of one that is gone its id, user
    and group.
    """

    job: Job
    event: Event | None = None
    deletion: int | None = None

    @property
    def deleted(self) -> bool:
        """The job is gone."""
        return self.deletion is not None

    @property
    def id(self) -> int | None:
        """The number of the event, or of the deletion; None where the timeline has no line for it."""
        return self.event.id if self.event else self.deletion


Listener: TypeAlias = Callable[[Sequence[Committed]], None]


@dataclass
class Store(ABC):
    """Every job, durable; the module's docstring is the contract."""

    listeners: list[Listener] = field(default_factory=list, init=False)

    @property
    @abstractmethod
    def id(self) -> str:
        """A random name of this store, made with it."""

    @abstractmethod
    async def open(self) -> None:
        """Create or migrate the schema.

        Raises
        ------
        StoreError
            If it is corrupt, read-only, in use or newer than this release; with what to do.
        """

    @abstractmethod
    async def close(self) -> None:
        """Finish what is being written and let go."""

    @abstractmethod
    async def add(
        self, job: Job, *, snapshot: bytes | None = None, idempotency: Idempotency | None = None
    ) -> tuple[Job, bool]:
        """Store a new job; answer it as stored, and True, or an earlier one of the key, and False.

        Sets ``seq``, ``version`` and ``queued_at``; keeps the snapshot's bytes once under their
        SHA-256, which becomes ``job.snapshot``. Without bytes, ``job.snapshot`` names a stored
        one. A key is remembered for some days.

        Raises
        ------
        KeyReused
            If the key came with another digest.
        StaleJob
            If ``job.snapshot`` has been removed meanwhile.
        """

    @abstractmethod
    async def add_sweep(
        self, jobs: Sequence[Job], *, snapshot: bytes | None = None, idempotency: Idempotency | None = None
    ) -> tuple[list[Job], bool]:
        """Store the jobs of a sweep as `add` does each, all in one commit, with one snapshot and key.

        Answers them as stored, and True; or what is there of the key's earlier sweep, and False.

        Raises
        ------
        KeyReused
            If the key came with another digest.
        """

    @abstractmethod
    async def made(self, idempotency: Idempotency) -> Job | None:
        """Read the job that a key has made, the first of a sweep; None if it is new.

        Raises
        ------
        KeyReused
            If the key came with another digest.
        """

    @abstractmethod
    async def save(self, changes: Sequence[tuple[Job, Job]]) -> list[Job | StaleJob]:
        """Replace each first job by its second in one commit; answer what is stored, in order."""

    @abstractmethod
    async def edit(self, job: Job, edit: JobEdit, message: str) -> Job:
        """Change what a person may of the specification; the message goes to the timeline.

        Raises
        ------
        StaleJob
            If the job has changed since.
        """

    @abstractmethod
    async def delete(self, job: Job) -> None:
        """Remove a job with its timeline, and its snapshot if no other job has it.

        Raises
        ------
        StaleJob
            If it has changed since.
        """

    @abstractmethod
    async def get(self, id: JobId) -> Job | None:
        """Read one job with its tasks."""

    @abstractmethod
    async def page(self, query: JobQuery) -> Page:
        """Read one page.

        Raises
        ------
        ValueError
            If the cursor is not one of this store's, and of this order.
        """

    @abstractmethod
    async def sweep(self, id: SweepId) -> list[Job]:
        """Read the jobs of a sweep, without their tasks, oldest first."""

    @abstractmethod
    async def unfinished(self) -> list[Job]:
        """Read all jobs that are not final or still hold something, with tasks, oldest first."""

    @abstractmethod
    async def expired(self, now: Micros, limit: int = 1000) -> list[Job]:
        """Read final jobs whose TTL has passed and whose log was not yet removed, longest due first."""

    @abstractmethod
    async def next_expiry(self) -> Micros | None:
        """When the next log is due for removal."""

    @abstractmethod
    async def snapshot(self, digest: str) -> bytes | None:
        """Read a snapshot."""

    @abstractmethod
    async def timeline(self, id: JobId) -> list[Event]:
        """Read a job's events, oldest first."""

    @abstractmethod
    async def events_after(self, id: int, limit: int = 1000) -> list[Committed]:
        """Read events and deletions after an id, oldest first, each with its job as it is now."""

    @abstractmethod
    async def last_event(self) -> int:
        """The newest event's id; 0 if there is none."""

    @abstractmethod
    async def counts(self) -> list[Count]:
        """Count jobs, and bytes kept of them, by group, user and phase, from counters."""
