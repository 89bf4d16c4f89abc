"""Durations, sizes and where a job stands, in the words of every surface."""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .api import Row

# control characters, ends of lines, and what turns the direction of writing round
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


def shown(value: object) -> str:
    """Write a parameter's value: text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def assigned(parameters: Row) -> str:
    """Write parameters on a line, such as ``lr=0.1 depth=2``."""
    return " ".join(f"{name}={shown(value)}" for name, value in parameters.items())


def harmless(text: str) -> str:
    """Write a text on one line, without anything that a terminal would act upon."""
    return _CONTROL.sub(" ", text)


def seconds(value: float | None) -> str:
    """Write a duration in two units at most, such as 1h05m."""
    if value is None:
        return ""
    whole = int(value)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 172_800:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02}h"


def size(count: int | None) -> str:
    """Write bytes in the largest unit that keeps the number readable."""
    value = float(count or 0)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.4g} {unit}"
        value /= 1024
    return f"{value:.4g} TiB"


def resources(request: Row | None) -> str:
    """Write CPU, memory and GPUs in a few words."""
    if not request:
        return ""
    found = []
    if request.get("cpu") is not None:
        found.append(f"{request['cpu'] / 1000:g} CPU")
    if request.get("memory") is not None:
        found.append(size(request["memory"]))
    gpu: dict[str, Any] = request.get("gpu") or {}
    found += [f"{number} × {kind}" for kind, number in gpu.items()]
    if request.get("gpus") is not None:
        found.append(f"{request['gpus']} GPU")
    return ", ".join(found)


def use(job: Row) -> list[str]:
    """Say what a running job uses of what it asked for: processor, memory, each GPU."""
    usage, request = job.get("usage") or {}, job.get("request") or {}
    shown = []
    if usage.get("cpu") is not None:
        asked = f" of {request['cpu'] / 1000:g}" if request.get("cpu") else ""
        shown.append(f"CPU {usage['cpu'] / 1000:.2f}{asked}")
    if usage.get("memory") is not None:
        shown.append(f"memory {_part(usage['memory'], request.get('memory'))}")
    return shown + [_gpu(number, gpu) for number, gpu in enumerate(usage.get("gpus") or ())]


def _gpu(number: int, gpu: Row) -> str:
    busy = "" if gpu.get("utilization") is None else f" {gpu['utilization']:.0%}"
    filled = "" if gpu.get("memory") is None else f" {_part(gpu['memory'], gpu.get('memory_total'))}"
    return f"GPU {number}{busy}{filled}"


def _part(count: int, whole: int | None) -> str:
    return f"{size(count)} of {size(whole)}" if whole else size(count)


def standing(job: Row) -> str:
    """Say in a few words what a job waits for, or how it went."""
    if job.get("position") is not None:
        return harmless(f"no. {job['position']} in {job['group']}; {job['message']}".rstrip("; "))
    progress = job.get("progress") or {}
    if progress.get("fraction") is not None:
        left = progress.get("eta_seconds")
        said = f"{progress['fraction']:.0%} {progress.get('text') or ''}".rstrip()
        return harmless(said + (f", {seconds(left)} left" if left else ""))
    return harmless(job.get("message") or progress.get("text") or "")
