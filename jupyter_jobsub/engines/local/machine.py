"""What this machine has to give, and the catalog made of it when nothing is configured."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ...model.catalog import Catalog, Group, Image, InstanceType
from ...model.resources import Quota, Resources
from .devices import Device

MIB = 2**20
NOTE = (
    "CPU and memory are counted on this machine, not enforced: "
    "a job that takes more than its instance type has is not stopped."
)


def machine_resources(devices: Sequence[Device], root: Path = Path("/")) -> Resources:
    """What this process may use: what its CPU affinity, its control groups and the memory allow.

    Parameters
    ----------
    root:
        Where /proc and /sys are found.
    """
    cpus = [len(os.sched_getaffinity(0)) * 1000, *_cpu_limits(root)]
    memories = [_physical_memory(root), *_memory_limits(root)]
    return Resources(min(cpus), min(memories), dict(Counter(d.type for d in devices)))


def _physical_memory(root: Path) -> int:
    for line in (root / "proc/meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemTotal":
            return int(value.split()[0]) * 1024
    raise ValueError("/proc/meminfo has no MemTotal")


def _memory_limits(root: Path) -> Iterator[int]:
    for file in _control_files(root, "", "memory.max"):
        yield from _numbers(file)[:1]
    for file in _control_files(root, "memory", "memory.limit_in_bytes"):
        yield from _numbers(file)[:1]


def _cpu_limits(root: Path) -> Iterator[int]:
    for file in _control_files(root, "", "cpu.max"):
        match _numbers(file):
            case [quota, period]:
                yield max(1, quota * 1000 // period)
    for file in _control_files(root, "cpu", "cpu.cfs_quota_us"):
        match _numbers(file) + _numbers(file.with_name("cpu.cfs_period_us")):
            case [quota, period] if quota > 0:
                yield max(1, quota * 1000 // period)


def _control_files(root: Path, controller: str, name: str) -> Iterator[Path]:
    """The files of this process's group and of those above it; in a container perhaps only the top one."""
    mount = root / "sys/fs/cgroup" / controller
    group = Path(_own_group(root, controller).lstrip("/"))
    for path in [mount / group, *(mount / parent for parent in group.parents)]:
        if (path / name).is_file():
            yield path / name


def _own_group(root: Path, controller: str) -> str:
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return "/"
    for line in lines:  # hierarchy:controllers:path, without controllers in version 2
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path
    return "/"


def _numbers(file: Path) -> list[int]:
    """Whole numbers of a control file; none where it says ``max`` or can't be read."""
    try:
        return [int(word) for word in file.read_text().split()]
    except (OSError, ValueError):
        return []


def default_instance_types(capacity: Resources) -> dict[str, InstanceType]:
    """Sizes made from the machine: one CPU first, then parts of it, then one for each GPU count."""
    cores = max(1, capacity.cpu // 1000)
    rows = [
        ("cpu-1", cores, "one CPU and its share of the memory"),
        ("cpu-quarter", 4, "a quarter of the machine"),
        ("cpu-half", 2, "half of the machine"),
        ("cpu-all", 1, "all CPUs and all memory"),
    ]
    types: list[InstanceType] = []
    for name, parts, description in rows:
        size = _part(capacity, 1, parts)
        if size not in [t.resources for t in types]:
            types.append(InstanceType(name, size, description))
    return {t.name: t for t in [*types, *_with_gpus(capacity)]}


def _with_gpus(capacity: Resources) -> Iterator[InstanceType]:
    """One for each count of each type, with its share of CPU and memory."""
    for kind, there in capacity.gpu.items():
        suffix = f"-{kind.lower()}" if len(capacity.gpu) > 1 else ""
        for count in range(1, there + 1):
            share = _part(capacity, count, capacity.gpus)
            size = Resources(share.cpu, share.memory, {kind: count})
            yield InstanceType(f"gpu-{count}{suffix}", size, f"{count} of {there} {kind}")


def _part(whole: Resources, count: int, parts: int) -> Resources:
    return Resources(max(1, whole.cpu * count // parts), whole.memory * count // parts // MIB * MIB)


def default_catalog(user: str, capacity: Resources, images: Mapping[str, Image]) -> Catalog:
    """Make the catalog of a machine where nothing is configured.

    Parameters
    ----------
    user:
        Who the machine's service belongs to, and the group's admin.
    capacity:
        What there is to give: the group's quota.
    images:
        What the engine found.
    """
    quota = Quota(capacity.cpu, capacity.memory, capacity.gpus, dict(capacity.gpu))
    group = Group("default", quota, admins=frozenset({user}), volume=str(Path.home()))
    return Catalog({group.name: group}, default_instance_types(capacity), images, (NOTE,))
