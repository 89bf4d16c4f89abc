"""Ranges and tails of logs that nobody writes to."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_jobsub.archive import Chunk, Gap, LogArchive
from jupyter_jobsub.archive.pieces import BLOCK, gap_path
from jupyter_jobsub.model.job import JobId, TaskKey

KEY = TaskKey(JobId("job-1"), 1)


def fill(archive: LogArchive, data: bytes, key: TaskKey = KEY, gap: Gap | None = None) -> None:
    path = archive.prepare(key)
    path.write_bytes(data)
    if gap:
        gap_path(path).write_text(f"{gap.start} {gap.end}\n")


def last_lines(data: bytes, count: int) -> bytes:
    lines = data.split(b"\n")
    ended = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return b"".join(ended[-count:]) if count else b""


texts = st.lists(st.sampled_from([b"a", b"b\r", b"\n", b"\r\n", "é".encode(), "😀".encode(), b"x" * 70])).map(
    b"".join
)


@given(texts, st.integers(0, 12))
@settings(max_examples=150, deadline=None)
def test_tail_is_the_last_lines(data: bytes, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = LogArchive(Path(folder))
        fill(archive, data)
        expected = last_lines(data, count)
        assert archive.tail(KEY, count) == Chunk(expected, len(data) - len(expected), len(data))


@given(texts, st.data())
@settings(max_examples=100, deadline=None)
def test_tails_before_one_another_make_the_whole(data: bytes, draw: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = LogArchive(Path(folder))
        fill(archive, data)
        parts, end = [], None
        while end != 0:
            chunk = archive.tail(KEY, draw.draw(st.integers(1, 4)), before=end)
            parts.insert(0, chunk.data)
            end = chunk.start
        assert b"".join(parts) == data


@given(st.lists(st.binary(max_size=12)).map(b"".join), st.integers(1, 9))
@settings(max_examples=100, deadline=None)
def test_ranges_of_any_bytes_make_the_whole(data: bytes, limit: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = LogArchive(Path(folder))
        fill(archive, data)
        archive.seal(KEY)
        parts, at = [], 0
        while (chunk := archive.read(KEY, at, limit)).data:
            assert chunk.start == at
            parts.append(chunk.data)
            at = chunk.end
        assert b"".join(parts) == data


@given(st.text(max_size=40), st.integers(1, 9))
@settings(max_examples=100, deadline=None)
def test_ranges_cut_no_character(text: str, limit: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = LogArchive(Path(folder))
        fill(archive, text.encode())
        parts, at = [], 0
        while (chunk := archive.read(KEY, at, limit)).data:
            parts.append(chunk.data.decode())
            at = chunk.end
        assert "".join(parts) == text


@pytest.mark.parametrize("character", ["é", "€", "😀"])
def test_the_beginning_of_a_character_is_held_back_until_the_log_is_sealed(
    archive: LogArchive, character: str
) -> None:
    cut = character.encode()[:-1]
    fill(archive, b"ab" + cut)
    assert archive.read(KEY, 0, 100).data == archive.tail(KEY, 5).data == b"ab"
    archive.seal(KEY)
    assert archive.read(KEY, 0, 100).data == archive.tail(KEY, 5).data == b"ab" + cut


def test_bytes_that_begin_no_character_are_not_held_back(archive: LogArchive) -> None:
    for tail in (b"\xff", b"\x80\x80\x80", b"\xf8\x80", b"\xf0\x9f\x98\x80"):
        fill(archive, b"ab" + tail)
        assert archive.read(KEY, 0, 100).data == b"ab" + tail


def test_carriage_returns_stay_as_written(archive: LogArchive) -> None:
    fill(archive, b"one\r\n 10%\r 20%\rdone\n")
    assert archive.tail(KEY, 1).data == b" 10%\r 20%\rdone\n"


def test_tail_of_a_huge_log_reads_its_end_only(archive: LogArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    path = archive.prepare(KEY)
    lines = b"".join(b"line %d\n" % i for i in range(2000))
    with open(path, "wb") as file:
        file.truncate(2**30)  # all of it a hole, which reads as zeros
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + lines)
    read = 0

    def counting(fd: int, size: int, offset: int, pread=os.pread) -> bytes:
        nonlocal read
        data = pread(fd, size, offset)
        read += len(data)
        return data

    monkeypatch.setattr(os, "pread", counting)
    assert archive.tail(KEY, 2000).data == lines
    assert read < 4 * BLOCK


def test_a_line_longer_than_the_most_is_cut_at_a_character(archive: LogArchive) -> None:
    fill(archive, b"first\n" + "é".encode() * 1000)
    chunk = archive.tail(KEY, 2, max_bytes=101)
    assert chunk.data.decode() == "é" * 50
    assert chunk.end - chunk.start == 100


def test_a_line_of_many_blocks_is_found_whole(archive: LogArchive) -> None:
    line = b"x" * (3 * BLOCK + 17) + b"\n"
    fill(archive, b"before\n" + line)
    assert archive.tail(KEY, 1).data == line


def test_a_log_that_is_not_there_reads_as_empty(archive: LogArchive) -> None:
    assert archive.info(KEY) is None
    assert archive.read(KEY, 0, 10) == archive.tail(KEY, 10) == Chunk(b"", 0, 0)


def test_preparing_again_keeps_what_was_written(archive: LogArchive) -> None:
    fill(archive, b"kept\n")
    archive.prepare(KEY)
    assert archive.tail(KEY, 10).data == b"kept\n"


def test_sealing_is_idempotent_and_survives_the_archive(archive: LogArchive, tmp_path: Path) -> None:
    fill(archive, b"text")
    before = archive.info(KEY)
    assert before is not None
    assert not before.sealed
    archive.seal(KEY)
    archive.seal(KEY)
    after = LogArchive(tmp_path / "logs").info(KEY)
    assert after is not None
    assert (after.sealed, after.size) == (True, 4)


def test_sealing_a_log_that_was_never_made_makes_an_empty_one(archive: LogArchive) -> None:
    archive.seal(KEY)
    info = archive.info(KEY)
    assert info is not None
    assert info.sealed
    assert info.size == 0
