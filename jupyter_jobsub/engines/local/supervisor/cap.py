"""Keeps a log under its limit by dropping bytes from its middle, so that offsets don't move.

What was dropped is recorded in ``<log>.gap`` (two decimal numbers, start and end) before it is
dropped: readers go by the record, so that a crash between the two harms nothing.
"""

import os

from .files import open_file, read_file, replace

_KEEP_SIZE, _PUNCH_HOLE = 1, 2  # linux/falloc.h
_LINE = 4096  # bytes within which the end of a line is looked for
_STAMP = 64  # bytes, more than a time stamp has


class Cap:
    """The limit of one log: its first quarter is kept, and the newest rest.

    Parameters
    ----------
    log:
        The file.
    limit:
        Bytes that are kept; 0 keeps all.
    """

    def __init__(self, log: bytes, limit: int) -> None:
        self._log = log
        self._limit = limit
        self._start, self._end = self._recorded()

    def keep(self) -> None:
        """Drop what is too much; a file system that can't drop anything keeps everything."""
        size = os.stat(self._log).st_size
        if not self._limit or size - (self._end - self._start) <= self._limit:
            return
        fd = open_file(self._log, os.O_RDWR)
        try:
            before = self._start, self._end
            self._record(
                self._start or _line_start(fd, self._limit // 4),
                _line_start(fd, size - self._limit // 2),
            )
            if not punch(fd, self._start, self._end):
                self._record(*before)
                self._limit = 0
        finally:
            os.close(fd)

    def _recorded(self) -> tuple[int, int]:
        try:
            start, end = map(int, read_file(self._log + b".gap", 64).split())
        except (FileNotFoundError, ValueError):
            return 0, 0
        return (start, end) if 0 <= start <= end else (0, 0)

    def _record(self, start: int, end: int) -> None:
        replace(self._log + b".gap", b"%d %d\n" % (start, end))
        self._start, self._end = start, end  # none is recorded as an empty one


def _line_start(fd: int, at: int) -> int:
    """Find where a line begins near, so that none is torn, nor the time that some begin with."""
    if end := os.pread(fd, _LINE, at).find(b"\n") + 1:
        return at + end
    before = os.pread(fd, min(at, _STAMP), max(0, at - _STAMP))
    return at - len(before) + line if (line := before.rfind(b"\n") + 1) else at


def punch(fd: int, start: int, end: int) -> bool:
    """Free a stretch of the file; False if its file system can't."""
    import ctypes  # few logs ever need it

    libc = ctypes.CDLL(None, use_errno=True)
    offset, length = ctypes.c_int64(start), ctypes.c_int64(end - start)
    fallocate = getattr(libc, "fallocate64", None) or libc.fallocate
    return not fallocate(fd, _KEEP_SIZE | _PUNCH_HOLE, offset, length)
