"""What the API takes and answers, as types: checked by mypy, published by OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_validator
from typing_extensions import NotRequired, TypedDict

from ..model.job import Phase


class Amounts(TypedDict):
    """Milli-CPU, bytes, devices by type."""

    cpu: int
    memory: int
    gpu: dict[str, int]


class Progress(TypedDict):
    """How far a job says it is, 0 to 1."""

    fraction: float
    text: str


class JobRow(TypedDict):
    """A job."""

    id: str
    name: str | None
    user: str
    group: str | None
    phase: str
    reason: str
    message: str
    position: int | None
    kind: Literal["command", "script", "notebook"]
    instance_type: str | None
    image: str | None
    request: Amounts
    priority: int
    preemptible: bool
    retries: int
    deadline_seconds: int
    ttl_seconds: int
    attempt: int
    failures: int
    queued_at: str | None
    admitted_at: str | None
    started_at: str | None
    finished_at: str | None
    duration_seconds: float | None
    exit_code: int | None
    progress: Progress | None
    log_expired: bool
    rerun_of: str | None
    intent: Literal["run", "pause", "cancel"]
    version: int
    allowed: list[str]


class TaskRow(TypedDict):
    """A task of the newest attempt."""

    role: str
    index: int
    attempt: int
    started_at: str | None
    finished_at: str | None
    exit_code: int | None
    reason: str | None
    message: str
    host: str


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
    at: str
    phase: str
    reason: str
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


class Status(TypedDict):
    """The service itself."""

    pid: int
    socket: str
    store: str
    engine: str
    version: str
    started_at: str | None
    user: str
    data_dir: str
    jobs: dict[str, int]
    draining: bool
    waiting_launches: int


Seconds = Annotated[str, Field(max_length=64)]


class ListQuery(BaseModel, extra="forbid"):
    """Filters; all that are given must hold."""

    group: str | None = Field(None, max_length=128)
    user: str | None = Field(None, max_length=128)
    phase: list[str] = Field([], description="Repeatable; `unfinished` is all that are not final.")
    text: str | None = Field(
        None, min_length=3, max_length=128, description="In name or id; 3 characters or more."
    )
    since: str | None = Field(None, description="RFC 3339; queued then or later.")
    until: str | None = Field(None, description="RFC 3339; queued before then.")
    mine: bool = Field(False, description="Only your own.")
    limit: int = Field(100, ge=1, le=500)
    cursor: str | None = Field(None, max_length=256)

    @field_validator("phase")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        known = [phase.value for phase in Phase] + ["unfinished"]
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"there is no phase {unknown[0]!r}; there are {', '.join(known)}")
        return names


class DrainBody(BaseModel, extra="forbid", strict=True):
    """Whether to admit no more jobs."""

    drain: bool = True


class StopBody(BaseModel, extra="forbid", strict=True):
    """Why the service is to end."""

    handover: bool = False


JsonObject = dict[str, Any]
