"""Where what a node gives of a log goes on from what is stored of it, or begins."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from itertools import islice

from ...archive.stamps import AT_LINES, LONGEST, STAMP, moment
from .entry import BEGINNING
from .logfile import Line, LogFile

SECOND = 10**9  # nanoseconds
TELLING = 128  # bytes of a line that tell the place in it
_AT_END = re.compile(AT_LINES.pattern + rb"\Z")


class Missed(Exception):
    """What is stored is no more among what the node has."""


class Beginning:
    """Leaves out, of a log that is read for the first time, the line with which it begins."""

    since = None

    def __init__(self) -> None:
        self._come = b""

    @property
    def empty(self) -> bool:
        """Whether nothing has come yet."""
        return not self._come

    def rest(self, data: bytes) -> bytes | None:
        """Give what comes after that line; None before it has come.

        Raises
        ------
        Missed
            If a log without it is what the node still has.
        """
        self._come += data
        stamp = STAMP.match(self._come)
        if stamp is None:  # half of one; or a node's word about why it has no log
            return None
        text = self._come[stamp.end() :]
        if len(text) < len(BEGINNING) and BEGINNING.startswith(text):
            return None
        if not text.startswith(BEGINNING):
            raise Missed
        return text[len(BEGINNING) :]

    def end(self) -> None:
        """Learn that nothing more comes; raises Missed as the line was not there."""
        raise Missed


def without_beginning(text: bytes) -> bytes:
    """Leave out of lines of a node's the one with which a log begins."""
    stamp = STAMP.match(text)
    if stamp and text.startswith(BEGINNING, stamp.end()):
        return text[stamp.end() + len(BEGINNING) :]
    return text


class Overlap:
    """Leaves out, of a log that is read again, all that is stored.

    The last stored line is looked for by its stamp; from there on what comes must be what is stored, byte by
    byte. Lines of one stamp count as one: time alone doesn't tell them apart. A node's file that begins amid
    the last stored line has a stamp there that is stored nowhere: its place is where its text is, if that is
    one place alone.

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
        self._begins = True  # all that came is held, until it tells where it begins

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
            found = self._find(self._before + data)
            if found is None:
                return None
            data, self._at = found
        size = min(len(data), self._file.size - self._at)
        if self._file.read(self._at, self._at + size) != data[:size]:
            raise Missed
        self._at += size
        return data[size:] if self._at == self._file.size else None

    def end(self) -> None:
        """Learn that nothing more comes; raises Missed if the last stored line was not there."""
        if self._at is None:
            raise Missed

    def _find(self, text: bytes) -> tuple[bytes, int] | None:
        """Give what came from a place on that is stored, and the place."""
        if (at := text.find(b"\n" + self._line.stamp)) >= 0:
            return text[at + 1 :], self._line.start
        if self._begins and (found := self._amid(text)):
            return found
        first = None if self._begins else AT_LINES.search(text)
        # the two streams of a container may be a little out of order
        if first and moment(first[0][1:]) > moment(self._line.stamp) + SECOND:
            raise Missed
        self._before = text if self._begins else text[-LONGEST:]
        return None

    def _amid(self, text: bytes) -> tuple[bytes, int] | None:
        """Find the place amid the last stored line at which what came begins, once there is enough of it."""
        stamp = AT_LINES.match(text)
        come = text[stamp.end() :] if stamp else b""
        enough = len(come) >= TELLING if stamp else len(text) >= LONGEST
        self._begins = not enough and b"\n" not in (come or text[1:])
        last = self._file.last(self._file.size)
        if not stamp or not enough or not last or moment(stamp[0][1:]) <= moment(last.stamp):
            return None
        places = [*islice(self._file.within(come[:TELLING], last.start + len(last.stamp)), 2)]
        return (come, places[0]) if len(places) == 1 else None


def ends_alike(stored: bytes, lines: bytes) -> bool:
    """Whether the node's last two lines end as what is stored, and can't have twice been the same."""
    rest = without_beginning(lines)
    begun = [*AT_LINES.finditer(b"\n" + rest)]
    if not begun:
        return rest != lines and not rest and stored == b"\n"
    end = b"\n" + rest[begun[-1].start() :]
    return stored.endswith(end) and (len(begun) == 1 or begun[0][0] != begun[-1][0])


def ends_amid(stored: bytes, lines: bytes) -> bool:
    """Whether the node's last two pieces of a line end what is stored, as far as their text alone tells."""
    stamp = STAMP.match(lines)
    text = lines[stamp.end() :] if stamp else b""
    return len(text) >= TELLING and stored.endswith(text) and not _AT_END.search(stored[: -len(text)])
