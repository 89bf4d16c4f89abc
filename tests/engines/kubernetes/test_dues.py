"""When a task's time is over, by a clock that nobody sets."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes.dues import AGAIN, SECOND, Dues
from jupyter_jobsub.engines.kubernetes.verdict import Seen
from jupyter_jobsub.model.job import Micros

NOW = Micros(1_000_000 * SECOND)
WAITS = Seen(scheduled=True)


def started(ago: float) -> Seen:
    return replace(WAITS, started_at=Micros(NOW - round(ago * SECOND)))


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        loop = type("Loop", (), {"time": lambda _: self.now})()
        monkeypatch.setattr(asyncio, "get_running_loop", lambda: loop)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def look(dues: Dues, seen: Seen, **more: Any) -> None:
    dues.look(seen, more.get("grace"), more.get("deadline", 10), more.get("now", NOW))


def test_who_is_seen_to_start_has_all_its_time_whatever_the_clocks_say(clock: Clock) -> None:
    dues = Dues()
    look(dues, WAITS)
    clock.now = 0.5
    look(dues, started(1000))
    assert dues.pause() == pytest.approx(9.5)
    clock.now = 9.9
    assert not dues.late
    clock.now = 10
    assert dues.late
    assert dues.pause() is None


def test_who_is_taken_over_has_the_rest_of_its_time(clock: Clock) -> None:
    dues = Dues()
    look(dues, started(5))
    assert dues.pause() == pytest.approx(10 - 5 + 1)  # its node tells whole seconds


def test_who_started_while_nobody_could_look_has_what_is_left(clock: Clock) -> None:
    dues = Dues()
    look(dues, WAITS)
    clock.now = 100
    look(dues, started(3))
    assert dues.pause() == pytest.approx(10 - 2)


def test_a_node_whose_clock_is_ahead_ends_nothing_early(clock: Clock) -> None:
    dues = Dues()
    look(dues, started(-3600))
    assert dues.pause() == 10


def test_without_a_deadline_nothing_is_late(clock: Clock) -> None:
    dues = Dues()
    look(dues, started(5), deadline=None)
    clock.now = 1e9
    assert not dues.late


def test_the_least_grace_counts_from_when_it_was_told(clock: Clock) -> None:
    dues = Dues()
    look(dues, started(0), grace=100, deadline=None)
    clock.now = 1
    look(dues, started(0), grace=100, deadline=None)
    assert dues.pause() == 99
    look(dues, started(0), grace=2, deadline=None)
    clock.now = 2
    look(dues, started(0), grace=50, deadline=None)
    assert dues.pause() == 1
    clock.now = 3
    assert dues.graced


def test_what_was_killed_is_given_time(clock: Clock) -> None:
    dues = Dues()
    look(dues, started(0), grace=0, deadline=None)
    assert dues.graced
    dues.killed()
    assert not dues.graced
    assert dues.pause() == AGAIN
