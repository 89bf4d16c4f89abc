"""Rounds, one after the other, in one world whose Jupyter Server lives on between them."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from .drive import Play
from .judge import Fault, judge
from .plan import plan
from .world import World


@dataclass(frozen=True)
class Played:
    """A round and what came of it."""

    faults: list[Fault]
    kills: Counter[str]
    jobs: int
    unknown: int
    seconds: float

    def __str__(self) -> str:
        kills = ", ".join(f"{count} × {victim}" for victim, count in sorted(self.kills.items()))
        ends = f"{self.jobs} jobs, {self.unknown} of them ExitUnknown"
        return f"{ends}; killed {kills or 'nothing'}; {len(self.faults)} faults; {self.seconds:.1f} s"


class Rounds:
    """Plays rounds of one seed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._world = World(folder)
        self._seed = seed
        # the service is started by whichever surface needs it, this process too
        self._environment = patch.dict(os.environ, self._world.variables)

    def __enter__(self) -> Rounds:
        self._environment.start()
        self._world.jupyter.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._world.end()
        self._environment.stop()

    def play(self, number: int) -> Played:
        """Play a round and judge it."""
        began = time.monotonic()
        round = plan(self._seed, number)
        play = Play(self._world, round)
        seen = play.run()
        unknown = sum(row["reason"] == "ExitUnknown" for row in seen.rows)
        faults = judge(round.jobs, seen)
        return Played(faults, Counter(play.kills), len(seen.rows), unknown, time.monotonic() - began)
