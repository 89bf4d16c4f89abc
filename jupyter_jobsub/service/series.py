"""What a task used, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from ..model.metrics import Gpu
from .http import Call, Reply
from .render import time_text, whole
from .schemas import Time
from .tasks import TaskQuery, refuse_gone

WindowName = Literal["15m", "1h", "3h", "lifetime"]
Amounts = list[int | None]


class GpuSeries(TypedDict):
    """How one GPU was used in each step."""

    uuid: str
    name: str
    memory_total: int
    utilization: list[float | None]
    memory: Amounts


class TaskMetrics(TypedDict):
    """Means over the steps of a window; null where nothing is known."""

    id: str
    attempt: int
    role: str
    task: int
    window: WindowName
    step_seconds: Annotated[int, Field(description="Of a lifetime longer than a day: 600, 1200 …")]
    at: Annotated[list[Time | None], Field(description="When each step began.")]
    cpu: Annotated[Amounts, Field(description="Millicores.")]
    memory: Annotated[Amounts, Field(description="Resident bytes.")]
    disk_read: Annotated[Amounts, Field(description="Bytes a second from storage.")]
    disk_write: Annotated[Amounts, Field(description="Bytes a second to storage.")]
    network_received: Annotated[Amounts, Field(description="Bytes a second.")]
    network_sent: Annotated[Amounts, Field(description="Bytes a second.")]
    network_scope: Annotated[
        Literal["task", "host"], Field(description="Whose traffic: the task's own, or all of its machine's.")
    ]
    gpus: list[GpuSeries]


class MetricsQuery(TaskQuery):
    """Of which task, and how far back."""

    window: WindowName = Field("15m", description="Up to now, or to the task's end.")


async def get_metrics(call: Call) -> Reply:
    """Show what a task used."""
    query, service = call.query(MetricsQuery), call.service
    job = await service.usecases.read(call.person, service.id_of(call))
    key = query.key(job)
    refuse_gone(job, service.archive, key)
    found = await asyncio.to_thread(service.archive.metrics.read, key, query.window, service.settings.clock())
    answer = TaskMetrics(
        id=job.id,
        attempt=key.attempt,
        role=key.role,
        task=key.index,
        window=query.window,
        step_seconds=found.step,
        at=[time_text(at) for at in found.at],
        cpu=_whole(found.figures["cpu"]),
        memory=_whole(found.figures["memory"]),
        disk_read=_whole(found.figures["disk_read"]),
        disk_write=_whole(found.figures["disk_write"]),
        network_received=_whole(found.figures["network_received"]),
        network_sent=_whole(found.figures["network_sent"]),
        network_scope=service.engine.network_scope,
        gpus=[_gpu(*columns) for columns in found.gpus],
    )
    return Reply(answer)


def _gpu(gpu: Gpu, utilization: Sequence[float | None], memory: Sequence[float | None]) -> GpuSeries:
    return GpuSeries(
        uuid=gpu.uuid,
        name=gpu.name,
        memory_total=gpu.memory_total,
        utilization=[None if part is None else round(part, 4) for part in utilization],
        memory=_whole(memory),
    )


def _whole(amounts: Sequence[float | None]) -> Amounts:
    return [whole(amount) for amount in amounts]
