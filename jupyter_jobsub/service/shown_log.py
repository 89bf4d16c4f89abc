"""A log as people are shown it: without its reports of progress, wherever it is cut.

Offsets stay those of the file. What ends in the beginning of a report ends before it, so that whoever
goes on from there sees all of what follows, or nothing of the report.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from ..archive import Chunk, LogArchive
from ..model.job import TaskKey
from ..reports import LONGEST, Hidden

PIECE = 256 * 1024  # bytes


def tail(archive: LogArchive, key: TaskKey, lines: int, before: int | None, *, complete: bool) -> Chunk:
    """Read the last lines, or the last that begin before an offset; of a complete log to its very end."""
    chunk = archive.tail(key, lines, before=before)
    hidden = _hidden(archive, key, chunk.start)
    data = hidden.of(chunk.data)
    if before is None and complete:
        return Chunk(data + hidden.rest(), chunk.start, chunk.end)
    return Chunk(data, chunk.start, chunk.end - hidden.held)


async def follow(archive: LogArchive, key: TaskKey, start: int) -> AsyncIterator[Chunk]:
    """Yield what is there from an offset on and what comes, until the log is sealed or removed."""
    hidden = _hidden(archive, key, start)
    async for chunk in archive.follow(key, start):
        data, end = hidden.of(chunk.data), chunk.end - hidden.held
        yield Chunk(data, start, end)
        start = end
    if rest := hidden.rest():
        yield Chunk(rest, start, start + len(rest))


def whole(archive: LogArchive, key: TaskKey) -> Iterator[bytes]:
    """Yield all that is there now."""
    info = archive.info(key)
    hidden = Hidden()
    yield from map(hidden.of, pieces(archive, key))
    if info and info.sealed:
        yield hidden.rest()


def pieces(archive: LogArchive, key: TaskKey) -> Iterator[bytes]:
    """Yield all that is there now, reports too."""
    chunk = archive.read(key, 0, PIECE)
    while chunk.data:
        yield chunk.data
        chunk = archive.read(key, chunk.end, PIECE)


def _hidden(archive: LogArchive, key: TaskKey, start: int) -> Hidden:
    """Begin at an offset, which may be inside a report."""
    return Hidden(archive.preceding(key, start, LONGEST))
