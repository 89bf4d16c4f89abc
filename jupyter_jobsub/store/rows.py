"""Between rows and the model: a job is read in a few microseconds, since a list reads hundreds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic_core import from_json

from ..model.edit import EDITABLE
from ..model.job import Event, Intent, Job, JobId, Phase, Reason, Task, TaskKey
from ..model.resources import Resources
from ..model.spec import JobSpec, Port, TaskRole
from .tables import events, jobs, tasks

_FOR_TAGS = range(0xE000, 0xF900)  # characters of Unicode's private use, which nobody types

SPEC_COLUMNS = (
    *("name", "group", "instance_type", "image", "priority", "preemptible"),
    *("retries", "deadline_seconds", "ttl_seconds"),
)
"""Fields of the spec with a column each; the others are JSON."""

JOB_COLUMNS = [
    *(jobs.c.seq, jobs.c.id, jobs.c.version, jobs.c.user, jobs.c.phase, jobs.c.reason, jobs.c.message),
    *(jobs.c.intent, jobs.c.intent_by, jobs.c.attempt, jobs.c.failures, jobs.c.requeues, jobs.c.not_before),
    *(jobs.c.queued_at, jobs.c.admitted_at, jobs.c.started_at, jobs.c.finished_at, jobs.c.exit_code),
    *(jobs.c.log_expired, jobs.c.kept_bytes, jobs.c.snapshot, jobs.c.rerun_of, jobs.c.sweep),
    *(jobs.c.request_cpu, jobs.c.request_memory, jobs.c.request_gpu, jobs.c.shares),
    *(jobs.c.hold_cpu, jobs.c.hold_memory, jobs.c.hold_gpu),
    *(jobs.c.spec, *(jobs.c[name] for name in SPEC_COLUMNS)),
]
"""What ``read_job`` takes, in its order."""

EVENT_COLUMNS = [
    *(events.c.id, jobs.c.id.label("job"), events.c.at, events.c.phase, events.c.reason, events.c.message),
    *(events.c.attempt, jobs.c.user, jobs.c.group),
]
"""What ``read_event`` takes, in its order."""

TASK_COLUMNS = [
    *(jobs.c.id, tasks.c.attempt, tasks.c.role, tasks.c.index, tasks.c.started_at, tasks.c.finished_at),
    *(tasks.c.exit_code, tasks.c.reason, tasks.c.message, tasks.c.host, tasks.c.note),
]
"""What ``read_task`` takes, in its order."""

_PHASES = {phase.value: phase for phase in Phase}
_REASONS = {reason.value: reason for reason in Reason}
_INTENTS = {intent.value: intent for intent in Intent}
_SPEC_DEFAULTS = {
    name: field.get_default()
    for name, field in JobSpec.model_fields.items()
    if name not in SPEC_COLUMNS and field.get_default() is None
}
_SPEC_COLLECTIONS = {
    name: type(field.get_default())
    for name, field in JobSpec.model_fields.items()
    if name not in SPEC_COLUMNS and field.get_default() is not None
}


def job_values(job: Job) -> dict[str, Any]:
    """Every column of a new row."""
    spec = job.spec
    return {
        "seq": job.seq,
        "id": job.id,
        "user": job.user,
        "queued_at": job.queued_at,
        "request_cpu": job.request.cpu,
        "request_memory": job.request.memory,
        "request_gpu": _gpu_text(job.request),
        "shares": _shares_text(job.shares) if job.shares else None,
        "rerun_of": job.rerun_of,
        "sweep": job.sweep,
        "snapshot": job.snapshot,
        "spec": spec.model_dump_json(exclude=set(SPEC_COLUMNS), exclude_defaults=True),
        **{name: getattr(spec, name) for name in SPEC_COLUMNS},
        "group": group_of(job),
        **editable_values(job),
        **changing_values(job),
    }


def editable_values(job: Job) -> dict[str, Any]:
    """The columns that a person may change after the job was added."""
    tags = tag("group", group_of(job)) + tag("user", job.user)
    search = {"search": searchable(job.spec.name or "", job.id, tags)}
    return search | {name: getattr(job.spec, name) for name in EDITABLE}


def changing_values(job: Job) -> dict[str, Any]:
    """The columns that may change after the job was added."""
    return {
        "version": job.version,
        "phase": job.phase.value,
        "reason": job.reason.value,
        "message": job.message,
        "intent": job.intent.value,
        "intent_by": job.intent_by,
        "attempt": job.attempt,
        "failures": job.failures,
        "requeues": job.requeues,
        "not_before": job.not_before,
        "admitted_at": job.admitted_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "exit_code": job.exit_code,
        "log_expired": job.log_expired,
        "kept_bytes": job.kept_bytes,
        "expires_at": _expires_at(job),
        "hold_cpu": job.hold.cpu if job.hold else None,
        "hold_memory": job.hold.memory if job.hold else None,
        "hold_gpu": _gpu_text(job.hold) if job.hold else None,
    }


def group_of(job: Job) -> str:
    """The job's queue; "" if it has none."""
    return job.spec.group or ""


def searchable(*texts: str) -> str:
    """What a text search looks into: folded, and one line each so that nothing matches across."""
    return "\n".join(texts).casefold()


