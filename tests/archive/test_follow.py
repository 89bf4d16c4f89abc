"""Followers: of logs that are being written, sealed, removed, or not there yet."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from inotify_simple import INotify

from jupyter_jobsub.archive import Archive, LogArchive
from jupyter_jobsub.archive.pieces import BLOCK, gap_path
from jupyter_jobsub.model.job import JobId, TaskKey

KEY = TaskKey(JobId("job-1"), 1)


class Follower:
    """Collects what one follower is given."""

    def __init__(self, archive: LogArchive, start: int = 0) -> None:
        self.data = b""
        self.chunks: list[bytes] = []
        self.grew = asyncio.Event()
        self.task = asyncio.create_task(self._run(archive, start))

    async def _run(self, archive: LogArchive, start: int) -> None:
        async for chunk in archive.follow(KEY, start):
            assert chunk.start == start
            start = chunk.end
            self.data += chunk.data
            self.chunks.append(chunk.data)
            self.grew.set()

    async def has(self, data: bytes) -> None:
        while self.data != data:
            self.grew.clear()
            await self.grew.wait()

    async def end(self) -> bytes:
        await self.task
        return self.data


def run(archive: LogArchive, scenario: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        try:
            await asyncio.wait_for(scenario(), 10)
        finally:
            archive.close()

    asyncio.run(whole())


def append(archive: LogArchive, data: bytes) -> None:
    fd = os.open(archive.path(KEY), os.O_WRONLY | os.O_APPEND)
    os.write(fd, data)
    os.close(fd)


def test_follows_what_is_there_and_what_comes_until_sealed(archive: LogArchive) -> None:
    async def scenario() -> None:
        archive.prepare(KEY)
        append(archive, b"old\n")
        follower = Follower(archive)
        await follower.has(b"old\n")
        for number in range(5):
            append(archive, b"%d" % number)
            await follower.has(b"old\n" + b"01234"[: number + 1])
        archive.seal(KEY)
        assert await follower.end() == b"old\n01234"

    run(archive, scenario)


def test_a_follower_that_waits_costs_nothing_until_a_write(archive: LogArchive) -> None:
    async def scenario() -> None:
        archive.prepare(KEY)
        follower = Follower(archive)
        await asyncio.sleep(0.02)
        looks: list[str] = []
        archive.info = lambda key, real=archive.info: looks.append("") or real(key)  # type: ignore[method-assign]
        await asyncio.sleep(0.1)
        assert looks == []
        append(archive, b"x")
        await follower.has(b"x")
        archive.seal(KEY)
        await follower.end()

    run(archive, scenario)


def test_waits_for_a_log_that_is_not_there_yet(archive: LogArchive) -> None:
    async def scenario() -> None:
        follower = Follower(archive)
        await asyncio.sleep(0.01)
        archive.prepare(KEY)
        append(archive, b"first")
        await follower.has(b"first")
        archive.seal(KEY)
        assert await follower.end() == b"first"

    run(archive, scenario)


def test_a_sealed_log_is_read_out(archive: LogArchive) -> None:
    data = os.urandom(3 * BLOCK + 5)
    archive.prepare(KEY).write_bytes(data)
    archive.seal(KEY)

    async def scenario() -> None:
        assert await Follower(archive).end() == data
        assert await Follower(archive, len(data) - 5).end() == data[-5:]
        assert await Follower(archive, len(data)).end() == b""

    run(archive, scenario)


def test_sealing_right_after_the_last_write_loses_nothing(archive: LogArchive) -> None:
    async def scenario() -> None:
        archive.prepare(KEY)
        follower = Follower(archive)
        await asyncio.sleep(0.01)
        append(archive, b"last words")
        archive.seal(KEY)
        assert await follower.end() == b"last words"

    run(archive, scenario)


def test_ends_when_the_log_is_removed(tmp_path: Path) -> None:
    kept = Archive(tmp_path)
    archive = kept.logs

    async def scenario() -> None:
        archive.prepare(KEY)
        append(archive, b"x")
        follower = Follower(archive)
        await follower.has(b"x")
        await kept.remove(KEY.job)
        assert await follower.end() == b"x"

    run(archive, scenario)


def test_no_character_is_cut_however_it_was_written(archive: LogArchive) -> None:
    text = "naïve €20 😀\n" * 3

    async def scenario() -> None:
        archive.prepare(KEY)
        follower = Follower(archive)
        for byte in text.encode():
            append(archive, bytes([byte]))
            await asyncio.sleep(0)
        await follower.has(text.encode())
        assert "".join(chunk.decode() for chunk in follower.chunks) == text
        archive.seal(KEY)
        await follower.end()

    run(archive, scenario)


def test_a_log_that_ends_within_a_character_is_given_whole(archive: LogArchive) -> None:
    async def scenario() -> None:
        archive.prepare(KEY)
        append(archive, b"x\xf0\x9f")
        follower = Follower(archive)
        await follower.has(b"x")
        archive.seal(KEY)
        assert await follower.end() == b"x\xf0\x9f"

    run(archive, scenario)


def test_a_burst_comes_whole_and_in_chunks_of_a_block(archive: LogArchive) -> None:
    data = b"0123456789abcde\n" * (5 * BLOCK // 16)

    async def scenario() -> None:
        archive.prepare(KEY)
        follower = Follower(archive)
        writer = asyncio.create_task(
            asyncio.to_thread(
                lambda: [append(archive, data[i : i + 4096]) for i in range(0, len(data), 4096)]
            )
        )
        await follower.has(data)
        await writer
        assert max(map(len, follower.chunks)) <= BLOCK
        append(archive, b"after the burst")
        await follower.has(data + b"after the burst")
        archive.seal(KEY)
        await follower.end()

    run(archive, scenario)


def test_several_follow_one_log_and_one_may_leave(archive: LogArchive) -> None:
    async def scenario() -> None:
        archive.prepare(KEY)
        first, second = Follower(archive), Follower(archive)
        await asyncio.sleep(0.01)
        first.task.cancel()
        await asyncio.sleep(0)
        append(archive, b"on")
        await second.has(b"on")
        assert first.data == b""
        archive.seal(KEY)
        await second.end()

    run(archive, scenario)


def test_a_gap_is_marked(archive: LogArchive) -> None:
    async def scenario() -> None:
        path = archive.prepare(KEY)
        append(archive, b"a\n" + b"\0" * 1024 + b"z\n")
        gap_path(path).write_text("2 1026\n")
        archive.seal(KEY)
        data = await Follower(archive).end()
        assert data == b"a\n[jobsub: 1 KiB dropped here, the log had reached its limit]\nz\n"

    run(archive, scenario)


def test_goes_on_where_the_system_gives_no_watch(
    archive: LogArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: INotify, path: Path, mask: int) -> int:
        raise OSError(errno.ENOSPC, "no watch left")

    monkeypatch.setattr(INotify, "add_watch", refuse)

    async def scenario() -> None:
        archive.prepare(KEY)
        follower = Follower(archive)
        await asyncio.sleep(0.01)
        append(archive, b"seen")
        await follower.has(b"seen")
        archive.seal(KEY)
        await follower.end()

    run(archive, scenario)
