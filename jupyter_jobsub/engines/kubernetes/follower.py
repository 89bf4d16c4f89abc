"""Follows the log of a Pod's container into a file, from wherever the file ends.

The file keeps the stamps that the node gives each line, so that it is its own record of how far it goes:
after an error, a crash or a restart what is stored is found again in what the node has (`overlap.py`).
Nothing is done for each line: blocks are appended as they come. What the node had dropped before it was
read is marked (`rotations.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol, TypeVar

from .errors import ApiError, Refused
from .logfile import LogFile
from .overlap import Beginning, Missed, Overlap, ends_alike, ends_amid, without_beginning
from .rotations import LOOK, Rotations

T = TypeVar("T")

log = logging.getLogger(__name__)

SILENCE = 30.0  # seconds after which a log that is silent is looked at: streams are known to stop
LAST_WORDS = 2.0  # seconds of silence after which the stream of a container that has ended is over, too
SYNC = 1.0  # seconds that a power failure may cost
GROWTH = 512 * 1024  # bytes, after which the node may have begun a new file
SHORTEST_PAUSE, LONGEST_PAUSE = 0.25, 10.0  # seconds between attempts
MUCH = 64 * 1024  # bytes that are written in a thread


class Source(Protocol):
    """Where logs are read; `Api` is one."""

    def log(
        self,
        pod: str,
        container: str,
        *,
        since: str | None = None,
        follow: bool = False,
        lines: int | None = None,
        limit: int | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Iterate over a container's log, each line with its time stamp."""


