"""What a kubelet does with one container's log, and what goes wrong on the way to who reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone

from jupyter_jobsub.engines.kubernetes.entry import BEGINNING
from jupyter_jobsub.engines.kubernetes.errors import ApiError, Refused, Unreachable

BEGIN = 1_795_000_000_000_000_000  # nanoseconds since 1970
LONGEST = 8  # bytes of a line that are written at once; a container runtime has 16 KiB
SECOND = 10**9


def stamp(at: int) -> bytes:
    """A time as the kubelet writes it."""
    return (
        f"{datetime.fromtimestamp(at // SECOND, timezone.utc):%Y-%m-%dT%H:%M:%S}.{at % SECOND:09}Z ".encode()
    )


@dataclass(frozen=True)
class Entry:
    """What the runtime writes at once: a line, or a piece of one."""

    at: int
    text: bytes


@dataclass
class Stream:
    """One reader of the newest file, from its beginning on."""

    file: list[Entry]
    since: int
    place: int = 0
    fresh: bool = True

    def more(self) -> bytes:
        """Give what has come since, with stamps."""
        shown = b""
        for entry in self.file[self.place :]:
            if entry.at >= self.since:
                shown += (stamp(entry.at) if self.fresh else b"") + entry.text
            self.fresh = entry.text.endswith(b"\n")
        self.place = len(self.file)
        return shown


@dataclass
class Kubelet:
    """A node with one container, and the API before it."""

    now: int = BEGIN
    text: bytes = b""  # what the container has written
    files: list[list[Entry]] = field(default_factory=lambda: [[Entry(BEGIN - SECOND, BEGINNING)]])
    ended: bool = False
    failure: ApiError | None = None  # what everyone is answered
    piece: int = 1000  # bytes that come at once
    lossy: bool = False  # whether those who follow leave out files that were the newest only for a while
    slow: bool = False  # whether who follows is given one piece each time that ``tell`` is called
    stuck: bool = False  # whether who follows hears nothing more
    farewell: bytes = b""  # what is said to who follows in the end
    streams: int = 0

    def __post_init__(self) -> None:
        self._changed = asyncio.Condition()
        self._cuts = 0

    def write(self, text: bytes, step: int = 1) -> None:
        """Have the container write lines, and perhaps the beginning of one at its end."""
        self.text += text
        for line in text.splitlines(keepends=True):
            while len(line) > LONGEST:
                self._add(line[:LONGEST], step)
                line = line[LONGEST:]
            self._add(line, step)

    def line(self, text: bytes, step: int) -> None:
        """Have the container write what has newlines at its end alone, and may have carriage returns."""
        self.text += text
        for at in range(0, len(text), LONGEST):
            self._add(text[at : at + LONGEST], step)

    def _add(self, text: bytes, step: int) -> None:
        self.now += step
        self.files[-1].append(Entry(self.now, text))

    def rotate(self) -> None:
        """Begin a new file: the others can't be read any more, but by who still does."""
        self.files.append([])

    def cut(self) -> None:
        """Break every connection."""
        self._cuts += 1

    async def tell(self) -> None:
        """Let everyone see what has happened."""
        async with self._changed:
            self._changed.notify_all()
        await asyncio.sleep(0.001)

    @asynccontextmanager
    async def log(
        self,
        pod: str,
        container: str,
        *,
        since: str | None = None,
        follow: bool = False,
        lines: int | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Read as one does over the API."""
        if self.failure:
            raise self.failure
        begin = int(datetime.fromisoformat(since.replace("Z", "+00:00")).timestamp()) * SECOND if since else 0
        newest = self.files[-1]
        stream = Stream(newest[-lines:] if lines else newest, begin)
        self.streams += 1
        try:
            if follow:
                yield self._followed(stream)
            else:
                yield self._pieces(stream.more()[:limit], self._cuts)
        finally:
            self.streams -= 1

    async def _pieces(self, data: bytes, cuts: int) -> AsyncIterator[bytes]:
        for at in range(0, len(data), self.piece):
            await asyncio.sleep(0)
            if cuts != self._cuts:
                raise Unreachable("cut")
            yield data[at : at + self.piece]

    async def _followed(self, stream: Stream) -> AsyncIterator[bytes]:
        cuts = self._cuts
        while True:
            async for piece in self._pieces(stream.more(), cuts):
                yield piece
                if self.slow:
                    async with self._changed:
                        await self._changed.wait()
            if cuts != self._cuts:
                raise Unreachable("cut")
            if self.stuck:
                await asyncio.Event().wait()
            if stream.place < len(stream.file):
                continue
            if stream.file is not self.files[-1]:
                number = next(n for n, file in enumerate(self.files) if file is stream.file)
                stream.file, stream.place = self.files[-1 if self.lossy else number + 1], 0
            elif self.ended:
                yield self.farewell
                return
            else:
                async with self._changed:
                    if stream.place == len(stream.file) and cuts == self._cuts and not self.ended:
                        await self._changed.wait()


GONE = Refused(404, "NotFound", 'pods "x" not found')
AWAY = Unreachable("nobody answers")
