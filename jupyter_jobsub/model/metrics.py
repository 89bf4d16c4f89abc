"""What tasks use: samples of an engine, what they say of the time between them, means over longer times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .job import Micros

FIGURES = ("cpu", "memory", "disk_read", "disk_write", "network_received", "network_sent")


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


def at_start(at: Micros) -> Sample:
    """A task's sample when it was started: nothing used so far; what its machine did is not known."""
    return Sample(at, cpu=0, disk_read=0, disk_write=0)


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


@dataclass(frozen=True)
class Window:
    """How far back a series goes, in how many steps of how many seconds."""

    name: str
    step: int
    slots: int


WINDOWS = (
    Window("15m", 10, 90),
    Window("1h", 30, 120),
    Window("3h", 120, 90),
    Window("lifetime", 300, 288),  # a day; when that is full its step doubles
)
PERIOD = WINDOWS[0].step
"""Seconds between two samples of a task."""


@dataclass(frozen=True)
class Bucket:
    """Figures of one step: sums, and of how many values each. Its slot is the step's number since 1970."""

    slot: int
    sums: tuple[float, ...]
    counts: tuple[int, ...]

    def merged(self, other: Bucket) -> Bucket:
        """Both in the slot of this one."""
        sums = tuple(map(sum, zip(self.sums, other.sums, strict=True)))
        counts = tuple(map(sum, zip(self.counts, other.counts, strict=True)))
        return Bucket(self.slot, sums, counts)

    def means(self) -> list[float | None]:
        """The mean of each figure; None where there was no value."""
        return [total / count if count else None for total, count in zip(self.sums, self.counts, strict=True)]


def bucket(usage: Usage, gpus: Sequence[Gpu], slot: int) -> Bucket:
    """What was used in one period, as part of a step; of the devices in this order."""
    used = {gpu.uuid: gpu for gpu in usage.gpus}
    figures = [getattr(usage, name) for name in FIGURES]
    for gpu in gpus:
        one = used.get(gpu.uuid, gpu)
        figures += [one.utilization, one.memory]
    sums = tuple(0.0 if value is None else float(value) for value in figures)
    return Bucket(slot, sums, tuple(int(value is not None) for value in figures))


def doubled(buckets: Sequence[Bucket]) -> list[Bucket]:
    """The same in steps of twice the length."""
    wider: dict[int, Bucket] = {}
    for one in buckets:
        moved = Bucket(one.slot // 2, one.sums, one.counts)
        there = wider.get(moved.slot)
        wider[moved.slot] = there.merged(moved) if there else moved
    return list(wider.values())


@dataclass(frozen=True)
class Series:
    """What a task used in a window.

    Parameters
    ----------
    step:
        Seconds.
    at:
        When each step began.
    figures:
        Means over each step, by the names in ``FIGURES``; None where nothing is known.
    gpus:
        The devices that it was given, each with its utilization and its memory as ``figures``.
    """

    step: int
    at: Sequence[Micros]
    figures: Mapping[str, Sequence[float | None]]
    gpus: Sequence[tuple[Gpu, Sequence[float | None], Sequence[float | None]]]


def series(step: int, slots: range, buckets: Sequence[Bucket], gpus: Sequence[Gpu]) -> Series:
    """Arrange buckets in the order of their slots, with gaps where there are none."""
    known = {one.slot: one.means() for one in buckets}
    nothing: list[float | None] = [None] * (len(FIGURES) + 2 * len(gpus))
    columns = list(zip(*(known.get(slot, nothing) for slot in slots), strict=True)) or [()] * len(nothing)
    devices = columns[len(FIGURES) :]
    return Series(
        step=step,
        at=[Micros(slot * step * 1_000_000) for slot in slots],
        figures=dict(zip(FIGURES, columns, strict=False)),
        gpus=list(zip(gpus, devices[::2], devices[1::2], strict=True)),
    )
