from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_jobsub.engines.local.devices import Device
from jupyter_jobsub.engines.local.machine import (
    default_catalog,
    default_instance_types,
    machine_resources,
)
from jupyter_jobsub.model.catalog import Image
from jupyter_jobsub.model.resources import Quota, Resources

GIB = 2**30


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    write(tmp_path, "proc/meminfo", f"MemTotal:       {64 * 2**20} kB\nMemFree: 1 kB\n")
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_bare_machine_gives_all_it_has(root: Path) -> None:
    devices = [Device("a", "L4", 1), Device("b", "A100", 1), Device("c", "L4", 1)]
    assert machine_resources(devices, root) == Resources(8000, 64 * GIB, {"L4": 2, "A100": 1})


def test_limits_of_version_2_count_on_every_level(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/user.slice/session\n")
    write(root, "sys/fs/cgroup/user.slice/session/memory.max", "max\n")
    write(root, "sys/fs/cgroup/user.slice/memory.max", f"{16 * GIB}\n")
    write(root, "sys/fs/cgroup/user.slice/session/cpu.max", "250000 100000\n")
    write(root, "sys/fs/cgroup/user.slice/cpu.max", "max 100000\n")
    assert machine_resources([], root) == Resources(2500, 16 * GIB)


def test_limits_of_version_1_count(root: Path) -> None:
    write(root, "proc/self/cgroup", "5:cpu,cpuacct:/box\n4:memory:/box\n1:name=systemd:/x\n")
    write(root, "sys/fs/cgroup/memory/box/memory.limit_in_bytes", f"{8 * GIB}\n")
    write(root, "sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "150000\n")
    write(root, "sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n")
    assert machine_resources([], root) == Resources(1500, 8 * GIB)


def test_no_limit_of_version_1_is_no_limit(root: Path) -> None:
    write(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", f"{2**63 - 4096}\n")
    write(root, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n")
    write(root, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
    assert machine_resources([], root) == Resources(8000, 64 * GIB)


def test_in_a_container_the_top_is_our_own_group(root: Path) -> None:
    write(root, "proc/self/cgroup", "0::/kubepods/not/visible/here\n")
    write(root, "sys/fs/cgroup/memory.max", f"{4 * GIB}\n")
    assert machine_resources([], root).memory == 4 * GIB


def test_this_machine_is_read() -> None:
    found = machine_resources([])
    assert 0 < found.cpu <= (os.cpu_count() or 1) * 1000
    assert found.memory > 0


def test_sizes_are_made_from_the_machine() -> None:
    types = default_instance_types(Resources(8000, 64 * GIB, {"A100": 2}))
    assert {
        name: (t.resources.cpu, t.resources.memory // GIB, t.resources.gpus) for name, t in types.items()
    } == {
        "cpu-1": (1000, 8, 0),
        "cpu-quarter": (2000, 16, 0),
        "cpu-half": (4000, 32, 0),
        "cpu-all": (8000, 64, 0),
        "gpu-1": (4000, 32, 1),
        "gpu-2": (8000, 64, 2),
    }
    assert types["gpu-1"].description == "1 of 2 A100"


def test_types_of_gpus_are_told_apart() -> None:
    types = default_instance_types(Resources(8000, 64 * GIB, {"A100": 1, "L4": 2}))
    assert [name for name in types if "gpu" in name] == ["gpu-1-a100", "gpu-1-l4", "gpu-2-l4"]


def test_no_size_is_there_twice() -> None:
    assert list(default_instance_types(Resources(1000, GIB))) == ["cpu-1", "cpu-quarter", "cpu-half"]
    assert list(default_instance_types(Resources(2000, GIB))) == ["cpu-1", "cpu-quarter", "cpu-all"]


@given(
    st.integers(1, 200_000),
    st.integers(2**20, 2**45),
    st.dictionaries(st.sampled_from("ABC"), st.integers(1, 9)),
)
def test_every_size_fits_its_machine(cpu: int, memory: int, gpu: dict[str, int]) -> None:
    capacity = Resources(cpu, memory, gpu)
    catalog = default_catalog("ann", capacity, {})
    quota = catalog.groups["default"].quota
    for size in catalog.instance_types.values():
        assert not quota.shortages(Resources(), size.resources)
    assert next(iter(catalog.instance_types)) == "cpu-1"


def test_the_catalog_of_nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    images = {"python3": Image("python3", "/usr")}
    catalog = default_catalog("ann", Resources(8000, GIB, {"L4": 1}), images)
    group = catalog.groups["default"]
    assert (group.volume, group.quota) == (str(tmp_path), Quota(8000, GIB, 1, {"L4": 1}))
    assert group.has("anybody")
    assert catalog.images == images
    assert "not enforced" in catalog.notes[0]
