"""A log whose lines are stamped with their times reads as if they were not, in every way of reading."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_jobsub.archive import Archive, Chunk, Gap, LogArchive
from jupyter_jobsub.archive.pieces import gap_path
from jupyter_jobsub.archive.stamps import LONGEST
from jupyter_jobsub.model.job import JobId, TaskKey
from jupyter_jobsub.model.progress import parse_progress
from jupyter_jobsub.reports import without_reports
from jupyter_jobsub.service import shown_log

KEY = TaskKey(JobId("job-1"), 1)
STAMP = b"2026-11-21T17:53:16.123456789Z "
EAST = b"2026-11-21T17:53:16.000000000+08:00 "
NOTE = b"[jobsub: a note]\n"
REPORT = b"\x1b]7717;0.5;half\x07"
words = st.sampled_from(
    [
        *(b"\n", b"a", b"b\r", b"\r\n", "é".encode(), "😀".encode(), b"\xff", b"\0", b"x" * 70),
        *(b"2", b"2026-11-", STAMP, EAST, STAMP[:-1], REPORT, b"\x1b]7717;0."),
    ]
)
texts = st.lists(words, max_size=12).map(b"".join)
stamps = st.sampled_from([STAMP, EAST, STAMP.replace(b"7", b"8")])


def stamped(text: bytes, stamp: bytes = STAMP) -> bytes:
    """What a cluster gives of a text: each line with its stamp, the last as it is."""
    return b"".join(stamp + line + b"\n" for line in text.split(b"\n")[:-1]) + (
        stamp + text.rpartition(b"\n")[2] if not text.endswith(b"\n") and text else b""
    )


@contextmanager
def a_log(data: bytes, *, sealed: bool = True, gap: Gap | None = None) -> Iterator[LogArchive]:
    with tempfile.TemporaryDirectory() as folder:
        archive = LogArchive(Path(folder))
        path = archive.prepare(KEY, stamped=True)
        path.write_bytes(data)
        if gap:
            gap_path(path).write_text(f"{gap.start} {gap.end}\n")
        if sealed:
            archive.seal(KEY)
        yield archive


def ranges(archive: LogArchive, limit: int, at: int = 0) -> Iterator[Chunk]:
    while (chunk := archive.read(KEY, at, limit)).end > at:
        assert chunk.start == at
        yield chunk
        at = chunk.end


def joined(chunks: Iterator[Chunk]) -> bytes:
    return b"".join(chunk.data for chunk in chunks)


@settings(deadline=None)
@given(texts, stamps, st.integers(1, 90))
@example(STAMP * 3 + b"\n" + EAST, EAST, 1)
def test_ranges_of_any_size_make_the_whole(text: bytes, stamp: bytes, limit: int) -> None:
    with a_log(stamped(text, stamp)) as archive:
        assert joined(ranges(archive, limit)) == text


@settings(deadline=None)
@given(texts, stamps, st.integers(1, 40))
def test_no_chunk_ends_inside_a_stamp(text: bytes, stamp: bytes, limit: int) -> None:
    with a_log(stamped(text, stamp)) as archive:
        inside = {at + back for at in starts(stamped(text, stamp)) for back in range(1, len(stamp))}
        assert not inside & {chunk.end for chunk in ranges(archive, limit)}


def starts(data: bytes) -> list[int]:
    return [0] + [at + 1 for at, byte in enumerate(data[:-1]) if byte == 10] if data else []


@settings(deadline=None)
@given(texts, stamps, st.integers(0, 500))
def test_from_any_place_on_it_is_what_is_left(text: bytes, stamp: bytes, place: int) -> None:
    data = stamped(text, stamp)
    place %= len(data) + 1
    with a_log(data) as archive:
        rest = joined(ranges(archive, 50, place))
        before = archive.preceding(KEY, place, len(data))
        assert before + rest == text
        assert before.endswith(archive.preceding(KEY, place, 5))


@settings(deadline=None)
@given(texts, stamps, st.integers(0, 8))
def test_tails_are_those_of_the_plain_log(text: bytes, stamp: bytes, lines: int) -> None:
    with a_log(stamped(text, stamp)) as archive, tempfile.TemporaryDirectory() as folder:
        plain = LogArchive(Path(folder))
        plain.prepare(KEY).write_bytes(text)
        plain.seal(KEY)
        assert archive.tail(KEY, lines).data == plain.tail(KEY, lines).data


@settings(deadline=None)
@given(texts, stamps, st.integers(1, 3))
def test_pages_from_the_end_to_the_start_as_people_are_shown_them(
    text: bytes, stamp: bytes, lines: int
) -> None:
    with a_log(stamped(text, stamp)) as archive:
        page = shown_log.tail(archive, KEY, lines, None, complete=True)
        found = page.data
        while page.start:
            page = shown_log.tail(archive, KEY, lines, page.start, complete=True)
            found = page.data + found
        assert found == without_reports(text) == b"".join(shown_log.whole(archive, KEY))
        assert b"".join(shown_log.pieces(archive, KEY)) == text


async def rest(archive: LogArchive, start: int) -> bytes:
    return b"".join([chunk.data async for chunk in shown_log.follow(archive, KEY, start)])


@settings(deadline=None, max_examples=40)
@given(texts, stamps, st.integers(1, 60))
@example(b"\x1b]7717;0.5;ha" + b"lf\x07\nx", STAMP, 40)
def test_a_follower_of_what_is_written_in_parts_goes_on_from_everywhere(
    text: bytes, stamp: bytes, size: int
) -> None:
    data = stamped(text, stamp)

    async def scenario(archive: LogArchive) -> tuple[list[Chunk], list[bytes]]:
        chunks: list[Chunk] = []

        async def follow() -> None:
            async for chunk in shown_log.follow(archive, KEY, 0):
                chunks.append(chunk)

        follower = asyncio.create_task(follow())
        with open(archive.path(KEY), "ab", buffering=0) as log:
            for at in range(0, len(data), size):
                log.write(data[at : at + size])
                await asyncio.sleep(0)
        archive.seal(KEY)
        await follower
        again = [await rest(archive, chunk.end) for chunk in chunks]
        archive.close()
        return chunks, again

    with a_log(b"", sealed=False) as archive:
        chunks, again = asyncio.run(asyncio.wait_for(scenario(archive), 20))
        assert b"".join(chunk.data for chunk in chunks) == without_reports(text)
        for place, data in enumerate(again):
            assert data == b"".join(chunk.data for chunk in chunks[place + 1 :])


@pytest.mark.parametrize("cut", range(1, len(EAST) + 1))
def test_a_stamp_that_is_not_all_there_is_held_back(cut: int) -> None:
    with a_log(b"", sealed=False) as archive:
        path = archive.path(KEY)
        path.write_bytes(EAST + b"one\n" + EAST[:cut])
        assert archive.read(KEY, 0, 1000) == Chunk(b"one\n", 0, len(EAST) + 4)
        assert archive.tail(KEY, 5).data == b"one\n"
        path.write_bytes(EAST + b"one\n" + EAST + b"two")
        assert archive.read(KEY, len(EAST) + 4, 1000).data == b"two"


def test_lines_without_a_stamp_are_shown_as_they_are() -> None:
    data = STAMP + b"one\n" + NOTE + STAMP + b"two\n"
    with a_log(data) as archive:
        assert archive.tail(KEY, 9).data == joined(ranges(archive, 1)) == b"one\n" + NOTE + b"two\n"
        assert archive.tail(KEY, 2).data == NOTE + b"two\n"


def test_a_line_is_long_without_further_stamps() -> None:
    line = os.urandom(2**20).replace(b"\n", b"")
    with a_log(STAMP + line + b"\n" + STAMP + b"end\n") as archive:
        assert joined(ranges(archive, 4096)) == line + b"\nend\n"


@pytest.mark.parametrize("head", [STAMP + b"one\n", STAMP + b"torn", b""])
def test_a_hole_is_marked_and_its_neighbours_have_no_stamps(head: bytes) -> None:
    tail = STAMP + b"eight\n" + STAMP + b"nine\n"
    gap = Gap(len(head), len(head) + 2048)
    text = head[len(STAMP) :] + (b"\n" if head.endswith(b"torn") else b"")
    mark = b"[jobsub: 2 KiB dropped here, the log had reached its limit]\n"
    with a_log(head + b"\0" * 2048 + tail, gap=gap) as archive:
        whole = text + mark + b"eight\nnine\n"
        assert joined(ranges(archive, 1)) == archive.tail(KEY, 99).data == whole
        for back in range(LONGEST):  # whatever of the stamp after the hole one begins in
            place = gap.end + back
            text = b"eight\nnine\n" if back <= len(STAMP) else b"eight\nnine\n"[back - len(STAMP) :]
            assert joined(ranges(archive, 50, place)) == text
            assert archive.preceding(KEY, place, 5000) == b"eight"[: max(0, back - len(STAMP))]


def test_progress_is_found_in_the_newest_bytes() -> None:
    with a_log((STAMP + b"noise\n") * 5000 + STAMP + b"\x1b]7717;0.25;epoch 5\x07\n") as archive:
        info = archive.info(KEY)
        assert info is not None
        progress = parse_progress(archive.read(KEY, info.size - 65536, 65536).data)
        assert progress is not None
        assert progress.fraction == 0.25


def test_what_is_kept_counts_as_it_lies_on_disk_and_goes_as_a_whole(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.logs.prepare(KEY, stamped=True).write_bytes(STAMP + b"one\n")
    assert archive.size(KEY.job) == len(STAMP) + 4
    archive.logs.seal(KEY)
    info = LogArchive(tmp_path).info(KEY)
    assert info is not None
    assert (info.size, info.sealed) == (len(STAMP) + 4, True)
    assert archive.metrics.path(KEY).name == "1.main.0.metrics"
    asyncio.run(archive.remove(KEY.job))
    assert archive.logs.info(KEY) is None


def test_who_waits_for_a_log_is_woken_whichever_it_becomes(tmp_path: Path) -> None:
    async def scenario() -> None:
        archive = LogArchive(tmp_path)
        reading = asyncio.create_task(anext(aiter(archive.follow(KEY))))
        await asyncio.sleep(0)
        archive.prepare(KEY, stamped=True).write_bytes(STAMP + b"one\n")
        assert (await asyncio.wait_for(reading, 10)).data == b"one\n"
        archive.close()

    asyncio.run(scenario())
