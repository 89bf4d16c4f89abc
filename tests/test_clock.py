"""The steady clock: what a setting of the machine's clock does to it."""

from __future__ import annotations

import pytest

from jupyter_jobsub import clock

SECOND = 1_000_000
HOUR = 3600 * SECOND


class Machine:
    """A machine whose clock can be set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.up = 1_800_000_000 * SECOND, 50 * SECOND
        monkeypatch.setattr(clock, "wall_clock", lambda: self.wall)
        monkeypatch.setattr(clock, "uptime", lambda: self.up)

    def wait(self, time: int) -> None:
        self.wall += time
        self.up += time


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_it_goes_with_the_machines(machine: Machine) -> None:
    steady = clock.SteadyClock()
    for time in (1, SECOND, HOUR):
        machine.wait(time)
        assert steady() == machine.wall


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_a_step_moves_it_by_a_tenth_of_what_passes_until_it_is_right(machine: Machine, step: int) -> None:
    steady = clock.SteadyClock()
    before = steady()
    machine.wall += step
    assert steady() == before
    machine.wait(60 * SECOND)
    assert abs(steady() - before - 60 * SECOND) == 6 * SECOND
    machine.wait(9 * HOUR)
    assert steady() != machine.wall
    machine.wait(HOUR)
    assert steady() == machine.wall


def test_however_often_it_is_asked_it_never_goes_back(machine: Machine) -> None:
    steady = clock.SteadyClock()
    machine.wall -= HOUR
    times = [steady()]
    for _ in range(1000):
        machine.wait(7)
        times.append(steady())
    assert times == sorted(times)
    assert times[-1] - times[0] >= 7000 * 9 // 10


@pytest.mark.parametrize("step", [-400 * 24 * HOUR, 8 * HOUR])
def test_a_clock_that_is_far_off_is_followed(machine: Machine, step: int) -> None:
    steady = clock.SteadyClock()
    machine.wall += step
    assert steady() == machine.wall
