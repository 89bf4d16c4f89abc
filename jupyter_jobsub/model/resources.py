"""Amounts of cpu, memory and devices, as integers that add up exactly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

_SUFFIX = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SUFFIX |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)([KMGT]i?)?")


@dataclass(frozen=True)
class Resources:
    """What a task asks for, a hold keeps, or a quota allows.

    Parameters
    ----------
    cpu:
        Milli-CPU (1000 is one core).
    memory:
        Bytes.
    gpu:
        Whole devices by resource type, such as ``{"A100": 2}``.
    """

    cpu: int = 0
    memory: int = 0
    gpu: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def gpus(self) -> int:
        """All devices, of whatever type."""
        return sum(self.gpu.values())

    @property
    def named(self) -> dict[str, int]:
        """Every amount by name: ``cpu``, ``memory``, ``gpu`` in total, and each type."""
        return {**self.gpu, "cpu": self.cpu, "memory": self.memory, "gpu": self.gpus}

    def above(self, other: Resources) -> Resources:
        """What of it goes beyond another amount, 0 where nothing does."""
        gpu = {t: max(0, n - other.gpu.get(t, 0)) for t, n in self.gpu.items()}
        return Resources(max(0, self.cpu - other.cpu), max(0, self.memory - other.memory), gpu)

    def __add__(self, other: Resources) -> Resources:
        gpu = self.gpu
        if other.gpu:
            gpu = {**gpu, **{t: gpu.get(t, 0) + n for t, n in other.gpu.items()}}
        return Resources(self.cpu + other.cpu, self.memory + other.memory, gpu)

    def __sub__(self, other: Resources) -> Resources:
        return self + other * -1

    def __mul__(self, times: int) -> Resources:
        gpu = {t: n * times for t, n in self.gpu.items()}
        return Resources(self.cpu * times, self.memory * times, gpu)


@dataclass(frozen=True)
class Quota:
    """Upper bounds; None is unlimited, 0 is none.

    ``gpus`` bounds the total, ``gpu`` each type by name (a type not named is unlimited).
    """

    cpu: int | None = None
    memory: int | None = None
    gpus: int | None = None
    gpu: Mapping[str, int] = field(default_factory=dict)

    def fits(self, held: Resources, asked: Resources) -> bool:
        """Say whether nothing asked for would go over: ``not shortages(…)``, at a fraction of the cost."""
        if asked.cpu > 0 and self.cpu is not None and held.cpu + asked.cpu > self.cpu:
            return False
        if asked.memory > 0 and self.memory is not None and held.memory + asked.memory > self.memory:
            return False
        if not asked.gpu:
            return True
        if self.gpus is not None and 0 < asked.gpus > self.gpus - held.gpus:
            return False
        limits = self.gpu
        return not limits or all(
            n <= 0 or t not in limits or held.gpu.get(t, 0) + n <= limits[t] for t, n in asked.gpu.items()
        )

    def shortages(self, held: Resources, asked: Resources) -> list[Shortage]:
        """Name every resource asked for that would go over; one asked as 0 never blocks."""
        rows = [
            ("cpu", asked.cpu, held.cpu, self.cpu),
            ("memory", asked.memory, held.memory, self.memory),
            ("gpu", asked.gpus, held.gpus, self.gpus),
        ]
        rows += [(t, n, held.gpu.get(t, 0), self.gpu.get(t)) for t, n in sorted(asked.gpu.items())]
        return [
            Shortage(name, ask, use, limit)
            for name, ask, use, limit in rows
            if ask > 0 and limit is not None and use + ask > limit
        ]


@dataclass(frozen=True)
class Shortage:
    """A resource that does not fit: asked, in use and limit in the unit of that resource."""

    resource: str
    asked: int
    used: int
    limit: int

    @property
    def texts(self) -> tuple[str, str, str]:
        """What is in use, the limit with its unit, and what is asked: ``("2", "4 GPUs", "4")``."""
        limit = show_amount(self.resource, self.limit)
        return _number(self.resource, self.used), limit, _number(self.resource, self.asked)


def show_amount(resource: str, amount: int) -> str:
    """Write an amount as people say it: ``2 CPUs``, ``1.5 GiB``, ``2 GPUs``, ``1 A100 GPU``."""
    number = _number(resource, amount)
    if resource == "memory":
        return f"{number} GiB"
    unit = {"cpu": "CPU", "gpu": "GPU"}.get(resource, f"{resource} GPU")
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


def _number(resource: str, amount: int) -> str:
    if resource == "memory":
        gib = amount / 2**30
        return f"{gib:.0f}" if gib >= 100 else f"{gib:.3g}"
    return f"{amount / 1000:g}" if resource == "cpu" else str(amount)


def parse_memory(text: str | int) -> int:
    """Read ``"8Gi"``, ``"500M"`` or bytes into bytes.

    Raises
    ------
    ValueError
        If the text is not such a quantity.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    match = _QUANTITY.fullmatch(str(text).strip())
    if not match:
        raise ValueError(f"{text!r} is not an amount of memory such as 8Gi")
    return int(float(match[1]) * _SUFFIX[match[2] or ""])
