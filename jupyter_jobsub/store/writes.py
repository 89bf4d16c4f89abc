"""What one transaction writes: new jobs, changes, deletions, and the numbers that go with them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from ..model.edit import JobEdit, edited
from ..model.job import Event, Job, Micros, Reason, SweepId, Task, UserName
from . import queries, tables
from .base import Committed, Idempotency, StaleJob
from .counters import Counters, Kind, Tally
from .queries import Head
from .rows import changing_values, editable_values, group_of, in_order, job_values, task_values
from .tables import counters, deletions, head, idempotency, jobs, snapshots, tasks

DAY = 24 * 3600 * 1_000_000
KEYS_LAST = 7 * DAY
"""How long an idempotency key is remembered after its job was queued."""
DELETIONS_LAST = 7 * DAY
"""How long a deletion is told to readers who were away."""

_ADD_JOB = insert(jobs)
_ADD_EVENT = insert(tables.events)
_ADD_TASKS = insert(tasks)
_REMOVE_TASKS = delete(tasks).where(
    tasks.c.job_seq == bindparam("job_seq"),
    tasks.c.attempt == bindparam("attempt"),
    tasks.c.role == bindparam("role"),
    tasks.c.index == bindparam("index"),
)
_CHANGE_JOB = update(jobs).where(
    jobs.c.seq == bindparam("its_seq"), jobs.c.version == bindparam("its_version")
)
_REMOVE_JOB = delete(jobs).where(
    jobs.c.seq == bindparam("its_seq"), jobs.c.version == bindparam("its_version")
)
_ADD_SNAPSHOT = insert(snapshots)
_HAS_SNAPSHOT = select(snapshots.c.digest).where(snapshots.c.digest == bindparam("digest"))
_REMOVE_UNUSED_SNAPSHOT = delete(snapshots).where(
    snapshots.c.digest == bindparam("digest"), ~exists().where(jobs.c.snapshot == bindparam("digest"))
)
_ADD_DELETION = insert(deletions)
_FORGET_DELETIONS = delete(deletions).where(deletions.c.at < bindparam("before"))
_ADD_KEY = insert(idempotency)
_FORGET_KEYS = delete(idempotency).where(
    idempotency.c.job_seq
    <= select(jobs.c.seq)
    .where(jobs.c.queued_at < bindparam("before"))
    .order_by(jobs.c.queued_at.desc())
    .limit(1)
    .scalar_subquery()
)
_PASS_KEY_ON = (
    update(idempotency).where(idempotency.c.job_seq == bindparam("its_seq")).values(job_seq=bindparam("heir"))
)
_REMOVE_COUNTERS = delete(counters).where(
    counters.c.group == bindparam("group"),
    counters.c.user == bindparam("user"),
    counters.c.phase == bindparam("phase"),
)
_ADD_COUNTERS = insert(counters)
_CHANGE_HEAD = update(head)
PROOF = update(head).values(last_seq=head.c.last_seq)
"""A write that changes nothing, and fails where nothing can be written."""


@dataclass
class Batch:
    """One transaction's writes, not yet committed."""

    connection: Connection
    was: Head
    clock: Callable[[], Micros]
    committed: list[Committed] = field(default_factory=list)
    counts: dict[Kind, Tally] = field(default_factory=lambda: defaultdict(Tally))

    def __post_init__(self) -> None:
        self.head = self.was

    def add(self, job: Job, snapshot: bytes | None, key: Idempotency | None) -> tuple[Job, bool]:
        """Write a new job, or find the earlier one of its key."""
        if key and (earlier := queries.made(self.connection, key)):
            return earlier, False
        (job,) = self.insert([replace(job, snapshot=self._keep(job, snapshot), version=1)])
        if key:
            self._remember(key, job)
        return job, True

    def add_sweep(
        self, new: Sequence[Job], snapshot: bytes | None, key: Idempotency | None
    ) -> tuple[list[Job], bool]:
        """Write the jobs of a sweep, or find those of its key."""
        if key and (earlier := queries.made(self.connection, key)):
            return queries.sweep(self.connection, earlier.sweep) if earlier.sweep else [earlier], False
        kept = self._keep(new[0], snapshot)
        jobs = self.insert([replace(job, snapshot=kept, version=1) for job in new])
        if key:
            self._remember(key, jobs[0])
        return jobs, True

    def insert(self, new: Sequence[Job]) -> list[Job]:
        """Number jobs in order of arrival and write them, each with its tasks and first event."""
        numbered = [self._numbered(job) for job in new]
        events = [self._new_event(job, job.queued_at) for job in numbered]
        self.connection.execute(_ADD_JOB, [job_values(job) for job in numbered])
        self._write_tasks([(job, task) for job in numbered for task in job.tasks])
        self._write_events(zip(numbered, events, strict=True))
        for job, event in zip(numbered, events, strict=True):
            self._count(job, 1)
            self._committed(job, event)
        return numbered

    def _remember(self, key: Idempotency, job: Job) -> None:
        values = {"user": key.user, "key": key.key, "digest": key.digest, "job_seq": job.seq}
        self.connection.execute(_ADD_KEY, values)

    def _numbered(self, job: Job) -> Job:
        queued_at = Micros(max(job.queued_at, self.head.queued_at + 1))
        self.head = replace(self.head, seq=self.head.seq + 1, queued_at=queued_at)
        return replace(job, seq=self.head.seq, queued_at=queued_at, tasks=in_order(job.tasks, job.attempt))

    def _keep(self, job: Job, content: bytes | None) -> str | None:
        digest = job.snapshot if content is None else hashlib.sha256(content).hexdigest()
        if digest is None or self.connection.execute(_HAS_SNAPSHOT, {"digest": digest}).first():
            return digest
        if content is None:
            raise StaleJob(f"the snapshot {digest} has been removed with the last job that had it")
        self.connection.execute(_ADD_SNAPSHOT, {"digest": digest, "content": content})
        return digest

    def save(self, changes: Sequence[tuple[Job, Job]]) -> list[Job | StaleJob]:
        """Write each second job over its first, where that is still the stored one."""
        return [self._save(old, new) for old, new in changes]

    def _save(self, old: Job, new: Job) -> Job | StaleJob:
        new = replace(
            new,
            **{name: getattr(old, name) for name in ("id", "user", "spec", "request", "seq", "queued_at")},
            shares=old.shares,
            snapshot=old.snapshot,
            rerun_of=old.rerun_of,
            sweep=old.sweep,
            version=old.version + 1,
            tasks=in_order(new.tasks, new.attempt),
        )
        values = {"its_seq": old.seq, "its_version": old.version, **changing_values(new)}
        if not self.connection.execute(_CHANGE_JOB, values).rowcount:
            return StaleJob(f"{old.id} has changed since version {old.version}")
        self._write_tasks([(new, task) for task in set(new.tasks) - set(old.tasks)])
        self._committed(new, self._event_between(old, new))
        return new

    def _event_between(self, old: Job, new: Job) -> Event | None:
        if (old.phase, old.kept_bytes) != (new.phase, new.kept_bytes):
            self._count(old, -1)
            self._count(new, 1)
        if _shown(old) == _shown(new):
            return None
        return self._event(new, Micros(max(self.clock(), new.queued_at)))

    def edit(self, old: Job, edit: JobEdit, message: str) -> Job:
        """Write a person's changes of what was asked for, and tell them in the timeline."""
        new = replace(old, spec=edited(old.spec, edit), version=old.version + 1)
        values = {"its_seq": old.seq, "its_version": old.version, "version": new.version}
        if not self.connection.execute(_CHANGE_JOB, values | editable_values(new)).rowcount:
            raise StaleJob(f"{old.id} has changed since version {old.version}")
        told = replace(new, reason=Reason.EDITED, message=message)
        self._committed(new, self._event(told, Micros(max(self.clock(), new.queued_at))))
        return new

    def delete(self, job: Job) -> None:
        """Remove a job and all that only it has."""
        values = {"its_seq": job.seq, "its_version": job.version}
        if job.sweep:
            self._pass_key_on(job, job.sweep)
        if not self.connection.execute(_REMOVE_JOB, values).rowcount:
            raise StaleJob(f"{job.id} has changed since version {job.version}")
        if job.snapshot:
            self.connection.execute(_REMOVE_UNUSED_SNAPSHOT, {"digest": job.snapshot})
        self._count(job, -1)
        self.head = replace(self.head, event=self.head.event + 1)
        gone = {"job": job.id, "user": job.user, "group": group_of(job), "at": self.clock()}
        self.connection.execute(_ADD_DELETION, {"id": self.head.event, **gone})
        self.committed.append(Committed(job, deletion=self.head.event))

    def _pass_key_on(self, job: Job, sweep: SweepId) -> None:
        """Let another of its sweep have its key: as long as one is there, the sweep is not made again."""
        others = (other.seq for other in queries.sweep(self.connection, sweep) if other.seq != job.seq)
        if (heir := next(others, None)) is not None:
            self.connection.execute(_PASS_KEY_ON, {"its_seq": job.seq, "heir": heir})

    def forget(self) -> None:
        """Remove idempotency keys and deletions that are too old."""
        self.connection.execute(_FORGET_KEYS, {"before": self.clock() - KEYS_LAST})
        self.connection.execute(_FORGET_DELETIONS, {"before": self.clock() - DELETIONS_LAST})

    def finish(self, stored: Counters) -> None:
        """Write what goes with all of it: counters and the newest numbers."""
        if changed := stored.after(self.counts):
            rows = [
                {"group": kind.group, "user": kind.user, "phase": kind.phase, **tally._asdict()}
                for kind, tally in changed.items()
            ]
            self.connection.execute(_REMOVE_COUNTERS, rows)
            if rows := [row for row in rows if row["jobs"]]:
                self.connection.execute(_ADD_COUNTERS, rows)
        if self.head != self.was:
            self._write_head()

    def _write_head(self) -> None:
        self.connection.execute(
            _CHANGE_HEAD,
            {
                "last_seq": self.head.seq,
                "last_event": self.head.event,
                "last_queued_at": self.head.queued_at,
            },
        )

    def _write_tasks(self, changed: Sequence[tuple[Job, Task]]) -> None:
        if rows := [task_values(job.seq, task) for job, task in changed]:
            self.connection.execute(_REMOVE_TASKS, rows)
            self.connection.execute(_ADD_TASKS, rows)

    def _event(self, job: Job, at: Micros) -> Event:
        event = self._new_event(job, at)
        self._write_events([(job, event)])
        return event

    def _new_event(self, job: Job, at: Micros) -> Event:
        self.head = replace(self.head, event=self.head.event + 1)
        return Event(
            *(self.head.event, job.id, at, job.phase, job.reason, job.message, job.attempt),
            user=job.user,
            group=group_of(job),
        )

    def _write_events(self, events: Iterable[tuple[Job, Event]]) -> None:
        rows = [
            {
                "id": event.id,
                "job_seq": job.seq,
                "at": event.at,
                "phase": event.phase.value,
                "reason": event.reason.value,
                "attempt": event.attempt,
                "message": event.message,
            }
            for job, event in events
        ]
        self.connection.execute(_ADD_EVENT, rows)

    def _committed(self, job: Job, event: Event | None) -> None:
        self.committed.append(Committed(job, event))

    def _count(self, job: Job, sign: int) -> None:
        kind = Kind(group_of(job), UserName(job.user), job.phase.value)
        self.counts[kind] = self.counts[kind].plus(Tally(sign, sign * (job.kept_bytes or 0)))


def _shown(job: Job) -> tuple[object, ...]:
    return job.phase, job.reason, job.message, job.attempt
