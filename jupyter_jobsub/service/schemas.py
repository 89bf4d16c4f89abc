"""What the API takes and answers, as types: checked by mypy, published by OpenAPI."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue
from typing_extensions import NotRequired, TypedDict

from ..model.job import JOB_ID, Intent, Phase, Reason
from ..model.spec import JobSpec
from ..policy import CHANGES


def values(names: Iterable[enum.Enum]) -> dict[str, JsonValue]:
    """What a text may be, in a JSON schema."""
    return {"enum": [each.value for each in names]}


Time = Annotated[
    str,
    Field(
        description="RFC 3339, UTC, to the microsecond.",
        json_schema_extra={"format": "date-time", "examples": ["2026-01-31T08:15:30.123456Z"]},
    ),
]
PhaseName = Annotated[str, Field(json_schema_extra=values(Phase))]
ReasonName = Annotated[str, Field(json_schema_extra=values(Reason))]
IntentName = Annotated[str, Field(json_schema_extra=values(Intent))]
ActionName = Annotated[str, Field(json_schema_extra=values(CHANGES))]


class Amounts(TypedDict):
    """Milli-CPU, bytes, devices by type."""

    cpu: int
    memory: int
    gpu: dict[str, int]


class Progress(TypedDict):
    """How far a job says it is."""

    fraction: Annotated[float, Field(ge=0, le=1)]
    text: str
    eta_seconds: Annotated[
        int | None,
        Field(ge=0, description="Until its end, if it stays as fast; null where nobody knows."),
    ]


class GpuUsage(TypedDict):
    """One GPU that a job was given; null is what the driver doesn't tell."""

    uuid: str
    name: str
    utilization: Annotated[float | None, Field(ge=0, le=1, description="The part of the time it was busy.")]
    memory: Annotated[int | None, Field(description="Bytes.")]
    memory_total: int


class CurrentUsage(TypedDict):
    """What the tasks of a running job use, in all: the newest sample."""

    at: Time | None
    cpu: Annotated[int | None, Field(description="Millicores.")]
    memory: Annotated[int | None, Field(description="Resident bytes.")]
    gpus: list[GpuUsage]


class JobRow(TypedDict):
    """A job."""

    id: str
    name: str | None
    user: str
    group: str | None
    phase: PhaseName
    reason: ReasonName
    message: str
    position: Annotated[int | None, Field(ge=1, description="Place in its group's queue, while Pending.")]
    kind: Literal["command", "script", "notebook"]
    instance_type: str | None
    image: str | None
    request: Amounts
    priority: int
    preemptible: bool
    retries: int
    deadline_seconds: int
    ttl_seconds: int
    attempt: Annotated[int, Field(ge=0, description="0 before the first.")]
    failures: int
    queued_at: Time | None
    admitted_at: Time | None
    started_at: Time | None
    finished_at: Time | None
    duration_seconds: float | None
    exit_code: int | None
    progress: Progress | None
    usage: Annotated[
        CurrentUsage | None, Field(description="While it runs, from the first sample on, for who may read.")
    ]
    log_expired: bool
    kept_bytes: Annotated[
        int | None, Field(description="Of its log, metrics and artifacts, once it has ended.")
    ]
    rerun_of: str | None
    sweep: Annotated[str | None, Field(description="The parameter sweep that made it.")]
    parameters: Annotated[dict[str, JsonValue], Field(description="Values by name, for those who may read.")]
    intent: IntentName
    version: Annotated[int, Field(description="Grows with every change.")]
    allowed: Annotated[list[ActionName], Field(description="What you may do to it now.")]


class TaskRow(TypedDict):
    """A task of the newest attempt."""

    role: str
    index: int
    attempt: int
    started_at: Time | None
    finished_at: Time | None
    exit_code: int | None
    reason: ReasonName | None
    message: str
    host: str
    note: Annotated[str, Field(description="What of it was lost, or that it may still run, if anything.")]
    ports: dict[str, list[int]]


class JobDetail(JobRow):
    """A job with its tasks and what it runs."""

    tasks: list[TaskRow]
    command: str
    working_dir: str | None
    snapshot: str | None
    output: str | None


class SweepMade(TypedDict):
    """A parameter sweep; its jobs in the order of the grid."""

    id: str
    items: list[JobRow]


class JobPage(TypedDict):
    """Jobs in the order that was asked for."""

    items: list[JobRow]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last.")]
    total: Annotated[
        int | None,
        Field(
            ge=0,
            description="How many jobs match. Null for the newest first of a text, time or sweep, unless "
            "`offset` is given, be it 0: then they are counted.",
        ),
    ]


class TimelineEntry(TypedDict):
    """Something that happened to a job."""

    id: int
    at: Time
    phase: PhaseName
    reason: ReasonName
    message: str
    attempt: int


class Timeline(TypedDict):
    """Oldest first."""

    items: list[TimelineEntry]


class Wrong(TypedDict):
    """One wrong field."""

    field: str
    message: str
    remedy: str


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    remedy: NotRequired[str]
    errors: NotRequired[list[Wrong]]


class ShownSpec(JobSpec):
    """A specification as it was submitted; to other people the values of its variables are null."""

    env: dict[str, str | None] = Field({})  # type: ignore[assignment]


class EventsQuery(BaseModel, extra="forbid"):
    """How to follow."""

    passive: bool = Field(
        False, description="Don't count as somebody who needs the service: it may end meanwhile."
    )
    progress: bool = Field(
        False,
        description="Also send running jobs as they are now, and when their progress or usage changes: "
        "each at most every 2 seconds, without an id.",
    )
    id: list[Annotated[str, Field(max_length=64, pattern=JOB_ID)]] = Field(
        [],
        max_length=500,
        description="Repeatable; only of these jobs. With `progress` also when what one waits for changes.",
    )


class JobEvent(TypedDict):
    """A change of a job; ``event`` is null where the timeline has no line for it."""

    event: TimelineEntry | None
    job: JobRow


class Deleted(TypedDict):
    """A job is gone."""

    id: str


class Hello(TypedDict):
    """Events after this one follow."""

    last: int


class LogPiece(TypedDict):
    """What a task wrote: ``text``, or ``base64`` where it isn't UTF-8."""

    text: NotRequired[str]
    base64: NotRequired[Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]]


class NewAttempt(TypedDict):
    """What follows is the log of another attempt."""

    attempt: int


class DrainBody(BaseModel, extra="forbid", strict=True):
    """Whether to admit no more jobs."""

    drain: bool = True


class StopBody(BaseModel, extra="forbid", strict=True):
    """Why the service is to end."""

    handover: bool = False
