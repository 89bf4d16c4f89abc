"""Each of X6's happenings once; `make chaos` plays more."""

from __future__ import annotations

from pathlib import Path

import pytest

from .x6 import HAPPENINGS, Rounds

SEED = 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_database_that_fails_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    with Rounds(tmp_path, SEED) as rounds:
        for number, happens in enumerate(HAPPENINGS):
            faults = [f"{fault.kind}: {fault.text}" for fault in rounds.play(number).faults]
            assert not faults, f"{happens.__name__}, round {number} of seed {SEED}: {faults}"
