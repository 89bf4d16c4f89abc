"""Amounts of cpu, memory and devices, as integers that add up exactly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

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

    @property
    def gpus(self) -> int:
        """All devices, of whatever type."""
        return sum(self.gpu.values())

    def __add__(self, other: Resources) -> Resources:
        types = {**self.gpu, **other.gpu}
        gpu = {t: self.gpu.get(t, 0) + other.gpu.get(t, 0) for t in types}
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

    def __str__(self) -> str:
        used, limit, asked = (show_amount(self.resource, n) for n in (self.used, self.limit, self.asked))
        return f"{used} of {limit} in use; this job asks {asked}"


def show_amount(resource: str, amount: int) -> str:
    """Write an amount as people say it: ``2 CPU``, ``1.5 GiB``, ``2 GPU``, ``1 A100``."""
    if resource == "cpu":
        return f"{amount / 1000:g} CPU"
    if resource == "memory":
        return f"{amount / 2**30:.3g} GiB"
    return f"{amount} {'GPU' if resource == 'gpu' else resource}"


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
