"""What Kubernetes writes, as people say it."""

from __future__ import annotations

from ...model.resources import parse_memory, show_amount

_BYTES = {"memory": "memory", "ephemeral-storage": "disk space", "storage": "storage"}


def amount(resource: str, quantity: str) -> str:
    """Write an amount of a resource: ``2 CPUs``, ``4 GiB of memory``, ``2 GPUs (nvidia.com/gpu)``."""
    if resource == "cpu":
        milli = float(quantity[:-1]) if quantity.endswith("m") else float(quantity) * 1000
        return show_amount("cpu", round(milli))
    if resource in _BYTES:
        return f"{show_amount('memory', parse_memory(quantity))} of {_BYTES[resource]}"
    if resource.endswith("gpu"):
        return f"{show_amount('gpu', int(quantity))} ({resource})"
    return f"{quantity} {resource}"


def last(message: str) -> str:
    """The last part of an error that was wrapped many times: what it was in the end."""
    return message.strip().rpartition(": ")[2] or "nobody says why"
