"""A tar archive read as it comes, from a program that may be anybody's.

Whatever it says takes no more than ``LONGEST`` bytes of memory. All tars' names and sizes are understood
(ustar, GNU, pax); what is neither a file, a folder nor a hard link is other, with its content left out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

BLOCK = 512
LONGEST = 64 * 1024  # bytes of a name, or of a header's extension
MOST = 2**63 - 1  # bytes of a file
Kind: TypeAlias = Literal["file", "folder", "hard link", "other"]
_KINDS: dict[bytes, Kind] = {b"0": "file", b"\0": "file", b"7": "file", b"5": "folder", b"1": "hard link"}
_NAME, _LINK, _PAX, _GLOBAL = b"L", b"K", (b"x", b"X"), b"g"
_SPARSE = b"GNU.sparse.major"
_KNOWN = (b"path", b"linkpath", b"size", b"mtime", _SPARSE)  # of what an extension may say
_WITHOUT_CONTENT = (b"1", b"2", b"3", b"4", b"5", b"6")
_EMPTY = b"\0" * BLOCK


class Damaged(ValueError):
    """What came is no tar archive."""


@dataclass(frozen=True)
class Member:
    """What a header says of what follows it; ``link`` is another member's name, ``modified`` in seconds."""

    kind: Kind
    name: bytes
    size: int
    modified: int
    link: bytes


Take: TypeAlias = Callable[[Member], Callable[[bytes], object] | None]
"""Told of each member; answers what takes its content, if anything does."""


class TarStream:
    """Is fed the bytes of an archive, in pieces of any length.

    Parameters
    ----------
    take
        What is told of the members; its errors are ``feed``'s.
    """

    def __init__(self, take: Take) -> None:
        self.whole = False  # the end has come
        self._take = take
        self._buffer = bytearray()
        self._reader = self._read()
        next(self._reader)

    def feed(self, data: bytes) -> None:
        """Read on.

        Raises
        ------
        Damaged
            If that is no tar archive.
        """
        if not self.whole:
            self._buffer += data
            self._reader.send(None)

    def _read(self) -> Generator[None, None, None]:
        says: dict[bytes, bytes] = {}
        while (header := (yield from self._bytes(BLOCK))) != _EMPTY:
            _check(header)
            type = header[156:157]
            if type in (_NAME, _LINK, *_PAX, _GLOBAL):
                said = yield from self._extension(_number(header[124:136]))
                says |= _said(type, said)
                continue
            member = _member(header, type, says)
            yield from self._content(member.size, self._take(member))
            says = {}
        self.whole = True
        self._buffer.clear()
        yield

    def _extension(self, size: int) -> Generator[None, None, bytes]:
        if size > LONGEST:
            raise Damaged("a header is too long")
        return (yield from self._bytes(size + -size % BLOCK))[:size]

    def _content(self, size: int, take: Callable[[bytes], object] | None) -> Generator[None, None, None]:
        left = size
        while left:
            if not self._buffer:
                yield
                continue
            piece = bytes(self._buffer[:left])
            del self._buffer[:left]
            left -= len(piece)
            if take:
                take(piece)
        yield from self._bytes(-size % BLOCK)

    def _bytes(self, count: int) -> Generator[None, None, bytes]:
        while len(self._buffer) < count:
            yield
        found = bytes(self._buffer[:count])
        del self._buffer[:count]
        return found


def _check(header: bytes) -> None:
    if _number(header[148:156]) != sum(header) - sum(header[148:156]) + 8 * ord(" "):
        raise Damaged("a header's checksum is wrong")


def _number(field: bytes) -> int:
    """Read octal digits, or the binary form of what is too large for them; 0 for what is below."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") if field[0] == 0x80 else 0
    digits = _text(field).strip() or b"0"
    if digits.strip(b"01234567"):
        raise Damaged("a header has no number where one must be")
    return int(digits, 8)


def _said(kind: bytes, text: bytes) -> dict[bytes, bytes]:
    """Read what a header's extension says of the next member."""
    if kind in (_NAME, _LINK):
        return {b"path" if kind == _NAME else b"linkpath": text.partition(b"\0")[0]}
    records = _records(text) if kind in _PAX else ()
    return {name: value for name, value in records if name in _KNOWN}


def _records(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(text):
        digits = text[at : at + 8].partition(b" ")[0]
        end = at + (int(digits) if digits.isdigit() else 0)
        name, equals, value = text[at + len(digits) + 1 : end - 1].partition(b"=")
        if not equals or not at < end <= len(text):
            raise Damaged("a header's extension can't be read")
        yield name, value
        at = end


def _member(header: bytes, type: bytes, says: Mapping[bytes, bytes]) -> Member:
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else b""
    name = says.get(b"path", b"/".join(filter(None, (prefix, _text(header[:100])))))
    kind = "folder" if name.endswith(b"/") else _KINDS.get(type, "other")
    if _SPARSE in says:
        kind = "other"
    size = (
        0
        if type in _WITHOUT_CONTENT
        else _decimal(says[b"size"])
        if b"size" in says
        else _number(header[124:136])
    )
    if size > MOST:
        raise Damaged("a file is too large to be one")
    modified = _decimal(says[b"mtime"]) if b"mtime" in says else _number(header[136:148])
    return Member(kind, name, size, modified, says.get(b"linkpath", _text(header[157:257])))


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _decimal(text: bytes) -> int:
    """Read a number of seconds or bytes; 0 for what is below."""
    digits = text.partition(b".")[0]
    if digits.startswith(b"-"):
        return 0
    if not digits.isdigit() or len(digits) > 20:
        raise Damaged("a header's extension has no number where one must be")
    return int(digits)
