"""Rounds of a fault that has several happenings, each of which takes its turn."""

from __future__ import annotations

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from .judge import Fault
from .plan import PlannedJob, some_jobs


@dataclass(frozen=True)
class Played:
    """A round and what came of it."""

    happening: str
    faults: list[Fault]
    refusals: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.happening}: {self.refusals} refusals; {len(self.faults)} faults; {self.seconds:.1f} s"


class Happenings(ABC):
    """Plays rounds of one seed, with jobs submitted straight to the service."""

    fault: ClassVar[str]
    happenings: ClassVar[Sequence[Callable[..., Any]]]
    jobs: ClassVar[int]

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def play(self, number: int) -> Played:
        """Play a round and judge it."""
        began = time.monotonic()
        dice = random.Random(f"{self.fault}.{self._seed}.{number}")
        drawn = some_jobs(dice, f"{self.fault}-{self._seed}-{number}", self.jobs)
        happens = self.happenings[number % len(self.happenings)]
        faults, refusals = self.happen(
            happens, [replace(job, surface="socket") for job in drawn], number, dice
        )
        return Played(happens.__name__, faults, refusals, time.monotonic() - began)

    @abstractmethod
    def happen(
        self, happens: Callable[..., Any], jobs: list[PlannedJob], number: int, dice: random.Random
    ) -> tuple[list[Fault], int]:
        """Bring it about; answer the faults, and how often something was refused."""
