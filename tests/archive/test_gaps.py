"""What readers see of a log that was cut in its middle."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_jobsub.archive import Gap, LogArchive
from jupyter_jobsub.archive.pieces import gap_path
from jupyter_jobsub.model.job import JobId, TaskKey

KEY = TaskKey(JobId("job-1"), 1)
HEAD, TAIL = b"one\ntwo\n", b"eight\nnine\n"
GAP = Gap(len(HEAD), len(HEAD) + 3 * 2**20)
SIZE = GAP.end + len(TAIL)
MARK = b"[jobsub: 3 MiB dropped here, the log had reached its limit]\n"


@pytest.fixture
def cut(archive: LogArchive) -> LogArchive:
    path = archive.prepare(KEY)
    with open(path, "wb") as file:
        file.write(HEAD)
        file.seek(GAP.end)
        file.write(TAIL)
    gap_path(path).write_text(f"{GAP.start} {GAP.end}\n")
    return archive


def test_info_names_the_gap(cut: LogArchive) -> None:
    info = cut.info(KEY)
    assert info is not None
    assert info.gaps == (GAP,)
    assert info.size == SIZE


def test_a_range_over_the_gap_shows_one_line_for_it(cut: LogArchive) -> None:
    chunk = cut.read(KEY, 0, 100)
    assert (chunk.data, chunk.end) == (HEAD + MARK, GAP.end)
    rest = cut.read(KEY, chunk.end, 100)
    assert (rest.data, rest.end) == (TAIL, SIZE)


def test_small_ranges_show_it_once(cut: LogArchive) -> None:
    parts, at = [], 0
    while (chunk := cut.read(KEY, at, 4)).data:
        parts.append(chunk.data)
        at = chunk.end
    assert b"".join(parts) == HEAD + MARK + TAIL


def test_a_reader_inside_the_gap_learns_what_it_missed(cut: LogArchive) -> None:
    chunk = cut.read(KEY, GAP.end - 2**20, 100)
    assert chunk.data == MARK.replace(b"3 MiB", b"1 MiB")
    assert chunk.end == GAP.end


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (1, b"nine\n"),
        (2, TAIL),
        (3, MARK + TAIL),
        (4, b"two\n" + MARK + TAIL),
        (5, HEAD + MARK + TAIL),
        (50, HEAD + MARK + TAIL),
    ],
)
def test_the_gap_counts_as_a_line_of_a_tail(cut: LogArchive, lines: int, expected: bytes) -> None:
    assert cut.tail(KEY, lines).data == expected


def test_a_tail_that_ends_at_the_gap(cut: LogArchive) -> None:
    assert cut.tail(KEY, 2, before=GAP.end).data == b"two\n" + MARK
    assert cut.tail(KEY, 1, before=GAP.start).data == b"two\n"


def test_the_marker_stands_on_a_line_of_its_own(archive: LogArchive) -> None:
    path = archive.prepare(KEY)
    path.write_bytes(b"torn" + b"\0" * 2048 + b"line\n")
    gap_path(path).write_text("4 2052\n")
    assert (
        archive.tail(KEY, 9).data
        == b"torn\n[jobsub: 2 KiB dropped here, the log had reached its limit]\nline\n"
    )


def test_what_the_file_still_holds_of_the_gap_is_not_shown(archive: LogArchive, tmp_path: Path) -> None:
    """The bounds are on disk before the bytes are dropped: a crash between the two changes nothing."""
    path = archive.prepare(KEY)
    path.write_bytes(b"a\n" + b"SECRET\n" * 100 + b"z\n")
    gap_path(path).write_text("2 702\n")
    assert b"SECRET" not in archive.read(KEY, 0, 10_000).data + archive.tail(KEY, 10_000).data


def test_a_gap_that_grows_while_it_is_read_is_read_again(
    archive: LogArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive.prepare(KEY)
    path.write_bytes(b"a\n" + b"b\n" * 500 + b"z\n")
    from jupyter_jobsub.archive import logs

    real = logs.read_range

    def cut_meanwhile(fd: int, start: int, end: int, gap: Gap | None, *, stamped: bool) -> bytes:
        if not gap_path(path).exists():
            path.write_bytes(b"a\n" + b"\0" * 1000 + b"z\n")
            gap_path(path).write_text("2 1002\n")
        return real(fd, start, end, gap, stamped=stamped)

    monkeypatch.setattr(logs, "read_range", cut_meanwhile)
    assert (
        archive.tail(KEY, 9).data
        == b"a\n[jobsub: 1000 bytes dropped here, the log had reached its limit]\nz\n"
    )
