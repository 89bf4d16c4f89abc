"""A log that reached its limit loses its middle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_jobsub.archive.pieces import Gap, read_gap
from jupyter_jobsub.engines.local.supervisor import cap as cap_module
from jupyter_jobsub.engines.local.supervisor.cap import Cap, punch

LIMIT = 256 * 1024


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "1.main.0.log"
    path.touch()
    return path


def write(log: Path, size: int) -> None:
    with open(log, "ab") as file:
        file.write(b"%015d\n" * (size // 16) % tuple(range(size // 16)))


def test_below_the_limit_nothing_is_dropped(log: Path) -> None:
    write(log, LIMIT)
    Cap(os.fsencode(log), LIMIT).keep()
    assert read_gap(log) is None


def test_the_first_quarter_and_the_newest_half_are_kept(log: Path) -> None:
    write(log, 4 * LIMIT)
    before = log.read_bytes()
    Cap(os.fsencode(log), LIMIT).keep()
    gap = read_gap(log)
    assert gap is not None
    after = log.read_bytes()
    assert LIMIT // 4 <= gap.start <= LIMIT // 4 + 16
    assert LIMIT // 2 - 16 <= len(after) - gap.end <= LIMIT // 2
    assert after[: gap.start] == before[: gap.start]
    assert after[gap.end :] == before[gap.end :]
    assert not after[gap.start : gap.end].strip(b"\0")
    assert before[gap.start - 1 : gap.start] == before[gap.end - 1 : gap.end] == b"\n"


@pytest.mark.parametrize("before", [LIMIT // 4 - 31, LIMIT // 4 - 1, LIMIT // 4 - 5000])
def test_a_long_line_is_not_cut_in_the_time_at_its_beginning(log: Path, before: int) -> None:
    log.write_bytes(b"x" * (before - 1) + b"\n" + b"2026-11-21T17:53:16.123456789Z " + b"x" * 2 * LIMIT)
    Cap(os.fsencode(log), LIMIT).keep()
    gap = read_gap(log)
    assert gap is not None
    assert gap.start == (before if before > LIMIT // 4 - 31 - 1 else LIMIT // 4)


def test_the_disk_is_freed(log: Path) -> None:
    write(log, 8 * LIMIT)
    Cap(os.fsencode(log), LIMIT).keep()
    os.sync()
    assert log.stat().st_blocks * 512 <= LIMIT


def test_the_hole_grows_with_the_log_and_keeps_its_beginning(log: Path) -> None:
    cap = Cap(os.fsencode(log), LIMIT)
    gaps = []
    for _ in range(12):
        write(log, LIMIT // 2)
        cap.keep()
        gaps.append(read_gap(log))
        size, gap = log.stat().st_size, gaps[-1] or Gap(0, 0)
        assert size - (gap.end - gap.start) <= LIMIT
    known = [gap for gap in gaps if gap]
    assert len({gap.start for gap in known}) == 1
    assert [gap.end for gap in known] == sorted(gap.end for gap in known)


def test_a_successor_goes_on_with_the_recorded_hole(log: Path) -> None:
    write(log, 4 * LIMIT)
    Cap(os.fsencode(log), LIMIT).keep()
    first = read_gap(log)
    write(log, 4 * LIMIT)
    Cap(os.fsencode(log), LIMIT).keep()
    second = read_gap(log)
    assert first is not None
    assert second is not None
    assert (second.start, second.end > first.end) == (first.start, True)


def test_a_hole_that_was_recorded_and_not_made_is_made_later(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supervisor was killed between the two."""

    def killed(*args: object) -> bool:
        raise KeyboardInterrupt

    write(log, 4 * LIMIT)
    monkeypatch.setattr(cap_module, "punch", killed)
    with pytest.raises(KeyboardInterrupt):
        Cap(os.fsencode(log), LIMIT).keep()
    monkeypatch.undo()
    assert read_gap(log) is not None
    write(log, LIMIT)
    Cap(os.fsencode(log), LIMIT).keep()
    gap = read_gap(log)
    assert gap is not None
    assert not log.read_bytes()[gap.start : gap.end].strip(b"\0")


def test_one_endless_line_is_cut_too(log: Path) -> None:
    log.write_bytes(b"x" * 4 * LIMIT)
    Cap(os.fsencode(log), LIMIT).keep()
    gap = read_gap(log)
    assert gap is not None
    assert 4 * LIMIT - (gap.end - gap.start) <= LIMIT


def test_no_limit_keeps_all(log: Path) -> None:
    write(log, 4 * LIMIT)
    Cap(os.fsencode(log), 0).keep()
    assert read_gap(log) is None


def test_a_file_system_that_cannot_drop_keeps_all(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cap_module, "punch", lambda *args: False)
    write(log, 4 * LIMIT)
    before = log.read_bytes()
    Cap(os.fsencode(log), LIMIT).keep()
    assert log.read_bytes() == before
    assert read_gap(log) is None


def test_punching_says_whether_it_could(log: Path) -> None:
    write(log, LIMIT)
    with open(log, "rb+") as file:
        assert punch(file.fileno(), 0, 4096)
        assert not punch(file.fileno(), -1, 4096)
