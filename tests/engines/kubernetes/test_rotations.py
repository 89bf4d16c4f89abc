"""What the beginning of a node's newest file says about what was followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_jobsub.engines.kubernetes.logfile import MARK, SEAM, LogFile
from jupyter_jobsub.engines.kubernetes.rotations import Rotations

from .kubelet import BEGIN, SECOND, stamp


class Log:
    """A file with what came, each line by its time in microseconds."""

    def __init__(self, folder: Path) -> None:
        path = folder / "1.main.0.stamped.log"
        path.touch()
        self.file = LogFile(path, 0)
        self.rotations = Rotations(self.file)

    def came(self, *times: int) -> None:
        self.file.append(lines(*times))

    def newest(self, *times: int) -> None:
        self.rotations.saw(lines(*times))


def lines(*times: int) -> bytes:
    return b"".join(stamp(BEGIN + time * 1000) + b"line\n" for time in times)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_the_first_file_has_nothing_before_it(log: Log) -> None:
    log.came(1, 2, 3)
    log.newest(1, 2)
    assert log.rotations.judge() == b""


def test_a_file_that_has_not_come_yet_is_waited_for(log: Log) -> None:
    log.came(1, 2)
    log.newest(60_000_000, 60_000_001)
    assert log.rotations.judge() == b""
    log.came(60_000_000)
    assert log.rotations.judge() == b""
    log.came(60_000_001)
    assert log.rotations.judge() == b""
    log.came(90_000_000)
    assert log.rotations.judge() == b""


def test_at_the_seam_of_two_files_lines_may_be_missing(log: Log) -> None:
    log.came(1, 2, 3, 4)
    log.newest(3, 4)
    assert log.rotations.judge() == SEAM
    assert log.rotations.judge() == b""


def test_not_if_nothing_else_was_written_then(log: Log) -> None:
    log.came(1, 60_000, 60_001)
    log.newest(60_000, 60_001)
    assert log.rotations.judge() == b""


def test_a_file_that_begins_amid_a_line_has_its_beginning_from_the_one_before(log: Log) -> None:
    log.came(1, 2, 4)  # the end of the second line is the first that the new file has
    log.newest(3, 4)
    assert log.rotations.judge() == b""


def test_a_file_of_one_line_alone_that_begins_amid_it_is_told_by_its_text(log: Log) -> None:
    pieces = [b" ".join(b"%d.%d" % (piece, n) for n in range(1000)) for piece in range(3)]
    log.file.append(stamp(BEGIN) + pieces[0])
    log.rotations.saw(stamp(BEGIN + SECOND) + pieces[1])
    assert log.rotations.judge() == b"", "it may still come"
    log.file.append(pieces[1])
    assert log.rotations.judge(ended=True) == b""
    log.rotations.saw(stamp(BEGIN + 2 * SECOND) + pieces[2])
    assert log.rotations.judge(ended=True) == MARK


def test_a_file_that_never_came(log: Log) -> None:
    log.came(1, 2)
    log.newest(5_000_000, 5_000_001)
    log.came(9_000_000)
    assert log.rotations.judge() == MARK
    log.newest(9_000_000)
    assert log.rotations.judge() == b""


def test_one_that_has_not_come_when_nothing_more_comes(log: Log) -> None:
    log.came(1, 2)
    log.newest(3)
    assert log.rotations.judge() == b""
    assert log.rotations.judge(ended=True) == MARK


def test_what_follows_a_mark_needs_no_other(log: Log) -> None:
    log.came(1)
    log.file.mark()
    log.came(2, 3)
    log.newest(2, 3)
    assert log.rotations.judge() == b""


def test_a_note_stands_between_two_lines(log: Log) -> None:
    log.came(1)
    log.file.append(lines(2)[:-2])
    log.file.note(SEAM)
    log.file.append(b"e\n" + lines(3))
    assert log.file.read(0, log.file.size) == lines(1, 2) + SEAM + lines(3)


def test_a_beginning_is_found_far_behind(log: Log) -> None:
    log.came(*range(60_000))
    log.came(SECOND, SECOND + 1)
    log.newest(30_000, 30_001)
    assert log.rotations.judge() == SEAM
