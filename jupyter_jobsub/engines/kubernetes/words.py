"""What Kubernetes writes, as people say it."""

from __future__ import annotations

from ...model.resources import show_amount
from .quantities import quantity

_BYTES = {"memory": "memory", "ephemeral-storage": "disk space", "storage": "storage"}


def amount(resource: str, text: str) -> str:
    """Write an amount of a resource: ``2 CPUs``, ``4 GiB of memory``, ``2 GPUs (nvidia.com/gpu)``."""
    if resource == "cpu":
        return show_amount("cpu", round(quantity(text) * 1000))
    if resource in _BYTES:
        return f"{show_amount('memory', round(quantity(text)))} of {_BYTES[resource]}"
    if resource.endswith("gpu"):
        return f"{show_amount('gpu', round(quantity(text)))} ({resource})"
    return f"{text} {resource}"


def last(message: str) -> str:
    """The last part of an error that was wrapped many times: what it was in the end."""
    return message.strip().removesuffix(": unknown").rpartition(": ")[2] or "nobody says why"
