"""What tasks use: samples as an engine takes them, what they say of the time between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .job import Micros


@dataclass(frozen=True)
class Gpu:
    """One GPU that a task was given, as it is used now.

    Parameters
    ----------
    uuid, name:
        What ``CUDA_VISIBLE_DEVICES`` calls it, and the type that quotas count.
    memory_total:
        Bytes.
    utilization:
        The part of the time, 0 to 1, in which something ran on it.
    memory:
        Bytes in use.
    """

    uuid: str
    name: str
    memory_total: int
    utilization: float | None = None
    memory: float | None = None


@dataclass(frozen=True)
class Sample:
    """One look at a task; None is what its engine can't tell.

    Parameters
    ----------
    at:
        When it was taken.
    cpu:
        Microseconds of processor time used so far.
    memory:
        Resident bytes now.
    disk_read, disk_write:
        Bytes so far, from and to storage.
    network_received, network_sent:
        Bytes so far, in the scope that the engine names.
    gpus:
        Those that it was given.
    """

    at: Micros
    cpu: int | None = None
    memory: int | None = None
    disk_read: int | None = None
    disk_write: int | None = None
    network_received: int | None = None
    network_sent: int | None = None
    gpus: Sequence[Gpu] = ()


@dataclass(frozen=True)
class Usage:
    """What was used in the time before ``at``: millicores, bytes, and bytes a second."""

    at: Micros
    cpu: float | None = None
    memory: float | None = None
    disk_read: float | None = None
    disk_write: float | None = None
    network_received: float | None = None
    network_sent: float | None = None
    gpus: Sequence[Gpu] = ()


def usage(before: Sample | None, after: Sample) -> Usage:
    """What was used between two samples of a task; without an earlier one no rate is known."""
    elapsed = after.at - before.at if before else 0

    def rate(start: int | None, end: int | None, unit: int) -> float | None:
        if start is None or end is None or elapsed <= 0:
            return None
        return max(0, end - start) * unit / elapsed

    first = before or Sample(after.at)
    return Usage(
        at=after.at,
        cpu=rate(first.cpu, after.cpu, 1000),
        memory=after.memory,
        disk_read=rate(first.disk_read, after.disk_read, 1_000_000),
        disk_write=rate(first.disk_write, after.disk_write, 1_000_000),
        network_received=rate(first.network_received, after.network_received, 1_000_000),
        network_sent=rate(first.network_sent, after.network_sent, 1_000_000),
        gpus=after.gpus,
    )
