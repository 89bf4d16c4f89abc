"""Whether a log came whole over the rotations of its files on the node.

A node keeps a log in files of bounded size and shows the newest. Its kubelet, when it follows a log, goes
on to the file that is the newest at that moment. One that is behind leaves out whole files, and one that
isn't may leave out the last lines of a file, which are written while it turns to the next; it says neither.
So while a log grows fast, the beginning of the newest file is read from time to time, and looked for in
what was followed.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from ...archive.stamps import AT_LINES, LONGEST, moment
from .logfile import MARK, SEAM, LogFile
from .overlap import SECOND, TELLING

LOOK = 64 * 1024  # bytes of the newest file
BUSY = 50_000_000  # nanoseconds between two lines, in which others may have been left out


class Beginning(NamedTuple):
    """What tells the first bytes of a file of the node.

    They are its first stamp and its last; and, as one that begins amid a line has a stamp there that never
    comes, some text if there is none but that line.
    """

    first: bytes
    last: bytes
    text: bytes


class Rotations:
    """What is known of the node's files of one log."""

    def __init__(self, file: LogFile) -> None:
        self._file = file
        self._newest: bytes | None = None
        self._awaited: deque[Beginning] = deque()
        self._from = 0  # where the newest that was found begins
        self._searched = 0

    def saw(self, data: bytes) -> None:
        """Learn how the node's newest file begins."""
        stamps = [match[1:] for match in AT_LINES.findall(b"\n" + data)]
        if stamps and stamps[0] != self._newest:
            self._newest = stamps[0]
            text = data[len(stamps[0]) :][:TELLING] if len(stamps) == 1 else b""
            self._awaited.append(Beginning(stamps[0], stamps[-1], text if len(text) == TELLING else b""))

    def judge(self, *, ended: bool = False) -> bytes:
        """Give the note that is due for the files that have come through meanwhile: MARK, SEAM, or none.

        Parameters
        ----------
        ended:
            Nothing more will come.
        """
        due = b""
        while self._awaited:
            size, begun = self._file.size, self._awaited[0]
            at = self._place(begun, size)
            if at < 0 and not ended and not self._beyond(begun.last):
                self._searched = max(self._searched, size - TELLING)
                break
            self._awaited.popleft()
            self._from = self._searched = max(self._from, at)
            if at < 0:
                due = MARK
            elif not due and self._may_lack(begun, at):
                due = SEAM
        return due

    def _place(self, begun: Beginning, size: int) -> int:
        at = self._file.find(begun.last, self._searched, size)
        if at < 0 and begun.text:
            return next(self._file.within(begun.text, self._searched, size), -1)
        return at

    def _beyond(self, stamp: bytes) -> bool:
        last = self._file.last(self._file.size)
        return last is not None and moment(last.stamp) > moment(stamp) + SECOND

    def _may_lack(self, begun: Beginning, end: int) -> bool:
        """Whether lines may lack just before a file; one that begins amid a line proves that none do."""
        at = self._file.find(begun.first, max(0, end - 2 * LOOK), end + LONGEST)
        before = self._file.last(at) if at > 0 else None
        if before is None or self._file.read(at - len(MARK), at) == MARK:
            return False
        return moment(begun.first) - moment(before.stamp) < BUSY
