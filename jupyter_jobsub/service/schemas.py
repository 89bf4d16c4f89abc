"""What the API takes and answers, as types: checked by mypy, published by OpenAPI."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue, field_validator
from typing_extensions import NotRequired, TypedDict

from ..model.job import Intent, Phase, Reason
from ..model.spec import JobSpec
from ..policy import CHANGES


def _values(names: Iterable[enum.Enum]) -> dict[str, JsonValue]:
    return {"enum": [each.value for each in names]}


Time = Annotated[
    str,
    Field(
        description="RFC 3339, UTC, to the microsecond.",
        json_schema_extra={"format": "date-time", "examples": ["2026-01-31T08:15:30.123456Z"]},
    ),
]
PhaseName = Annotated[str, Field(json_schema_extra=_values(Phase))]
ReasonName = Annotated[str, Field(json_schema_extra=_values(Reason))]
IntentName = Annotated[str, Field(json_schema_extra=_values(Intent))]
ActionName = Annotated[str, Field(json_schema_extra=_values(CHANGES))]


class Amounts(TypedDict):
    """Milli-CPU, bytes, devices by type."""

    cpu: int
    memory: int
    gpu: dict[str, int]


class Progress(TypedDict):
    """How far a job says it is."""

    fraction: Annotated[float, Field(ge=0, le=1)]
    text: str


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
    log_expired: bool
    rerun_of: str | None
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
    ports: dict[str, list[int]]


class JobDetail(JobRow):
    """A job with its tasks and what it runs."""

    tasks: list[TaskRow]
    command: str
    working_dir: str | None
    snapshot: str | None
    output: str | None


class JobPage(TypedDict):
    """Newest first; ``next`` is the cursor of the next page, null on the last."""

    items: list[JobRow]
    next: str | None


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


class ListQuery(BaseModel, extra="forbid"):
    """Filters; all that are given must hold."""

    group: str | None = Field(None, max_length=128, description="Of this group.")
    user: str | None = Field(None, max_length=128, description="Of this person.")
    phase: list[str] = Field(
        [],
        description="Repeatable; `unfinished` is all that are not final.",
        json_schema_extra={"items": {"type": "string", "enum": [*Phase, "unfinished"]}},
    )
    text: str | None = Field(
        None, min_length=3, max_length=128, description="In name or id; 3 characters or more."
    )
    since: str | None = Field(None, description="RFC 3339; queued then or later.")
    until: str | None = Field(None, description="RFC 3339; queued before then.")
    mine: bool = Field(False, description="Only your own.")
    limit: int = Field(100, ge=1, le=500, description="Jobs of a page.")
    cursor: str | None = Field(None, max_length=256, description="A page's `next`: what comes after it.")

    @field_validator("phase")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        known = [phase.value for phase in Phase] + ["unfinished"]
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"there is no phase {unknown[0]!r}; there are {', '.join(known)}")
        return names


class EventsQuery(BaseModel, extra="forbid"):
    """How to follow."""

    passive: bool = Field(
        False, description="Don't count as somebody who needs the service: it may end meanwhile."
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