@lru_cache(maxsize=10_000)
def tag(column: str, value: str) -> str:
    """Three characters for a group or user, by which an index of trigrams finds them as it does text."""
    number = int.from_bytes(hashlib.sha256(f"{column}\n{value}".encode()).digest()[:8], "big")
    first, *_, last = _FOR_TAGS
    return "".join(chr(first + number // (last - first) ** place % (last - first)) for place in range(3))


def _expires_at(job: Job) -> int | None:
    if not job.phase.final or job.log_expired or job.finished_at is None:
        return None
    return job.finished_at + job.spec.ttl_seconds * 1_000_000


def _gpu_text(resources: Resources) -> str:
    return json.dumps(dict(resources.gpu)) if resources.gpu else "{}"


def _resources(cpu: int, memory: int, gpu: str) -> Resources:
    return Resources(cpu, memory, {} if gpu == "{}" else json.loads(gpu))


def _shares_text(shares: Mapping[str, Resources]) -> str:
    return json.dumps({role: [share.cpu, share.memory, dict(share.gpu)] for role, share in shares.items()})


def _read_shares(text: str) -> dict[str, Resources]:
    return {role: Resources(*share) for role, share in json.loads(text).items()}


_SPEC_FROM = len(JOB_COLUMNS) - len(SPEC_COLUMNS)
_NAMES = [column.name for column in JOB_COLUMNS[:_SPEC_FROM]]


def read_job(row: Sequence[Any]) -> Job:
    """Make a job, without its tasks, of a row of JOB_COLUMNS."""
    values: dict[str, Any] = dict(zip(_NAMES, row, strict=False), tasks=())
    pop = values.pop
    values["spec"] = _read_spec(values["spec"], tuple(row[_SPEC_FROM:]))
    values["request"] = _resources(pop("request_cpu"), pop("request_memory"), pop("request_gpu"))
    cpu, memory, gpu = pop("hold_cpu"), pop("hold_memory"), pop("hold_gpu")
    values["hold"] = None if cpu is None else _resources(cpu, memory, gpu)
    values["shares"] = {} if values["shares"] is None else _read_shares(values["shares"])
    values["phase"] = _PHASES[values["phase"]]
    values["reason"] = _REASONS[values["reason"]]
    values["intent"] = _INTENTS[values["intent"]]
    job = object.__new__(Job)
    object.__setattr__(
        job, "__dict__", values
    )  # setting 30 frozen fields one by one takes three times as long
    return job


@lru_cache(maxsize=1000)  # nobody changes one, and lists are asked for again and again
def _read_spec(text: str, columns: tuple[Any, ...]) -> JobSpec:
    # valid when it was stored: validating it again would cost more than reading it
    values: dict[str, Any] = from_json(text)
    values.update(zip(SPEC_COLUMNS, columns, strict=True))
    values["group"] = values["group"] or None
    given = set(values)
    if "task_roles" in values:
        values["task_roles"] = [_read_role(role) for role in values["task_roles"]]
    for name, empty in _SPEC_COLLECTIONS.items():
        if name not in values:
            values[name] = empty()
    spec = JobSpec.__new__(JobSpec)
    object.__setattr__(spec, "__dict__", _SPEC_DEFAULTS | values)
    object.__setattr__(spec, "__pydantic_fields_set__", given)
    object.__setattr__(spec, "__pydantic_extra__", None)
    object.__setattr__(spec, "__pydantic_private__", None)
    return spec


def _read_role(values: dict[str, Any]) -> TaskRole:
    ports = [Port.model_construct(**port) for port in values.get("ports", ())]
    return TaskRole.model_construct(**values | {"ports": ports})


def read_event(row: Sequence[Any]) -> Event:
    """Make an event of a row of EVENT_COLUMNS."""
    id, job, at, phase, reason, message, attempt, user, group = row
    return Event(id, job, at, _PHASES[phase], _REASONS[reason], message, attempt, user, group)


def read_gone(row: Sequence[Any]) -> Job:
    """Make a job that is no longer there of what a deletion's row keeps: id, user, group and when."""
    id, user, group, at = row
    return Job(id, user, JobSpec.model_construct(group=group or None), Resources(), at)


def task_values(seq: int, task: Task) -> dict[str, Any]:
    """Every column of a task's row."""
    return {
        "job_seq": seq,
        "attempt": task.key.attempt,
        "role": task.key.role,
        "index": task.key.index,
        "started_at": task.started_at,
        "finished_at": task.finished_at,
        "exit_code": task.exit_code,
        "reason": task.reason.value if task.reason else None,
        "message": task.message,
        "host": task.host,
        "note": task.note,
    }


def read_task(row: Sequence[Any]) -> Task:
    """Make a task of a row of TASK_COLUMNS."""
    job, attempt, role, index, started_at, finished_at, exit_code, reason, *rest = row
    key = TaskKey(JobId(job), attempt, role, index)
    return Task(key, started_at, finished_at, exit_code, reason and _REASONS[reason], *rest)


def in_order(found: Iterable[Task], attempt: int) -> tuple[Task, ...]:
    """The tasks of one attempt, by role and index."""
    mine = (task for task in found if task.key.attempt == attempt)
    return tuple(sorted(mine, key=lambda task: (task.key.role, task.key.index)))
