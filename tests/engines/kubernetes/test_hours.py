"""The cluster's time is told by its answers, whatever this machine's clock says."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from jupyter_jobsub.engines.kubernetes import hours as module
from jupyter_jobsub.engines.kubernetes.hours import SECOND, Hours

THERE = 1_000_000.0  # what its clock says when ours is at 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def hear(hours: Hours, clock: list[float], at: float, took: float = 0.0, there: float = THERE) -> None:
    clock[0] = at + took
    hours.hear(formatdate(there + at, usegmt=True), at)


def test_nobody_has_told(clock: list[float]) -> None:
    hours = Hours()
    assert hours.now() is None
    for date in (None, "", "yesterday"):
        hours.hear(date, 0)
    assert hours.now() is None


def test_it_is_never_ahead_and_more_exact_with_each_answer(clock: list[float]) -> None:
    hours, late = Hours(), []
    for at in (0.9, 5.5, 7.25, 8.01):
        hear(hours, clock, at, took=0.001)
        told = hours.now()
        assert told is not None
        late.append((THERE + clock[0]) - told / SECOND)
    assert late == sorted(late, reverse=True)
    assert 0 <= late[-1] < 0.02


def test_an_answer_that_takes_long_says_little(clock: list[float]) -> None:
    hours = Hours()
    hear(hours, clock, 1.0)
    before = hours.now()
    hear(hours, clock, 2.0, took=30)
    assert before is not None
    assert hours.now() == before + 31 * SECOND


@pytest.mark.parametrize("step", [-3600, 3600])
def test_a_clock_that_is_set_is_followed(clock: list[float], step: int) -> None:
    hours = Hours()
    hear(hours, clock, 1.0)
    hear(hours, clock, 2.0, there=THERE + step)
    assert hours.now() == round((THERE + step + 2) * SECOND)
