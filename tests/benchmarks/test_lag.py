"""How the lag of a log is taken from what its readers get."""

from __future__ import annotations

from benchmarks import lag


def test_the_first_lines_do_not_count_and_the_slowest_twentieth_is_left_out() -> None:
    lags = [1000.0] * lag.FIRST + [2.0] * 96 + [50.0] * 4 + [1000.0]
    assert lag.p95(iter(lags)) == 2.0


def test_a_line_is_as_late_as_its_reader_got_it() -> None:
    assert list(lag.lags(5 * 10**6, ["1000000", "4500000"])) == [4.0, 0.5]
