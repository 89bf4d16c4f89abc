"""Rates between samples, and means over longer times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_jobsub.model.job import Micros
from jupyter_jobsub.model.metrics import (
    WINDOWS,
    Bucket,
    Gpu,
    Sample,
    Usage,
    at_start,
    bucket,
    doubled,
    series,
    usage,
)

SECOND = 1_000_000


def at(seconds: float) -> Micros:
    return Micros(round(seconds * SECOND))


def test_rates_are_what_was_used_in_the_time_between() -> None:
    gpus = [Gpu("GPU-a", "A100", 40, 0.5, 20)]
    before = Sample(at(100), 3 * SECOND, 70, 1000, 0, 500, 10**12)
    after = Sample(at(110), 18 * SECOND, 50, 1000, 2**20, 600, 10**12 + 5, gpus)
    assert usage(before, after) == Usage(at(110), 1500, 50, 0, 2**20 / 10, 10, 0.5, gpus)


def test_what_is_not_known_has_no_rate() -> None:
    after = Sample(at(10), 5, 6, 7, None, 9, 10)
    assert usage(None, after) == Usage(at(10), memory=6)
    assert usage(Sample(at(0)), after) == Usage(at(10), memory=6)
    assert usage(Sample(at(10), 0, 0, 0, 0, 0, 0), after) == Usage(at(10), memory=6)  # no time has passed
    assert usage(Sample(at(11), 0, 0, 0, 0, 0, 0), after) == Usage(at(10), memory=6)  # the clock was set back


def test_a_counter_that_began_anew_is_no_use() -> None:
    assert usage(Sample(at(0), cpu=9), Sample(at(10), cpu=5)).cpu == 0


def test_a_task_begins_with_nothing_used() -> None:
    found = usage(at_start(at(5)), Sample(at(10), 10 * SECOND, 1, 50, 100, 10**9, 10**9))
    assert found == Usage(at(10), 2000, 1, 10, 20, None, None)


@given(st.integers(0, 2**40), st.integers(0, 2**40), st.integers(1, 10**8))
def test_no_rate_is_negative(first: int, second: int, elapsed: int) -> None:
    found = usage(Sample(Micros(0), cpu=first), Sample(Micros(elapsed), cpu=second))
    assert found.cpu is not None
    assert found.cpu >= 0


def test_windows_are_as_long_as_they_are_called() -> None:
    assert {one.name: one.step * one.slots for one in WINDOWS} == {
        "15m": 900,
        "1h": 3600,
        "3h": 3 * 3600,
        "lifetime": 86400,
    }
    assert [one.step for one in WINDOWS] == [10, 30, 120, 300]


def test_a_mean_is_of_what_is_known() -> None:
    gpus = [Gpu("GPU-a", "A100", 40), Gpu("GPU-b", "A100", 40)]
    first = bucket(Usage(at(10), cpu=100, memory=5, gpus=[Gpu("GPU-b", "A100", 40, 0.5, 7)]), gpus, 3)
    second = bucket(Usage(at(20), cpu=None, memory=8), gpus, 3)
    both = first.merged(second)
    assert both.slot == 3
    assert both.means() == [100, 6.5, None, None, None, None, None, None, 0.5, 7]


buckets = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 1000), st.integers(1, 5)), unique_by=lambda row: row[0]
).map(lambda rows: [Bucket(slot, (float(total),), (count,)) for slot, total, count in rows])


@given(buckets)
def test_doubling_keeps_sums_and_halves_slots(before: list[Bucket]) -> None:
    after = {one.slot: one for one in doubled(before)}
    assert set(after) == {one.slot // 2 for one in before}
    for slot, one in after.items():
        parts = [each for each in before if each.slot // 2 == slot]
        assert one.sums == (sum(part.sums[0] for part in parts),)
        assert one.counts == (sum(part.counts[0] for part in parts),)


def test_a_series_has_a_place_for_each_step() -> None:
    gpus = [Gpu("GPU-a", "A100", 40)]
    one = bucket(Usage(at(35), cpu=7, memory=9, gpus=[Gpu("GPU-a", "A100", 40, 1.0, 3)]), gpus, 3)
    found = series(10, range(2, 5), [one], gpus)
    assert (found.step, list(found.at)) == (10, [at(20), at(30), at(40)])
    assert (found.figures["cpu"], found.figures["memory"]) == ((None, 7, None), (None, 9, None))
    assert found.gpus == [(gpus[0], (None, 1.0, None), (None, 3, None))]
    nothing = series(10, range(0), [one], gpus)
    assert (list(nothing.at), list(nothing.figures["cpu"])) == ([], [])
