"""What the API answers about the service, its catalog and its quotas, as types; see ``schemas``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue
from typing_extensions import TypedDict

from ..model.job import Phase
from .schemas import Amounts, Time


class Quota(TypedDict):
    """Milli-CPU, bytes, devices in all, devices by type; null is unlimited, 0 none."""

    cpu: int | None
    memory: int | None
    gpus: int | None
    gpu: dict[str, int]


class CatalogGroup(TypedDict):
    """A queue, and what its people may use."""

    name: str
    quota: Quota
    user_quota: Quota
    volume: Annotated[str | None, Field(description="A folder; on a cluster a volume, as it is configured.")]
    datasets: Annotated[dict[str, str], Field(description="Folders, or volumes, by name.")]
    instance_types: list[str]
    images: list[str]


class InstanceType(Amounts):
    """A size that a job may ask for."""

    name: str
    description: str


class Image(TypedDict):
    """What a job may run in."""

    name: str
    reference: Annotated[str, Field(description="An environment's folder, or a container image.")]
    description: str


class Defaults(TypedDict):
    """What a job gets that doesn't ask."""

    group: str | None
    instance_type: str | None
    image: str | None
    priority: int
    deadline_seconds: int
    ttl_seconds: int


class Limits(TypedDict):
    """What is refused beyond."""

    max_waiting_per_user: int
    max_body_bytes: int
    max_snapshot_bytes: int
    max_log_bytes: int
    max_artifact_files: int
    max_artifact_bytes: int


class Catalog(TypedDict):
    """What you can ask for; the first of each list is the default."""

    user: Annotated[str, Field(description="Who you are.")]
    engine: str
    groups: list[CatalogGroup]
    instance_types: list[InstanceType]
    images: list[Image]
    defaults: Defaults
    limits: Limits
    notes: Annotated[list[str], Field(description="What people should know about this engine.")]


class UserUsage(TypedDict):
    """What one person holds in a group."""

    name: str
    quota: Quota
    held: Amounts
    over: Annotated[
        list[str],
        Field(description="Resources of which more is held than a quota that was lowered since."),
    ]
    running: int
    waiting: int
    kept_bytes: Annotated[int, Field(description="Of logs, metrics and artifacts of jobs that have ended.")]


class GroupUsage(UserUsage):
    """What a group holds, and each of its people of whose jobs there is something, and yourself."""

    configured: Annotated[bool, Field(description="False where only jobs are left of a group.")]
    users: list[UserUsage]


class Disk(TypedDict):
    """Where logs, metrics and artifacts are kept, in bytes."""

    total: int
    free: int
    kept_bytes: Annotated[int, Field(description="Of all jobs that have ended.")]


class Usage(TypedDict):
    """Quotas of your groups, all of them for an operator, and what is held of them."""

    capacity: Annotated[Amounts | None, Field(description="Of the machine; null where quotas alone admit.")]
    held: Annotated[Amounts, Field(description="By all jobs, those that you may not see among them.")]
    disk: Disk
    groups: list[GroupUsage]


JobCounts = Annotated[
    dict[str, int], Field(json_schema_extra={"propertyNames": {"enum": [phase.value for phase in Phase]}})
]


class Status(TypedDict):
    """The service itself."""

    pid: int
    socket: str
    store: Annotated[str, Field(description="Names the store for good; another id is another history.")]
    engine: str
    runs_on: Annotated[str, Field(description="The machine's name, or the cluster and its namespace.")]
    trouble: Annotated[str, Field(description="Why no job can be started for now.")]
    version: str
    started_at: Time
    user: Annotated[str, Field(description="The account that it runs as.")]
    data_dir: str
    database: Annotated[str, Field(description="Where the jobs are kept.")]
    jobs: Annotated[JobCounts, Field(description="Jobs by phase that you may see.")]
    draining: bool
    waiting_launches: Annotated[int, Field(description="Tasks that were admitted and are to be started.")]


class Stopping(TypedDict):
    """It ends as soon as what is being answered is answered."""

    stopping: bool


class Reloaded(TypedDict):
    """Names of settings."""

    changed: Annotated[list[str], Field(description="In effect now.")]
    at_next_start: Annotated[list[str], Field(description="In effect when the service starts again.")]


class Draining(TypedDict):
    """Whether no more jobs are admitted."""

    draining: bool


class Health(TypedDict):
    """It answers."""

    status: Literal["ok"]


class OpenAPI(TypedDict):
    """A document of OpenAPI 3.1."""

    openapi: str
    info: dict[str, JsonValue]
    paths: dict[str, JsonValue]
    components: dict[str, JsonValue]
