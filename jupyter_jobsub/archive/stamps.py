"""Logs in which each line begins with the time at which it was written, and those lines without it.

A cluster gives logs so (RFC 3339, nanoseconds, and a space), and they are kept as they come: the file is
its own record of what was read. A line without a stamp is a note of ours.
"""

from __future__ import annotations

import re
from datetime import datetime

STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) ")
LONGEST = 37  # bytes of a stamp, with its space and the newline before it
AT_LINES = re.compile(rb"\n" + STAMP.pattern)
_WHOLE = (b"0000-00-00T00:00:00.000000000Z ", b"0000-00-00T00:00:00.000000000+00:00 ")


def without_stamps(before: bytes, text: bytes) -> bytes:
    """Give a stretch of a log without its stamps, and without one that its end has cut.

    Parameters
    ----------
    before:
        At least ``LONGEST`` bytes that precede it; a log's beginning is preceded by a newline.
    """
    end = len(text) - min(len(text), unfinished_stamp(before + text[-LONGEST:]))
    return AT_LINES.sub(b"\n", text[_rest(before, text) : end])


def unfinished_stamp(text: bytes) -> int:
    """Count the bytes at the end that begin a stamp, or are a whole one with nothing after it."""
    _, newline, begun = text[-LONGEST:].rpartition(b"\n")
    if newline and any(STAMP.fullmatch(begun + stamp[len(begun) :]) for stamp in _WHOLE):
        return len(begun)
    return 0


def _rest(before: bytes, text: bytes) -> int:
    """Count the bytes at the beginning of a stretch that are, or end, a stamp."""
    line = before.rfind(b"\n") + 1
    stamp = STAMP.match(before[line:] + text[:LONGEST]) if line else None
    return max(0, stamp.end() - len(before) + line) if stamp else 0


def moment(stamp: bytes) -> int:
    """Nanoseconds since 1970."""
    zone = stamp[29:].strip().replace(b"Z", b"+00:00")
    return int(datetime.fromisoformat((stamp[:19] + zone).decode()).timestamp()) * 10**9 + int(stamp[20:29])
