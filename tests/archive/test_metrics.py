"""Series of fixed size: what is written comes back as means over each window's steps."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from jupyter_jobsub.archive import LogArchive, MetricsArchive
from jupyter_jobsub.model.job import JobId, Micros, TaskKey
from jupyter_jobsub.model.metrics import FIGURES, PERIOD, WINDOWS, Gpu, Usage

KEY = TaskKey(JobId("job-1"), 1)
BEGIN = 1_700_000_000  # seconds; a multiple of 10, and of no longer step
MINUTE, HOUR, DAY = 60, 3600, 86400
SIZE = 49_428  # bytes of a file without GPUs


@pytest.fixture
def logs(tmp_path: Path) -> LogArchive:
    archive = LogArchive(tmp_path / "logs")
    archive.prepare(KEY)
    return archive


@pytest.fixture
def archive(logs: LogArchive) -> MetricsArchive:
    return MetricsArchive(logs)


def at(seconds: float) -> Micros:
    return Micros(round(seconds * 1_000_000))


def use(second: int) -> Usage:
    """What a task used in the period before a second: figures that differ, some of them unknown."""
    number = second // PERIOD
    known = number % 7 != 0
    return Usage(
        at=at(second),
        cpu=float(number % 1000) if known else None,
        memory=float(number * 4096),
        disk_read=float(number % 13),
        disk_write=0.0,
        network_received=None,
        network_sent=float(number % 5),
        gpus=[Gpu("GPU-a", "A100", 2**36, number % 4 / 4 if known else None, float(number))],
    )


def step_of(name: str, moments: list[int]) -> int:
    """The step of a window over samples that were taken at these seconds."""
    window = next(one for one in WINDOWS if one.name == name)
    step = window.step
    middle = [moment - PERIOD // 2 for moment in moments]
    while name == "lifetime" and middle[-1] // step - middle[0] // PERIOD * PERIOD // step >= window.slots:
        step *= 2
    return step


def expected(name: str, moments: list[int]) -> dict[int, list[float | None]]:
    """The means of each step of a window, by the second in which the step begins."""
    step, slots = step_of(name, moments), next(one.slots for one in WINDOWS if one.name == name)
    rows: dict[int, list[list[float]]] = defaultdict(lambda: [[] for _ in range(len(FIGURES) + 2)])
    for moment in moments:
        usage = use(moment)
        figures = [getattr(usage, figure) for figure in FIGURES]
        figures += [usage.gpus[0].utilization, usage.gpus[0].memory]
        for column, value in zip(rows[(moment - PERIOD // 2) // step * step], figures, strict=True):
            if value is not None:
                column.append(value)
    last = max(rows)
    return {
        begin: [sum(column) / len(column) if column else None for column in columns]
        for begin, columns in rows.items()
        if begin > last - slots * step
    }


def found(archive: MetricsArchive, name: str, now: int) -> dict[int, list[float | None]]:
    """What is read after a second in which a sample was taken, before the next."""
    series = archive.read(KEY, name, at(now + 9))
    ((gpu, utilization, memory),) = series.gpus
    assert (gpu.uuid, gpu.name, gpu.memory_total) == ("GPU-a", "A100", 2**36)
    columns = [*(series.figures[figure] for figure in FIGURES), utilization, memory]
    rows = {
        moment // 1_000_000: list(row)
        for moment, row in zip(series.at, zip(*columns, strict=True), strict=True)
    }
    begins = sorted(rows)
    assert all(second - first == series.step for first, second in pairwise(begins))
    return rows


def write(archive: MetricsArchive, moments: Iterable[int]) -> list[int]:
    written = []
    for moment in moments:
        archive.append(KEY, use(moment))
        written.append(moment)
    return written


def every(start: int, end: int, step: int = PERIOD) -> range:
    return range(BEGIN + start + PERIOD, BEGIN + end + PERIOD, step)


@pytest.mark.parametrize(
    ("moments", "lifetime"),
    [
        ([*every(0, 2 * HOUR)], 5 * MINUTE),
        # a month, looked at as often as the longest step needs, and at its end as often as the shortest
        ([*every(0, 30 * DAY - 4 * HOUR, 5 * MINUTE), *every(30 * DAY - 4 * HOUR, 30 * DAY)], 160 * MINUTE),
    ],
    ids=["two hours", "thirty days"],
)
def test_a_series_of_any_length_keeps_its_size_and_its_means(
    moments: list[int], lifetime: int, archive: MetricsArchive
) -> None:
    write(archive, moments[:1])
    size = archive.path(KEY).stat().st_size
    write(archive, moments[1:])
    assert archive.path(KEY).stat().st_size == size == SIZE + 588 * 24 + 200
    assert step_of("lifetime", moments) == lifetime
    for window in WINDOWS:
        rows = found(archive, window.name, moments[-1])
        assert rows == expected(window.name, moments), window.name
        assert len(rows) <= window.slots
    assert len(list(archive.path(KEY).parent.iterdir())) == 2  # with the log


def test_a_short_series_takes_little_of_the_disk(archive: MetricsArchive) -> None:
    write(archive, every(0, MINUTE))
    assert archive.path(KEY).stat().st_blocks * 512 <= 6 * 4096


def test_every_moment_of_a_long_life_is_in_its_lifetime(archive: MetricsArchive) -> None:
    moments: list[int] = []
    for day in range(9):
        moments += write(archive, every(day * DAY, day * DAY + HOUR, 5 * MINUTE))
        rows = found(archive, "lifetime", moments[-1])
        begun = expected("lifetime", moments)
        assert {begin: row for begin, row in rows.items() if row[1] is not None} == begun


def test_a_task_without_gpus_has_a_smaller_file(archive: MetricsArchive) -> None:
    archive.append(KEY, Usage(at(BEGIN + 5), cpu=1.0))
    assert archive.path(KEY).stat().st_size == SIZE
    series = archive.read(KEY, "15m", at(BEGIN + 10))
    assert (series.gpus, series.figures["cpu"], series.figures["memory"]) == ([], (1.0,), (None,))


def test_another_archive_goes_on_and_what_was_missed_is_a_gap(
    archive: MetricsArchive, logs: LogArchive
) -> None:
    before = write(archive, every(0, 5 * MINUTE))
    again = MetricsArchive(logs)
    after = write(again, every(7 * MINUTE, 8 * MINUTE))
    rows = found(again, "15m", after[-1])
    assert {begin: row for begin, row in rows.items() if row[1] is not None} == expected(
        "15m", before + after
    )
    assert len([row for row in rows.values() if row == [None] * 8]) == 12


def test_a_window_of_what_runs_ends_now(archive: MetricsArchive) -> None:
    write(archive, every(0, MINUTE))
    now = BEGIN + 3 * MINUTE
    assert max(found(archive, "15m", now)) == now - PERIOD
    assert [row[1] for row in found(archive, "15m", now).values()][-12:] == [None] * 12
    assert len(found(archive, "15m", BEGIN + DAY)) == 90
    assert min(found(archive, "lifetime", BEGIN + 5 * DAY)) == BEGIN // 300 * 300
    assert found(archive, "15m", BEGIN - DAY) == {}


def test_samples_that_come_a_little_early_or_late_count_where_they_should(archive: MetricsArchive) -> None:
    for number, late in enumerate((0, 4, -4, 3, 0), 1):
        archive.append(KEY, Usage(at(BEGIN + number * PERIOD + late), cpu=float(number)))
    series = archive.read(KEY, "15m", at(BEGIN + 55))
    assert series.figures["cpu"] == (1.0, 2.0, 3.0, 4.0, 5.0)
    assert series.at[0] == at(BEGIN)


@pytest.mark.parametrize("kept", [0, 1, 20, 100])
def test_a_record_that_was_not_written_whole_is_a_gap(kept: int, archive: MetricsArchive) -> None:
    write(archive, every(0, MINUTE))
    whole = archive.path(KEY).read_bytes()
    write(archive, every(MINUTE, MINUTE + PERIOD))
    torn = bytearray(archive.path(KEY).read_bytes())
    changed = [place for place in range(len(whole)) if torn[place] != whole[place]]
    for place in changed[kept:]:  # the rest of the last write never came to the disk
        torn[place] = whole[place]
    archive.path(KEY).write_bytes(torn)
    rows = found(archive, "15m", BEGIN + MINUTE + PERIOD)
    known = {begin: row for begin, row in rows.items() if row != [None] * 8}
    all_of_it = expected("15m", [*every(0, MINUTE + PERIOD)])
    assert known.items() <= all_of_it.items()
    assert len(known) >= 6
    moments = write(archive, every(MINUTE + PERIOD, 2 * MINUTE))
    assert expected("15m", moments).items() <= found(archive, "15m", moments[-1]).items()


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * SIZE, b"\xff" * SIZE])
def test_a_damaged_file_begins_anew(damage: bytes, archive: MetricsArchive) -> None:
    archive.path(KEY).write_bytes(damage)
    assert not archive.read(KEY, "15m", at(BEGIN)).at
    moments = write(archive, every(0, MINUTE))
    assert found(archive, "1h", moments[-1]) == expected("1h", moments)


def test_what_was_cut_off_reads_as_gaps(archive: MetricsArchive) -> None:
    moments = write(archive, every(0, MINUTE))
    os.truncate(archive.path(KEY), 5000)
    assert found(archive, "1h", moments[-1])
    assert set(map(tuple, found(archive, "1h", moments[-1]).values())) == {(None,) * 8}


def test_a_crash_while_it_is_replaced_leaves_the_one_before(
    archive: MetricsArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = write(archive, every(0, DAY - HOUR, 5 * MINUTE))
    with monkeypatch.context() as crash:
        crash.setattr(Path, "rename", _crash)
        with pytest.raises(OSError, match="crash"):
            archive.append(KEY, use(BEGIN + 2 * DAY))
    assert found(archive, "lifetime", moments[-1]) == expected("lifetime", moments)
    moments += write(archive, [BEGIN + 2 * DAY])
    rows = found(archive, "lifetime", moments[-1])
    assert expected("lifetime", moments).items() <= rows.items()


def _crash(*_: object) -> None:
    raise OSError("crash")


def test_a_clock_that_was_set_back_writes_nothing_before_the_begin(archive: MetricsArchive) -> None:
    moments = write(archive, every(0, MINUTE))
    write(archive, every(-HOUR, -HOUR + MINUTE))
    for window in WINDOWS:
        assert found(archive, window.name, moments[-1]) == expected(window.name, moments)


def test_a_series_is_sealed_with_its_log_and_ends_there(archive: MetricsArchive, logs: LogArchive) -> None:
    moments = write(archive, every(0, 2 * HOUR))
    logs.seal(KEY)
    archive.append(KEY, use(moments[-1] + MINUTE))
    for window in WINDOWS:
        assert found(archive, window.name, moments[-1] + 7 * DAY) == expected(window.name, moments)


def test_nothing_is_made_for_a_job_of_which_nothing_is_kept(
    archive: MetricsArchive, logs: LogArchive
) -> None:
    write(archive, every(0, MINUTE))
    shutil.rmtree(logs.path(KEY).parent)
    assert not archive.read(KEY, "15m", at(BEGIN)).at
    archive.append(KEY, use(BEGIN))
    assert not archive.path(KEY).parent.exists()


def test_each_task_has_its_own(archive: MetricsArchive, logs: LogArchive) -> None:
    other = TaskKey(JobId("job-1"), 1, "worker", 3)
    logs.prepare(other)
    write(archive, every(0, MINUTE))
    archive.append(other, Usage(at(BEGIN + 5), cpu=7.0))
    series = archive.read(other, "15m", at(BEGIN + 10))
    assert series.figures["cpu"] == (7.0,)
    assert found(archive, "15m", BEGIN + MINUTE) == expected("15m", [*every(0, MINUTE)])
