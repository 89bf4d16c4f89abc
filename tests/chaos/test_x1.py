"""Some rounds of X1; `make chaos` plays two hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from .x1 import Rounds

ROUNDS = 20
SEED = 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_nothing_is_lost_and_nothing_runs_twice(tmp_path: Path) -> None:
    with Rounds(tmp_path, SEED) as rounds:
        for number in range(ROUNDS):
            faults = [f"{fault.kind}: {fault.text}" for fault in rounds.play(number).faults]
            assert not faults, f"round {number} of seed {SEED}: {faults}"
