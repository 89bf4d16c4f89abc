from __future__ import annotations

import asyncio

import pytest

from jupyter_jobsub.engines.kubernetes.throttle import Throttle


class Time:
    """Goes on by what is slept."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def throttle(time: Time) -> Throttle:
    return Throttle(8, 5, time, time.sleep)


def take(throttle: Throttle, times: int) -> None:
    async def run() -> None:
        for _ in range(times):
            await throttle.take()

    asyncio.run(run())


def test_a_burst_is_free_and_the_rest_at_the_rate(time: Time, throttle: Throttle) -> None:
    take(throttle, 5)
    assert time.slept == []
    take(throttle, 16)
    assert time.now == 1002.0


def test_what_is_not_used_is_saved_up_to_a_burst(time: Time, throttle: Throttle) -> None:
    take(throttle, 5)
    time.now += 3600
    take(throttle, 5)
    assert time.slept == []
    take(throttle, 1)
    assert time.slept == [0.125]


def test_a_rest_is_kept_by_all_who_come_after_it(time: Time, throttle: Throttle) -> None:
    throttle.rest(7)
    take(throttle, 3)
    assert time.slept == [7, 0.125, 0.125]
    throttle.rest(0)
    take(throttle, 1)
    assert time.now == 1007.375


def test_who_comes_at_once_waits_in_the_order_of_asking(time: Time) -> None:
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    async def run() -> None:
        throttle = Throttle(8, 1, time, note)
        await asyncio.gather(*(throttle.take() for _ in range(4)))

    asyncio.run(run())
    assert waits == [0.125, 0.25, 0.375]
