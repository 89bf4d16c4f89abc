"""A log without its reports: the same from every place that its readers were given."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_jobsub.archive import Chunk, LogArchive
from jupyter_jobsub.model.job import JobId, TaskKey
from jupyter_jobsub.reports import without_reports
from jupyter_jobsub.service import shown_log

KEY = TaskKey(JobId("job-1"), 1)
REPORT = b"\x1b]7717;0.5;half of \xe2\x82\xac\x07"
pieces = st.lists(
    st.sampled_from(
        [REPORT, b"\x1b]7717;0.", b"\x1b]77", b"17;1;x\x07", b"\x1b", b"\\", b"\x07", b"\n", b"a", b"bc\n"]
    ),
    max_size=12,
)


@contextmanager
def a_log(text: bytes = b"", *, sealed: bool = True) -> Iterator[LogArchive]:
    with tempfile.TemporaryDirectory() as folder:
        archive = LogArchive(Path(folder))
        archive.prepare(KEY).write_bytes(text)
        if sealed:
            archive.seal(KEY)
        yield archive


def parts(pieces: list[bytes]) -> list[bytes]:
    return [piece[at : at + 3] for piece in pieces for at in range(0, len(piece), 3)]


def shown(chunks: list[Chunk]) -> bytes:
    return b"".join(chunk.data for chunk in chunks)


async def read(archive: LogArchive, start: int) -> list[Chunk]:
    return [chunk async for chunk in shown_log.follow(archive, KEY, start)]


@settings(deadline=None, max_examples=30)
@given(pieces)
@example([b"\x1b]77", REPORT, b"17;1;x\x07"])
@example([REPORT, b"\x1b]7717;0."])
def test_a_follower_of_what_is_written_in_parts(pieces: list[bytes]) -> None:
    async def scenario(archive: LogArchive) -> tuple[list[Chunk], list[list[Chunk]]]:
        chunks: list[Chunk] = []
        read_all = asyncio.Event()

        async def follow() -> None:
            async for chunk in shown_log.follow(archive, KEY, 0):
                chunks.append(chunk)
                read_all.set()

        follower = asyncio.create_task(follow())
        with open(archive.path(KEY), "ab", buffering=0) as log:
            for part in parts(pieces):
                read_all.clear()
                log.write(part)
                await read_all.wait()
        archive.seal(KEY)
        await follower
        again = [await read(archive, chunk.end) for chunk in chunks]
        archive.close()
        return chunks, again

    text = b"".join(pieces)
    with a_log(sealed=False) as archive:
        chunks, again = asyncio.run(asyncio.wait_for(scenario(archive), 20))
        assert shown(chunks) == without_reports(text)
        for place, rest in enumerate(again):
            assert shown(rest) == shown(chunks[place + 1 :])


@settings(deadline=None)
@given(pieces, st.integers(1, 3))
@example([b"a\n", REPORT, b"\n", REPORT, b"b"], 1)
def test_pages_from_the_end_to_the_start(pieces: list[bytes], lines: int) -> None:
    text = b"".join(pieces)
    with a_log(text) as archive:
        page = shown_log.tail(archive, KEY, lines, None, complete=True)
        assert page.end == len(text)
        found = page.data
        while page.start:
            page = shown_log.tail(archive, KEY, lines, page.start, complete=True)
            found = page.data + found
        assert found == without_reports(text) == b"".join(shown_log.whole(archive, KEY))
        assert b"".join(shown_log.pieces(archive, KEY)) == text


@settings(deadline=None)
@given(pieces, pieces, st.integers(0, 5))
@example([b"a\x1b]7717;0."], [b"5;x\x07b"], 5)
def test_a_tail_and_then_what_follows_it(before: list[bytes], after: list[bytes], lines: int) -> None:
    first, second = b"".join(before), b"".join(after)
    with a_log(first, sealed=False) as archive:
        page = shown_log.tail(archive, KEY, 1_000, None, complete=False)
        last = shown_log.tail(archive, KEY, lines, None, complete=False)
        assert page.data.endswith(last.data)
        assert last.end >= page.end
        with open(archive.path(KEY), "ab") as log:
            log.write(second)
        archive.seal(KEY)
        rest = asyncio.run(read(archive, page.end))
        assert page.data + shown(rest) == without_reports(first + second)


@settings(deadline=None)
@given(pieces, st.integers(0, 200))
@example([b"ab", REPORT, b"cd"], 10)
def test_from_any_place_nobody_sees_a_part_of_a_report(pieces: list[bytes], place: int) -> None:
    text = b"".join(pieces)
    with a_log(text) as archive:
        start = place % (len(text) + 1)
        after = shown(asyncio.run(read(archive, start)))
        page = shown_log.tail(archive, KEY, 1_000, start, complete=True)
        assert page.end <= start
        between = shown(asyncio.run(read(archive, page.end)))
        assert page.data + between == without_reports(text)
        assert between.endswith(after)
