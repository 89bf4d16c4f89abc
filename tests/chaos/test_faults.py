"""Some rounds of each fault, every happening among them; `make chaos` plays more.

Those on Kubernetes are in ``tests/kubernetes/test_chaos.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from . import x2, x3, x6
from .campaign import CAMPAIGNS

SEED = 1
ROUNDS = {"X1": 20, "X2": 2 * len(x2.HAPPENINGS), "X3": len(x3.HAPPENINGS), "X6": len(x6.HAPPENINGS)}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", ROUNDS)
def test_nothing_is_lost_and_nothing_runs_twice(fault: str, tmp_path: Path) -> None:
    with CAMPAIGNS[fault].open(tmp_path, SEED) as player:
        for number in range(ROUNDS[fault]):
            played = player.play(number)
            faults = [f"{found.kind}: {found.text}" for found in played.faults]
            assert not faults, f"round {number} of seed {SEED} ({played}): {faults}"
