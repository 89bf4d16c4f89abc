"""What a fault's rounds are, so that one command can play them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol

from .judge import Fault


class Played(Protocol):
    """A round and what came of it; ``str`` gives it in a line."""

    @property
    def faults(self) -> Sequence[Fault]: ...


class Player(Protocol):
    """Plays rounds of one seed, one after the other."""

    def play(self, number: int) -> Played: ...


@dataclass(frozen=True)
class Campaign:
    """One fault of the promises.

    Parameters
    ----------
    rounds:
        How many, if nobody says.
    module:
        Beside this one; its ``Rounds(folder, seed)`` is entered, plays, and on exit ends whatever
        it has started.
    """

    rounds: int
    module: str
    about: str
    engine: str = "local"

    def open(self, folder: Path, seed: int) -> AbstractContextManager[Player]:
        """Prepare the rounds of a seed in a folder of their own."""
        rounds: Callable[[Path, int], AbstractContextManager[Player]]
        rounds = import_module(f".{self.module}", __package__).Rounds
        return rounds(folder, seed)


CAMPAIGNS = {
    "X1": Campaign(200, "x1", "kill -9 of the service, supervisors and the Jupyter Server"),
    "X2": Campaign(60, "x2", "services started at once, upgrades, the clock set back and forth"),
    "X3": Campaign(60, "x3", "disk full, store read-only, damaged, on a network"),
    "X6": Campaign(42, "x6", "PostgreSQL restarted, crashed, its connections cut, serialisation failures"),
    "X7": Campaign(
        50,
        "x7",
        "the service, API server, kubelet killed -9, Pods deleted, 410 at each restart",
        "kubernetes",
    ),
}


@dataclass
class Tally:
    """Rounds that were played, and what was wrong in them."""

    rounds: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def add(self, played: Played) -> None:
        """Count a round."""
        self.rounds += 1
        self.faults += Counter(fault.kind for fault in played.faults)

    def __str__(self) -> str:
        wrong = f", {self.faults['wrong']} wrong" if self.faults["wrong"] else ""
        return f"{self.rounds} rounds, {self.faults['lost']} lost, {self.faults['twice']} twice{wrong}"
