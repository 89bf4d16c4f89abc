"""Some rounds of X2; `make chaos` plays more."""

from __future__ import annotations

from pathlib import Path

import pytest

from .x2 import HAPPENINGS, Rounds

SEED = 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_of_many_services_wins_an_upgrade_adopts_and_no_clock_ends_a_job(tmp_path: Path) -> None:
    with Rounds(tmp_path, SEED) as rounds:
        for number in range(2 * len(HAPPENINGS)):
            played = rounds.play(number)
            faults = [f"{fault.kind}: {fault.text}" for fault in played.faults]
            assert not faults, f"{played.happening}, round {number} of seed {SEED}: {faults}"
