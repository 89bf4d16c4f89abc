from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_jobsub.engines.local.devices import Device, find_devices, parse_devices, short_name


class FakeNvml(SimpleNamespace):
    NVMLError = RuntimeError

    def __init__(self, names: list[str], *, breaks: bool = False) -> None:
        super().__init__(names=names, breaks=breaks, open=False)

    def nvmlInit(self) -> None:
        self.open = True

    def nvmlShutdown(self) -> None:
        self.open = False

    def nvmlDeviceGetCount(self) -> int:
        return len(self.names)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetUUID(self, handle: int) -> bytes:
        if self.breaks:
            raise self.NVMLError("GPU is lost")
        return b"GPU-%d" % handle

    def nvmlDeviceGetName(self, handle: int) -> Any:
        return self.names[handle]

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return SimpleNamespace(total=2**30)


def test_devices_are_found_by_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = FakeNvml(["NVIDIA A100-SXM4-80GB", "NVIDIA L4"])
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert find_devices() == [Device("GPU-0", "A100", 2**30), Device("GPU-1", "L4", 2**30)]
    assert not nvml.open


def test_a_broken_driver_has_no_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = FakeNvml(["NVIDIA L4"], breaks=True)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert find_devices() == []
    assert not nvml.open


def test_without_the_library_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert find_devices() == []


@pytest.mark.parametrize(
    ("product", "name"),
    [
        ("NVIDIA A100-SXM4-80GB", "A100"),
        ("NVIDIA A100 80GB PCIe", "A100"),
        ("Tesla V100-SXM2-16GB", "V100"),
        ("NVIDIA H100 NVL", "H100"),
        ("NVIDIA H200", "H200"),
        ("NVIDIA GeForce RTX 4090", "RTX-4090"),
        ("NVIDIA RTX 6000 Ada Generation", "RTX-6000-Ada"),
        ("NVIDIA TITAN X (Pascal)", "TITAN-X"),
        ("", "GPU"),
    ],
)
def test_a_product_gets_a_short_name(product: str, name: str) -> None:
    assert short_name(product) == name


def test_an_inventory_is_read() -> None:
    rows = [{"type": "A100", "memory": "40Gi", "count": 2}, {"uuid": "GPU-x", "type": "L4", "memory": 5}]
    assert parse_devices(rows) == [
        Device("0", "A100", 40 * 2**30),
        Device("1", "A100", 40 * 2**30),
        Device("GPU-x", "L4", 5),
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"type": "A100", "number": 2}], "row 1: unknown number"),
        ([{"type": "A100"}, {"count": 0}], "row 2: count is"),
        ([{"count": True}], "row 1: count is"),
        ([{"uuid": "a", "count": 2}], "row 1: a row with a uuid"),
        ([{"type": "A 100"}], "row 1: type is a short name"),
        ([{"memory": "much"}], "row 1: 'much' is not an amount of memory"),
        ([{"uuid": "a"}, {"uuid": "a"}], "a uuid comes twice"),
    ],
)
def test_a_wrong_inventory_is_refused(rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_devices(rows)
