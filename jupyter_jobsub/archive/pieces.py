"""A log as its readers see it: the bytes of the file, with one marker line for what was dropped.

When a log reaches its limit, the task's supervisor punches a hole into its middle, so that
offsets don't move. First it writes the hole's bounds into a side file, ``<log>.gap``: two
decimal numbers, replaced as a whole. Whatever the file holds between them counts as dropped,
so that a crash at any moment leaves a log that reads right.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .files import open_file
from .stamps import LONGEST, without_stamps

GAP = ".gap"  # after the log's name
BLOCK = 256 * 1024  # bytes read at once
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


@dataclass(frozen=True)
class Gap:
    """Bytes ``start`` (inclusive) to ``end`` (exclusive) of a log were dropped."""

    start: int
    end: int


def gap_path(log: Path) -> Path:
    """Where the bounds of a log's hole are recorded."""
    return log.with_name(log.name + GAP)


def read_gap(log: Path) -> Gap | None:
    """Read the bounds of the log's hole, if it has one."""
    try:
        fd = open_file(f"{log}.gap")  # asked for at each read of a log: a path object takes longer
    except FileNotFoundError:
        return None
    try:
        start, end = map(int, os.read(fd, 64).split())
    except ValueError:
        return None
    finally:
        os.close(fd)
    return Gap(start, end) if 0 <= start < end else None


@dataclass(frozen=True)
class Piece:
    """A stretch of the log that is all there, or all dropped."""

    start: int
    end: int
    dropped: bool = False


def pieces(start: int, end: int, gap: Gap | None) -> list[Piece]:
    """Cut a stretch of the log where its hole begins and ends."""
    if gap is None:
        gap = Gap(end, end)
    cuts = [
        Piece(start, min(end, gap.start)),
        Piece(max(start, gap.start), min(end, gap.end), dropped=True),
        Piece(max(start, gap.end), end),
    ]
    return [piece for piece in cuts if piece.start < piece.end]


def marker(dropped: int) -> bytes:
    """The line that readers see in place of dropped bytes."""
    return f"[jobsub: {amount(dropped)} dropped here, the log had reached its limit]\n".encode()


def amount(size: int) -> str:
    """Bytes in words."""
    number, unit = float(size), 0
    while number >= 1024 and unit < len(_UNITS) - 1:
        number, unit = number / 1024, unit + 1
    return f"{number:.4g} {_UNITS[unit]}"


def read_range(fd: int, start: int, end: int, gap: Gap | None, *, stamped: bool = False) -> bytes:
    """Read a stretch, with the marker where it crosses the hole, and without the stamps of lines."""
    parts: list[bytes] = []
    for piece in pieces(start, end, gap):
        if not piece.dropped:
            data = _pread(fd, piece.start, piece.end)
            parts.append(without_stamps(before(fd, piece.start, gap), data) if stamped else data)
            continue
        if gap and piece.start == gap.start > 0 and _pread(fd, gap.start - 1, gap.start) != b"\n":
            parts.append(b"\n")
        parts.append(marker(piece.end - piece.start))
    return b"".join(parts)


def before(fd: int, start: int, gap: Gap | None) -> bytes:
    """Read what precedes an offset, as far as a stamp goes; lines begin with the log, and after the hole."""
    begin = gap.end if gap and gap.end <= start else 0
    nearest = max(begin, start - LONGEST)
    return (b"\n" if nearest == begin else b"") + _pread(fd, nearest, start)


def range_end(start: int, limit: int, size: int, gap: Gap | None) -> int:
    """Where a read of ``limit`` bytes ends; the hole is read over in one go."""
    end = start + limit
    if gap and start < gap.end and gap.start < end:
        end = gap.end
    return max(start, min(end, size))


def _pread(fd: int, start: int, end: int) -> bytes:
    parts = []
    while start < end and (part := os.pread(fd, end - start, start)):
        parts.append(part)
        start += len(part)
    return b"".join(parts)


def tail_start(fd: int, lines: int, end: int, max_bytes: int, gap: Gap | None) -> int:
    """Find where the last lines before ``end`` begin, reading no more than it takes.

    The hole counts as one line. A line that would make it more than ``max_bytes`` is cut.
    """
    missing, room = lines, max_bytes
    if missing <= 0:
        return end
    for block in _backwards(end, gap):
        if block.dropped:
            for boundary in (block.end, block.start):
                missing -= boundary < end
                if not missing:
                    return boundary
            continue
        data = _pread(fd, max(block.start, block.end - room), block.end)
        at = len(data)
        if block.end in (end, gap.start if gap else end) and data.endswith(b"\n"):
            at -= 1  # it ends the last line and begins none
        while (at := data.rfind(b"\n", 0, at)) >= 0:
            missing -= 1
            if not missing:
                return block.end - len(data) + at + 1
        room -= len(data)
        if room <= 0:
            return _character_start(fd, block.end - len(data), end)
    return 0


def _backwards(end: int, gap: Gap | None) -> Iterator[Piece]:
    for piece in reversed(pieces(0, end, gap)):
        if piece.dropped:
            yield piece
            continue
        at = piece.end
        while at > piece.start:
            block = Piece(max(piece.start, at - BLOCK), at)
            yield block
            at = block.start


def _character_start(fd: int, start: int, end: int) -> int:
    """Go on to the next place, 3 bytes ahead at most, that is not inside a UTF-8 character."""
    for byte in _pread(fd, start, min(start + 3, end)):
        if byte & 0xC0 != 0x80:
            return start
        start += 1
    return start


def unfinished_character(data: bytes) -> int:
    """Count the bytes, 3 at most, of a UTF-8 character that begins at the end and isn't whole."""
    for back in range(1, min(3, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0x80:
            continue
        length = 2 if byte & 0xE0 == 0xC0 else 3 if byte & 0xF0 == 0xE0 else 4 if byte & 0xF8 == 0xF0 else 1
        return back if length > back else 0
    return 0
