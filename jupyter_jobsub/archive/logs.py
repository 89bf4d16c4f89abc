"""One raw file per task key, ``<root>/<job>/<attempt>.<role>.<index>.log``.

A task's own process appends to its file; nothing here stands between. A log is sealed when its
task has ended: its file is then read-only, which is how a later start of the service knows.
"""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..model.job import JobId, TaskKey
from . import files
from .changes import Change, Changes
from .pieces import BLOCK, Gap, range_end, read_gap, read_range, tail_start, unfinished_character

MAX_TAIL = 4 * 2**20  # bytes
QUIET = 0.005  # seconds; a writer that comes back sooner is read by the clock, not by its writes
SHORT_PAUSE, LONG_PAUSE = 0.004, 0.015  # seconds between reads of a busy log: little came, much came
MUCH = 64 * 1024  # bytes


@dataclass(frozen=True)
class LogInfo:
    """How long a log is, whether it is complete, and what was dropped from its middle."""

    size: int
    sealed: bool
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class Chunk:
    """A stretch of a log: what readers see, and where it stands; ``end`` is where to go on."""

    data: bytes
    start: int
    end: int


class LogArchive:
    """Append-only logs of tasks, readable while they are written and long after.

    Offsets are bytes of what the task wrote and never move. A log that isn't there reads as
    an empty one. All but ``follow`` and what wakes it may be called from any thread.

    Parameters
    ----------
    root:
        A folder on a local disk; made when needed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._changes = Changes()

    def path(self, key: TaskKey) -> Path:
        """The log's file."""
        return self._root / key.job / f"{key.attempt}.{key.role}.{key.index}.log"

    def prepare(self, key: TaskKey) -> Path:
        """Create the log, empty, unless it is there; followers that wait for it are woken."""
        path = self.path(key)
        files.provide(path)
        self._changes.tell(path)
        return path

    def info(self, key: TaskKey) -> LogInfo | None:
        """Look at a log; None if there is none."""
        path = self.path(key)
        try:
            status = path.lstat()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        gap = read_gap(path)
        return LogInfo(status.st_size, _sealed(status), (gap,) if gap else ())

    def tail(self, key: TaskKey, lines: int, before: int | None = None, max_bytes: int = MAX_TAIL) -> Chunk:
        r"""Read the last lines, or the last that begin before an offset, in time for their size alone.

        Lines end with ``\\n``; carriage returns stay as written.
        """

        def bounds(log: _Log, gap: Gap | None) -> tuple[int, int]:
            if before is not None:
                end = min(before, log.size)
            else:
                end = log.size - (0 if log.sealed else log.unfinished())
            return tail_start(log.fd, lines, end, max_bytes, gap), end

        path = self.path(key)
        with _opened(path) as fd:
            return Chunk(b"", 0, 0) if fd is None else _chunk(fd, path, bounds)[1]

    def read(self, key: TaskKey, start: int, limit: int) -> Chunk:
        """Read at most ``limit`` bytes (4 at least) from an offset on.

        A UTF-8 character is not cut, unless the log ends in it.
        """
        return _read(self.path(key), start, limit)[1]

    async def follow(self, key: TaskKey, start: int = 0) -> AsyncIterator[Chunk]:
        """Yield what is there from an offset on and what comes, until the log is sealed or removed.

        Waits for a log that doesn't exist yet. The first bytes after a silence come at once;
        while a task writes without a pause they come some milliseconds later, so that the
        reader costs the task nothing.
        """
        came, size = -QUIET, 0
        exists, path = False, self.path(key)
        while True:
            before, chunk = _read(path, start, BLOCK)
            if chunk.end > start:
                grows = before is not None and not before.sealed and before.size > size
                busy = grows and time.monotonic() - came < QUIET
                size = before.size if before else 0
                yield chunk
                start = chunk.end
                if busy:
                    await asyncio.sleep(LONG_PAUSE if len(chunk.data) > MUCH else SHORT_PAUSE)
                came = time.monotonic()
            elif (before.sealed and start >= before.size) if before else exists:
                return
            else:
                with self.expect(key, before) as change:
                    await change
            exists = exists or before is not None

    @contextmanager
    def expect(self, key: TaskKey, seen: LogInfo | None) -> Iterator[Change]:
        """Begin to look; the future is done when the log is no longer as it was seen."""
        with self._changes.expect(self.path(key)) as change:
            # what came before the watch was there gives no event
            if self.info(key) != seen and not change.done():
                change.set_result(None)
            yield change

    def seal(self, key: TaskKey) -> None:
        """Mark the log complete, durably; followers read it out and end."""
        path = self.prepare(key)
        with files.opened(path) as fd:
            os.fchmod(fd, 0o400)
            os.fsync(fd)
        self._changes.tell(path)

    def tell(self, job: JobId) -> None:
        """Have followers of a job's logs look again, as when those are gone."""
        self._changes.tell_in(self._root / job)

    def close(self) -> None:
        """Let go of the watches; call it in the event loop."""
        self._changes.close()


@dataclass(frozen=True)
class _Log:
    """An open log as it is at this moment."""

    fd: int
    size: int
    sealed: bool

    def unfinished(self, end: int | None = None) -> int:
        """Count the bytes before an offset that begin a UTF-8 character and don't end it."""
        end = self.size if end is None else end
        return unfinished_character(os.pread(self.fd, min(3, end), max(end - 3, 0)))


def _sealed(status: os.stat_result) -> bool:
    return not status.st_mode & stat.S_IWUSR


def _read(path: Path, start: int, limit: int) -> tuple[LogInfo | None, Chunk]:
    """Read on from an offset, and tell what the log was just before."""

    def bounds(log: _Log, gap: Gap | None) -> tuple[int, int]:
        end = range_end(start, max(limit, 4), log.size, gap)
        if (gap and end == gap.end) or (end == log.size and log.sealed):
            return start, end
        return start, max(start, end - log.unfinished(end))

    with _opened(path) as fd:
        if fd is None:
            return None, Chunk(b"", start, start)
        return _whole(fd, path, start, max(limit, 4)) or _chunk(fd, path, bounds)


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    """Open a log, if it is there."""
    try:
        fd = files.open_file(path)
    except FileNotFoundError:
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)


def _whole(fd: int, path: Path, start: int, limit: int) -> tuple[LogInfo, Chunk] | None:
    """Read on from an offset, in few steps; None if something was dropped from the log.

    What is dropped is noted before it goes: nothing of what was read before the look was.
    """
    status = os.fstat(fd)
    data = os.pread(fd, max(0, min(limit, status.st_size - start)), start)
    if read_gap(path):
        return None
    info = LogInfo(status.st_size, _sealed(status))
    if not (info.sealed and start + len(data) == info.size) and (cut := unfinished_character(data[-3:])):
        data = data[:-cut]
    return info, Chunk(data, start, start + len(data))


def _chunk(
    fd: int, path: Path, bounds: Callable[[_Log, Gap | None], tuple[int, int]]
) -> tuple[LogInfo, Chunk]:
    """Read between bounds, again if bytes were dropped from the log meanwhile."""
    while True:
        status, gap = os.fstat(fd), read_gap(path)
        log = _Log(fd, status.st_size, _sealed(status))
        start, end = bounds(log, gap)
        data = read_range(fd, start, end, gap)
        if read_gap(path) == gap:
            return LogInfo(log.size, log.sealed, (gap,) if gap else ()), Chunk(data, start, end)
