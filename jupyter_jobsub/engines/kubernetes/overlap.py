"""Where what a node gives of a log goes on from what is stored of it."""

from __future__ import annotations

from datetime import datetime, timezone

from ...archive.stamps import AT_LINES, LONGEST, moment
from .logfile import Line, LogFile

SECOND = 10**9  # nanoseconds


class Missed(Exception):
    """What is stored is no more among what the node has."""


class Overlap:
    """Leaves out, of a log that is read again, all that is stored.

    The last stored line is looked for by its stamp; from there on what comes must be what is stored, byte by
    byte. Lines of one stamp count as one: time alone doesn't tell them apart.

    Parameters
    ----------
    line:
        Of the lines that are stored, the first that has the stamp of the last.
    """

    def __init__(self, file: LogFile, line: Line) -> None:
        self._file = file
        self._line = line
        self._at: int | None = None  # how much of what is stored has come
        self._before = b"\n"

    @property
    def since(self) -> str:
        """The time from which on to ask, which has whole seconds."""
        at = datetime.fromtimestamp(moment(self._line.stamp) // SECOND, timezone.utc)
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def empty(self) -> bool:
        """Whether no line has come yet."""
        return self._at is None and len(self._before) <= 1

    def rest(self, data: bytes) -> bytes | None:
        """Give what of the data is new; None while all that came is stored.

        Raises
        ------
        Missed
            If what came is not what follows.
        """
        if self._at is None:
            found = self._find(data)
            if found is None:
                return None
            data, self._at = found, self._line.start
        size = min(len(data), self._file.size - self._at)
        if self._file.read(self._at, self._at + size) != data[:size]:
            raise Missed
        self._at += size
        return data[size:] if self._at == self._file.size else None

    def end(self) -> None:
        """Learn that nothing more comes; raises Missed if the last stored line was not there."""
        if self._at is None:
            raise Missed

    def _find(self, data: bytes) -> bytes | None:
        text = self._before + data
        if (at := text.find(b"\n" + self._line.stamp)) >= 0:
            return text[at + 1 :]
        first = AT_LINES.search(text)
        # the two streams of a container may be a little out of order
        if first and moment(first[0][1:]) > moment(self._line.stamp) + SECOND:
            raise Missed
        self._before = text[-LONGEST:]
        return None


def ends_alike(stored: bytes, lines: bytes) -> bool:
    """Whether the node's last two lines end as the last stored one, and can't have twice been the same."""
    begun = [*AT_LINES.finditer(b"\n" + lines)]
    if not begun:
        return stored == lines
    return lines[begun[-1].start() :] == stored and (len(begun) == 1 or begun[0][0] != begun[-1][0])
