"""Some rounds of X7; ``make chaos ENGINE=kubernetes`` plays more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chaos.x7 import Rounds
from tests.kubernetes.cluster import Cluster

SEED, ROUNDS = 1, 10


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_pod_is_lost_and_none_runs_twice(
    private_cluster: Callable[..., Cluster], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Rounds(tmp_path_factory.mktemp("x7"), SEED, private_cluster) as player:
        for number in range(ROUNDS):
            played = player.play(number)
            faults = [f"{found.kind}: {found.text}" for found in played.faults]
            assert not faults, f"round {number} of seed {SEED} ({played}): {faults}"
