"""The file of a log that is followed: it takes what comes, and says itself up to where that was."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...archive.files import open_file
from ...archive.pieces import read_gap
from ...archive.stamps import AT_LINES, LONGEST, STAMP, unfinished_stamp
from ..local.supervisor.cap import Cap

MARK = b"[jobsub: lines are missing here: the node had dropped them before they were read]\n"
SEAM = b"[jobsub: the node began a new file here: the last lines of the one before may be missing]\n"
_BLOCK = 2**20  # bytes that are searched at once
_HELD = 4096  # bytes of a line without a stamp that are waited with


class Line(NamedTuple):
    """A line of the file: its stamp, with the space after it, and where it begins."""

    stamp: bytes
    start: int


class LogFile:
    """One log, each line with its stamp, as it comes from the node.

    Parameters
    ----------
    path:
        The file, which is there.
    limit:
        Bytes that are kept of it; 0 keeps all.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._cap = Cap(os.fsencode(path), limit)
        self.sealed = not path.stat().st_mode & stat.S_IWUSR
        self._fd = open_file(path, os.O_RDONLY if self.sealed else os.O_RDWR | os.O_APPEND)
        self._held = b""
        self.due = b""
        self.settle()

    def close(self) -> None:
        """Let go of it; idempotent."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def settle(self) -> None:
        """Begin anew at what is stored: what came and can't be judged is forgotten."""
        self._held = b""
        self.size = os.fstat(self._fd).st_size
        torn = unfinished_stamp(self._before(self.size))
        if torn and not self.sealed:  # by a crash amid a write
            self.size -= torn
            os.ftruncate(self._fd, self.size)
        self._fresh = self._before(self.size).endswith(b"\n")

    def append(self, data: bytes) -> None:
        """Add what came; the beginning of a line only when its stamp is all there.

        A last line without a stamp is none of the log's, but a node's word about why it ends.
        """
        data = self._held + data
        line = data.rfind(b"\n") + 1
        held = len(data)
        if (line or self._fresh) and len(data) - line < _HELD and not STAMP.match(data, line):
            held = line
        data, self._held = data[:held], data[held:]
        at = 0 if self._fresh else data.find(b"\n") + 1
        if self.due and (at or self._fresh) and at < len(data):
            data, self.due = data[:at] + self.due + data[at:], b""
        if data:
            self._fresh = data.endswith(b"\n")
            self._write(data)

    def mark(self, line: bytes = MARK) -> None:
        """Say something here and now; once is enough."""
        if self.read(self.size - len(line), self.size) != line:
            self._write(line if self._fresh else b"\n" + line)
            self._fresh = True

    def note(self, line: bytes) -> None:
        """Say something between two lines, as soon as there are two."""
        self.due = MARK if MARK in (line, self.due) else line

    def keep(self) -> None:
        """Have what came on disk, within the limit."""
        os.fsync(self._fd)
        self._cap.keep()

    def marked(self) -> bool:
        """Say whether lines are known to be missing anywhere."""
        return self.find(MARK, 0) >= 0

    def end(self) -> Line | None:
        """The line from which on the end is to be found again; None after a mark, and if there is none."""
        if self.read(self.size - len(MARK), self.size) == MARK or not (last := self.last(self.size)):
            return None
        while (line := self.last(last.start)) and line.stamp == last.stamp:
            last = line
        return last

    def tail(self, size: int) -> bytes:
        """The last bytes, and before them what tells whether a line begins there."""
        start = max(self._begin(), self.size - size)
        return self._before(start) + self.read(start, self.size)

    def last(self, end: int) -> Line | None:
        """Find the last line with a stamp that begins before an offset."""
        at, size = end, 4096
        while at > self._begin():
            start = max(self._begin(), at - size)
            block = self._before(start)[-1:] + self.read(start, min(at + LONGEST, end))
            if found := [*AT_LINES.finditer(block)]:
                return Line(found[-1][0][1:], start + found[-1].start())
            at, size = start, _BLOCK
        return None

    def find(self, text: bytes, start: int, end: int | None = None) -> int:
        """Find a line that begins with a text, between offsets; -1 if there is none."""
        end = self.size if end is None else end
        at, begin = start, self._begin()
        while at < end:
            before = b"\n" if at in (0, begin) else self.read(at - 1, at)
            block = before + self.read(at, min(at + _BLOCK + len(text), end))
            if (found := block.find(b"\n" + text)) >= 0:
                return at + found
            at += _BLOCK
        return -1

    def within(self, text: bytes, start: int, end: int | None = None) -> Iterator[int]:
        """Find a text wherever it begins, between offsets."""
        end = self.size if end is None else end
        for at in range(max(start, self._begin()), end, _BLOCK):
            block = self.read(at, min(at + _BLOCK + len(text) - 1, end))
            found = block.find(text)
            while found >= 0:
                yield at + found
                found = block.find(text, found + 1)

    def read(self, start: int, end: int) -> bytes:
        """Read a stretch."""
        return b"".join(self._pieces(max(start, 0), end))

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        while start < end and (piece := os.pread(self._fd, end - start, start)):
            yield piece
            start += len(piece)

    def _before(self, end: int) -> bytes:
        """What precedes an offset; a line begins with the log, and after its hole."""
        begin = self._begin()
        return (b"\n" if end - LONGEST <= begin else b"") + self.read(max(begin, end - LONGEST), end)

    def _begin(self) -> int:
        gap = read_gap(self._path)
        return gap.end if gap else 0

    def _write(self, data: bytes) -> None:
        while data:
            written = os.write(self._fd, data)
            self.size += written
            data = data[written:]
