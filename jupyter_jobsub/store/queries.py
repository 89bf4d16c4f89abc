"""Reads: one job, what is unfinished or due, the timeline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select, union_all

from ..model.job import UNFINISHED, Event, Job, JobId, Micros, SweepId, Task
from .base import Committed, Idempotency, KeyReused
from .counters import Counters, Kind, Tally
from .rows import (
    EVENT_COLUMNS,
    JOB_COLUMNS,
    TASK_COLUMNS,
    in_order,
    read_event,
    read_gone,
    read_job,
    read_task,
)
from .tables import counters, deletions, events, head, idempotency, jobs, snapshots, tasks

_UNFINISHED = jobs.c.seq.in_(
    union_all(
        select(jobs.c.seq).where(jobs.c.phase.in_(sorted(phase.value for phase in UNFINISHED))),
        select(jobs.c.seq).where(jobs.c.hold_cpu.is_not(None)),
    )
)
_BY_ID = jobs.c.id == bindparam("id")
_EVENTS = select(*EVENT_COLUMNS).join(jobs, jobs.c.seq == events.c.job_seq).order_by(events.c.id)


def _tasks_of(condition: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    newest = (tasks.c.job_seq == jobs.c.seq) & (tasks.c.attempt == jobs.c.attempt)
    return select(*TASK_COLUMNS).select_from(jobs.join(tasks, newest)).where(condition)


_GET = select(*JOB_COLUMNS).where(_BY_ID)
_GET_TASKS = _tasks_of(_BY_ID)
_FIND_KEY = (
    select(idempotency.c.digest, jobs.c.id)
    .join(jobs, jobs.c.seq == idempotency.c.job_seq)
    .where(idempotency.c.user == bindparam("user"), idempotency.c.key == bindparam("key"))
)
_SWEEP = (
    select(*JOB_COLUMNS)
    .where(jobs.c.sweep == bindparam("sweep"), jobs.c.sweep.is_not(None))
    .order_by(jobs.c.sweep, jobs.c.seq)
)
_ALL_UNFINISHED = select(*JOB_COLUMNS).where(_UNFINISHED).order_by(jobs.c.seq)
_ALL_UNFINISHED_TASKS = _tasks_of(_UNFINISHED)
_EXPIRED = (
    select(*JOB_COLUMNS)
    .where(jobs.c.expires_at <= bindparam("now"))
    .order_by(jobs.c.expires_at)
    .limit(bindparam("limit"))
)
_NEXT_EXPIRY = select(func.min(jobs.c.expires_at)).where(jobs.c.expires_at.is_not(None))
_SNAPSHOT = select(snapshots.c.content).where(snapshots.c.digest == bindparam("digest"))
_TIMELINE = _EVENTS.where(_BY_ID)
_HEAD = select(head.c.id, head.c.last_seq, head.c.last_event, head.c.last_queued_at)
_EVENTS_AFTER = (
    select(*EVENT_COLUMNS, *JOB_COLUMNS)
    .select_from(events.join(jobs, jobs.c.seq == events.c.job_seq))
    .where(events.c.id > bindparam("after"))
    .order_by(events.c.id)
    .limit(bindparam("limit"))
)

_DELETIONS_AFTER = (
    select(deletions.c.id, deletions.c.job, deletions.c.user, deletions.c.group, deletions.c.at)
    .where(deletions.c.id > bindparam("after"))
    .order_by(deletions.c.id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True)
class Head:
    """The newest numbers given."""

    seq: int
    event: int
    queued_at: int


def get(connection: Connection, id: JobId) -> Job | None:
    """Read one job with its tasks."""
    row = connection.execute(_GET, {"id": id}).first()
    if row is None:
        return None
    return _with_tasks([read_job(row)], connection.execute(_GET_TASKS, {"id": id}))[0]


def made(connection: Connection, key: Idempotency) -> Job | None:
    """Read the job that a key has made."""
    found = connection.execute(_FIND_KEY, {"user": key.user, "key": key.key}).first()
    if found is None:
        return None
    if found.digest != key.digest:
        raise KeyReused(f"the key {key.key!r} came before with another request; use a new one")
    return get(connection, found.id)


def sweep(connection: Connection, id: SweepId) -> list[Job]:
    """Read the jobs of a sweep, oldest first."""
    return [read_job(row) for row in connection.execute(_SWEEP, {"sweep": id})]


def unfinished(connection: Connection) -> list[Job]:
    """Read what is not final or still holds something, with tasks, oldest first."""
    found = [read_job(row) for row in connection.execute(_ALL_UNFINISHED)]
    return _with_tasks(found, connection.execute(_ALL_UNFINISHED_TASKS))


def _with_tasks(found: list[Job], rows: Iterable[tuple[object, ...]]) -> list[Job]:
    by_job: dict[JobId, list[Task]] = defaultdict(list)
    for row in rows:
        task = read_task(row)
        by_job[task.key.job].append(task)
    return [
        replace(job, tasks=in_order(by_job[job.id], job.attempt)) if job.id in by_job else job
        for job in found
    ]


def expired(connection: Connection, now: Micros, limit: int) -> list[Job]:
    """Read jobs whose log is due for removal, the longest due first."""
    return [read_job(row) for row in connection.execute(_EXPIRED, {"now": now, "limit": limit})]


def next_expiry(connection: Connection) -> Micros | None:
    """When the next log is due for removal."""
    at: int | None = connection.execute(_NEXT_EXPIRY).scalar()
    return None if at is None else Micros(at)


def snapshot(connection: Connection, digest: str) -> bytes | None:
    """Read a snapshot."""
    content: bytes | None = connection.execute(_SNAPSHOT, {"digest": digest}).scalar()
    return content


def timeline(connection: Connection, id: JobId) -> list[Event]:
    """Read a job's events, oldest first."""
    return [read_event(row) for row in connection.execute(_TIMELINE, {"id": id})]


def events_after(connection: Connection, after: int, limit: int) -> list[Committed]:
    """Read events after an id, each with its job as it is now, and deletions."""
    bounds = {"after": after, "limit": limit}
    width = len(EVENT_COLUMNS)
    happened = [
        Committed(read_job(row[width:]), read_event(row[:width]))
        for row in connection.execute(_EVENTS_AFTER, bounds)
    ]
    gone = [
        Committed(read_gone(row[1:]), deletion=row[0]) for row in connection.execute(_DELETIONS_AFTER, bounds)
    ]
    return sorted(happened + gone, key=lambda change: change.id or 0)[:limit]


def newest(connection: Connection) -> tuple[str, Head]:
    """The store's name and the newest numbers given."""
    id, *numbers = connection.execute(_HEAD).one()
    return id, Head(*numbers)


def all_counters(connection: Connection) -> Counters:
    """Read every counter."""
    rows = connection.execute(select(counters))
    return Counters((Kind(row.group, row.user, row.phase), Tally(row.jobs, row.bytes)) for row in rows)
