"""The machine's GPUs: found by NVML, or as configured."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...model.resources import parse_memory

_NOISE = re.compile(r"\([^)]*\)|\b(NVIDIA|Tesla|GeForce|Generation|GPU)\b", re.IGNORECASE)
_FORM = re.compile(r"(SXM\d*|PCIe|NVL|HBM\d*e?|\d+ ?GB|MIG)", re.IGNORECASE)


@dataclass(frozen=True)
class Device:
    """One GPU.

    Parameters
    ----------
    uuid:
        What ``CUDA_VISIBLE_DEVICES`` calls it.
    type:
        A short name of the product, such as ``A100``; jobs ask for it, quotas count it.
    memory:
        Bytes.
    """

    uuid: str
    type: str
    memory: int


def find_devices() -> list[Device]:
    """Ask the driver; a machine without one has no devices."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # no library, no driver, or one that is being replaced
        return []
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return [_device(pynvml, handle) for handle in handles]
    except pynvml.NVMLError:
        return []
    finally:
        pynvml.nvmlShutdown()


def _device(nvml: Any, handle: Any) -> Device:
    return Device(
        uuid=_text(nvml.nvmlDeviceGetUUID(handle)),
        type=short_name(_text(nvml.nvmlDeviceGetName(handle))),
        memory=int(nvml.nvmlDeviceGetMemoryInfo(handle).total),
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value  # older releases answer bytes


def short_name(product: str) -> str:
    """Shorten a product's name to the chip's: ``NVIDIA A100-SXM4-80GB`` is an ``A100``."""
    words = re.split(r"[^A-Za-z0-9]+", _NOISE.sub(" ", product))
    kept: list[str] = []
    for word in filter(None, words):
        if _FORM.fullmatch(word):
            break
        kept.append(word)
    return "-".join(kept) or "GPU"


def parse_devices(rows: Sequence[Mapping[str, Any]]) -> list[Device]:
    """Read a configured inventory.

    Parameters
    ----------
    rows:
        Each with ``type``, ``memory`` (such as ``"40Gi"``), and either ``uuid`` or ``count``; those
        counted go by their place in the whole list, as CUDA also numbers them.

    Raises
    ------
    ValueError
        Naming the row and what is wrong.
    """
    devices: list[Device] = []
    for number, row in enumerate(rows, 1):
        try:
            devices += _devices(row, len(devices))
        except ValueError as error:
            raise ValueError(f"gpus, row {number}: {error}") from error
    if len({device.uuid for device in devices}) < len(devices):
        raise ValueError("gpus: a uuid comes twice")
    return devices


def _devices(row: Mapping[str, Any], first: int) -> list[Device]:
    if unknown := set(row) - {"uuid", "type", "memory", "count"}:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}; there are uuid, type, memory, count")
    count, kind = row.get("count", 1), row.get("type", "GPU")
    if type(count) is not int or count < 1:
        raise ValueError("count is a whole number from 1")
    if "uuid" in row and "count" in row:
        raise ValueError("a row with a uuid is one device: it has no count")
    if not re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9_.]*", str(kind)):
        raise ValueError("type is a short name such as A100")
    memory = parse_memory(row.get("memory", 0))
    return [Device(str(row.get("uuid", first + i)), str(kind), memory) for i in range(count)]
