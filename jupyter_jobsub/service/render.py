"""Jobs as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from ..engines.peers import Address, Peers
from ..model.catalog import Group
from ..model.job import Event, Job, Micros, Phase
from ..model.metrics import Usage
from ..model.progress import Progress
from ..model.resources import Quota, Resources
from ..model.spec import JobSpec

_EPOCH = datetime(1970, 1, 1)


def time_text(at: Micros | None) -> str | None:
    """RFC 3339 in UTC with microseconds."""
    if at is None:
        return None
    minutes, rest = divmod(at, 60_000_000)
    return f"{_minute(minutes)}:{rest // 1_000_000:02}.{rest % 1_000_000:06}Z"


@lru_cache(maxsize=10_000)  # a list has hundreds of times, and is asked for again and again
def _minute(number: int) -> str:
    return (_EPOCH + timedelta(minutes=number)).isoformat("T", "minutes")


def resources(amount: Resources) -> dict[str, Any]:
    """Milli-CPU, bytes, devices by type."""
    return {"cpu": amount.cpu, "memory": amount.memory, "gpu": {t: n for t, n in amount.gpu.items() if n}}


def quota(bounds: Quota) -> dict[str, Any]:
    """Bounds; null is unlimited."""
    return {"cpu": bounds.cpu, "memory": bounds.memory, "gpus": bounds.gpus, "gpu": dict(bounds.gpu)}


def row(job: Job, now: Micros) -> dict[str, Any]:
    """A job in a list, without what depends on the reader or on others in the queue."""
    spec = job.spec
    return {
        "id": job.id,
        "name": spec.name,
        "user": job.user,
        "group": spec.group,
        "phase": job.phase.value,
        "reason": job.reason.value,
        "message": job.message,
        "position": None,
        "kind": spec.kind,
        "instance_type": spec.instance_type,
        "image": spec.image,
        "request": resources(job.request),
        "priority": spec.priority,
        "preemptible": spec.preemptible,
        "retries": spec.retries,
        "deadline_seconds": spec.deadline_seconds,
        "ttl_seconds": spec.ttl_seconds,
        "attempt": job.attempt,
        "failures": job.failures,
        "queued_at": time_text(job.queued_at),
        "admitted_at": time_text(job.admitted_at),
        "started_at": time_text(job.started_at),
        "finished_at": time_text(job.finished_at),
        "duration_seconds": _duration(job, now),
        "exit_code": job.exit_code,
        "progress": None,
        "usage": None,
        "log_expired": job.log_expired,
        "kept_bytes": job.kept_bytes,
        "rerun_of": job.rerun_of,
        "sweep": job.sweep,
        "parameters": spec.parameters,
        "intent": job.intent.value,
        "version": job.version,
    }


def usage(tasks: Sequence[Usage]) -> dict[str, Any] | None:
    """What a job's tasks use, in all."""
    if not tasks:
        return None
    return {
        "at": time_text(max(task.at for task in tasks)),
        "cpu": _sum(task.cpu for task in tasks),
        "memory": _sum(task.memory for task in tasks),
        "gpus": [
            {
                "uuid": gpu.uuid,
                "name": gpu.name,
                "utilization": gpu.utilization,
                "memory": whole(gpu.memory),
                "memory_total": gpu.memory_total,
            }
            for task in tasks
            for gpu in task.gpus
        ],
    }


def _sum(amounts: Iterable[float | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return round(sum(known)) if known else None


def whole(amount: float | None) -> int | None:
    """An amount in whole units."""
    return None if amount is None else round(amount)


def progress(found: tuple[Progress, int | None] | None) -> dict[str, Any] | None:
    """How far a job is, and how many seconds are left."""
    if found is None:
        return None
    reached, left = found
    return {"fraction": reached.fraction, "text": reached.text, "eta_seconds": left}


def detail(job: Job, addresses: Peers) -> dict[str, Any]:
    """What one job's page shows besides its row."""
    order = list(job.spec.roles)
    return {
        "tasks": [
            {
                "role": task.key.role,
                "index": task.key.index,
                "attempt": task.key.attempt,
                "started_at": time_text(task.started_at),
                "finished_at": time_text(task.finished_at),
                "exit_code": task.exit_code,
                "reason": task.reason.value if task.reason else None,
                "message": task.message,
                "host": task.host,
                "note": task.note,
                "ports": _ports(addresses.get((task.key.role, task.key.index))),
            }
            for task in sorted(job.tasks, key=lambda task: order.index(task.key.role))
        ],
        "command": command(job.spec),
        "working_dir": job.spec.working_dir,
        "snapshot": job.snapshot,
    }


def _ports(address: Address | None) -> dict[str, list[int]]:
    return {label: list(ports) for label, ports in address.ports.items()} if address else {}


def command(spec: JobSpec) -> str:
    """What runs, as people read it."""
    if spec.source:
        return " ".join([spec.source, *spec.args])
    if not spec.task_roles:
        return spec.shell_text()
    return "\n".join(f"{n} × {role}: {spec.shell_text(role)}" for role, n in spec.roles.items())


def event(happened: Event, *, read: bool = True) -> dict[str, Any]:
    """A line of the timeline; its message may quote the command's own words, for those who may read them."""
    return {
        "id": happened.id,
        "at": time_text(happened.at),
        "phase": happened.phase.value,
        "reason": happened.reason.value,
        "message": happened.message if read else "",
        "attempt": happened.attempt,
    }


def submitted(spec: JobSpec, *, hide_env: bool) -> dict[str, Any]:
    """The specification as it was submitted, fields that were not given left out."""
    data: dict[str, Any] = spec.model_dump(mode="json", exclude_defaults=True)
    if hide_env and "env" in data:
        data["env"] = dict.fromkeys(data["env"])  # null: a clone is refused until they are given
    return data


def group(one: Group, instance_types: list[str], images: list[str]) -> dict[str, Any]:
    """A group in the catalog."""
    return {
        "name": one.name,
        "quota": quota(one.quota),
        "user_quota": quota(one.user_quota),
        "volume": one.volume,
        "datasets": dict(one.datasets),
        "instance_types": instance_types,
        "images": images,
    }


def _duration(job: Job, now: Micros) -> float | None:
    if job.started_at is None:
        return None
    end = job.finished_at if job.phase.final else now
    return max(0, (end or now) - job.started_at) / 1e6 if job.phase is not Phase.PENDING else None