class Follower:
    """Keeps one log's file up with the node.

    Parameters
    ----------
    path:
        The file, which is there. One that is sealed is left as it is.
    limit:
        Bytes that are kept; 0 keeps all.
    """

    def __init__(self, source: Source, pod: str, path: Path, limit: int, container: str = "main") -> None:
        self._source = source
        self._where = pod, container
        self._file = LogFile(path, limit)
        self._rotations = Rotations(self._file)
        self._heard = asyncio.Event()  # since the last sync
        self._at = 0.0  # when the stream last said something
        self._whole = False  # the last stream went on from what is stored, and ended by itself
        self._over = asyncio.Event()  # no stream is open
        self._looked = self._file.size
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the container has an id."""
        if self._task is None and not self._file.sealed:
            self._task = asyncio.create_task(self._run(), name=f"log of {self._where[0]}")

    async def finish(self) -> bool:
        """Read what is left, now that the container has ended or is gone; say whether anything is missing.

        It takes for as long as nobody answers.
        """
        if not self._file.sealed:
            if not await self._complete():
                await self._drained()
                await self._stop()
                await self._read_rest()
            await self._stop()
            await self._look()
            self._file.note(await in_thread(self._rotations.judge, ended=True) or self._file.due)
            if self._file.due:
                self._file.mark(self._file.due)
            await in_thread(self._file.keep)
        return await in_thread(self._file.marked)

    async def abandon(self) -> bool:
        """Mark that the rest is missing, as nobody answers who has it; say whether anything is."""
        await self._stop()
        if not self._file.sealed:
            self._file.mark()
            await in_thread(self._file.keep)
        return await in_thread(self._file.marked)

    async def close(self) -> None:
        """End, whatever is left."""
        await self._stop()
        self._file.close()

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        async with _together(self._keep()):
            pause = SHORTEST_PAUSE
            while True:
                before = self._file.size
                self._over.clear()
                at_once = await self._attempt()
                self._over.set()
                if not at_once:
                    pause = SHORTEST_PAUSE if self._file.size > before else min(pause * 2, LONGEST_PAUSE)
                    await asyncio.sleep(pause)

    async def _attempt(self) -> bool:
        """Follow until that ends; say whether to go on at once."""
        try:
            async with _together(self._read(follow=True)) as reading:
                if not await self._stalled(reading):
                    await reading
                    return False
                return True
        except Missed:
            self._file.mark()
            return True
        except (ApiError, OSError) as error:
            if _gone(error):  # what came last may well have been all
                return False
            self._whole = False
            if isinstance(error, OSError):
                log.warning("the log of %s can't be written: %s", self._where[0], error)
            return False

    async def _stalled(self, reading: asyncio.Task[None]) -> bool:
        """Wait until the stream has ended, or turns out to leave something out."""
        while not reading.done():
            await asyncio.wait({reading}, timeout=SILENCE)
            silent = asyncio.get_running_loop().time() - self._at >= SILENCE
            if not reading.done() and silent and await self._behind():
                return True
        return False

    async def _behind(self) -> bool:
        """Whether the node has more than is stored; not if nobody answers, or it begins a new file."""
        with contextlib.suppress(ApiError):
            ends = await self._ask(lines=2)
            stored = await in_thread(self._file.tail, len(ends))
            return bool(ends) and not (ends_alike(stored, ends) or ends_amid(stored, ends))
        return False

    async def _complete(self) -> bool:
        """Whether the node's last line is certain to be the last that is stored."""
        with contextlib.suppress(ApiError):
            ends = await self._ask(lines=2)
            return ends_alike(await in_thread(self._file.tail, len(ends)), ends)
        return False

    async def _drained(self) -> None:
        """Wait for what is still on its way in a stream."""
        while self._task is not None and not self._over.is_set():
            silent = asyncio.get_running_loop().time() - self._at
            if silent >= LAST_WORDS:
                return
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._over.wait(), LAST_WORDS - silent)

    async def _read_rest(self) -> None:
        pause = SHORTEST_PAUSE
        while True:
            try:
                await self._read(follow=False)
                return
            except Missed:
                self._file.mark()
            except (ApiError, OSError) as error:
                if _gone(error):
                    if not self._whole:
                        self._file.mark()
                    return
                self._whole = False
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _read(self, *, follow: bool) -> None:
        """Read from where the file ends; raises what the source does, and Missed."""
        overlap = await in_thread(self._resume)
        since = overlap.since if overlap else None
        async with self._source.log(*self._where, since=since, follow=follow) as stream:
            if follow:
                self._whole = False
            async for data in stream:
                self._at = asyncio.get_running_loop().time()
                rest = await in_thread(overlap.rest, data) if overlap else data
                if rest is not None:
                    overlap = None
                    await self._append(rest)
        if follow and overlap is None:
            self._whole = True
        elif overlap and not follow and not (overlap.empty and self._whole):
            overlap.end()

    def _resume(self) -> Overlap | Beginning | None:
        self._file.settle()
        if not self._file.size:
            return Beginning()
        line = self._file.end()
        return Overlap(self._file, line) if line else None

    async def _append(self, data: bytes) -> None:
        if len(data) > MUCH:
            await in_thread(self._file.append, data)
        else:
            self._file.append(data)
        self._heard.set()

    async def _keep(self) -> None:
        """Have on disk what came, each second in which something does; notice what the node has dropped."""
        while True:
            await self._heard.wait()
            await asyncio.sleep(SYNC)
            self._heard.clear()
            with contextlib.suppress(OSError):  # who writes next says so
                await in_thread(self._file.keep)
            await self._look()
            if note := await in_thread(self._rotations.judge):
                self._file.note(note)

    async def _look(self) -> None:
        """See how the node's newest file begins, if the log has grown much."""
        size = self._file.size
        if size - self._looked >= GROWTH:
            with contextlib.suppress(ApiError):
                self._rotations.saw(without_beginning(await self._ask(limit=LOOK)))
                self._looked = size

    async def _ask(self, *, lines: int | None = None, limit: int | None = None) -> bytes:
        async with self._source.log(*self._where, lines=lines, limit=limit) as stream:
            return b"".join([data async for data in stream])


@contextlib.asynccontextmanager
async def _together(work: Coroutine[None, None, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Have something done meanwhile."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def in_thread(work: Callable[..., T], *args: object, **options: object) -> T:
    """Work in a thread, to its end, even for who has given up."""
    working = asyncio.ensure_future(asyncio.to_thread(work, *args, **options))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        raise


def _gone(error: Exception) -> bool:
    """Whether an error says that there is no such container, or not any more."""
    return isinstance(error, Refused) and not error.passing
