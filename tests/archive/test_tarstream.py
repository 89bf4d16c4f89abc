"""Archives of every kind of tar, in any pieces; and what is none."""

from __future__ import annotations

import contextlib
import io
import itertools
import subprocess
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_jobsub.archive.tarstream import BLOCK, LONGEST, Damaged, Member, TarStream

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


class Read:
    """All that a stream tells."""

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.contents: list[bytes] = []
        self.stream = TarStream(self._take)

    def _take(self, member: Member) -> Callable[[bytes], None]:
        self.members.append(member)
        self.contents.append(b"")

        def add(data: bytes) -> None:
            self.contents[-1] += data

        return add

    def feed(self, pieces: Iterator[bytes]) -> Read:
        for piece in pieces:
            self.stream.feed(piece)
        return self


def pieces(data: bytes, sizes: Sequence[int] = (2**20,)) -> Iterator[bytes]:
    at = 0
    for size in itertools.cycle(sizes):
        yield data[at : at + size]
        at += size
        if at >= len(data):
            return


SIZES = st.lists(st.integers(1, 3 * BLOCK), min_size=1, max_size=5)


def tar(*files: tuple[str, bytes], format: int = tarfile.GNU_FORMAT, **fields: Any) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for field, value in fields.items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("format", FORMATS)
@given(sizes=SIZES, content=st.binary(max_size=700))
def test_it_is_read_in_any_pieces(format: int, sizes: list[int], content: bytes) -> None:
    files = [("a/first", content), ("ü", b""), ("last", content * 3)]
    read = Read().feed(pieces(tar(*files, format=format, mtime=1234567890), sizes))
    assert [(m.name.decode(), c) for m, c in zip(read.members, read.contents, strict=True)] == files
    assert {(m.kind, m.modified) for m in read.members} == {("file", 1234567890)}
    assert read.stream.whole


@pytest.mark.parametrize(
    ("format", "name"),
    [
        (tarfile.USTAR_FORMAT, f"{'f' * 120}/{'n' * 90}"),
        (tarfile.GNU_FORMAT, f"{'f' * 255}/{'n' * 255}"),
        (tarfile.PAX_FORMAT, f"{'f' * 255}/{'ü' * 100}"),
    ],
)
def test_long_names_are_read(format: int, name: str) -> None:
    read = Read().feed(pieces(tar((name, b"x"), ("short", b""), format=format)))
    assert [member.name.decode() for member in read.members] == [name, "short"]


def test_other_members_have_no_content() -> None:
    data = tar(("fifo", b""), type=tarfile.FIFOTYPE)[:BLOCK]
    data += tar(("link", b""), type=tarfile.SYMTYPE, linkname="/etc/passwd")[:BLOCK]
    data += tar(("hard", b""), type=tarfile.LNKTYPE, linkname="a/b" * 60)[: 3 * BLOCK]
    data += tar(("folder/", b""), type=tarfile.DIRTYPE)
    read = Read().feed(pieces(data))
    kinds = [(member.kind, member.name, member.link) for member in read.members]
    assert kinds == [
        ("other", b"fifo", b""),
        ("other", b"link", b"/etc/passwd"),
        ("hard link", b"hard", b"a/b" * 60),
        ("folder", b"folder/", b""),
    ]


@pytest.mark.parametrize("format", ["gnu", "posix", "ustar", "oldgnu", "v7"])
def test_what_this_systems_tar_writes_is_read(tmp_path: Path, format: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "ä\n-x").write_bytes(b"\0" * 100_000)
    (tmp_path / "large").write_bytes(b"x" * 20_001)
    done = subprocess.run(["tar", "-cf", "-", f"--format={format}", "."], cwd=tmp_path, capture_output=True)
    read = Read().feed(pieces(done.stdout))
    found = {member.name: len(content) for member, content in zip(read.members, read.contents, strict=True)}
    assert found == {b"./": 0, b"./sub/": 0, "./sub/ä\n-x".encode(): 100_000, b"./large": 20_001}
    assert read.stream.whole


def test_a_file_of_more_than_octal_digits_can_say_is_read() -> None:
    for format in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        info = tarfile.TarInfo("large")
        info.size = 2**40
        read = Read().feed(pieces(info.tobuf(format)))
        assert [member.size for member in read.members] == [2**40]
        assert not read.stream.whole


def header(**fields: Any) -> bytes:
    info = tarfile.TarInfo(fields.pop("name", "x"))
    for field, value in fields.items():
        setattr(info, field, value)
    return info.tobuf(tarfile.GNU_FORMAT)


def pax(text: bytes) -> bytes:
    return header(type=tarfile.XHDTYPE, size=len(text)) + text + bytes(-len(text) % BLOCK)


def checked(block: bytearray) -> bytes:
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def with_size(field: bytes) -> bytes:
    block = bytearray(header())
    block[124:136] = field.ljust(12, b"\0")
    return checked(block)


@pytest.mark.parametrize(
    "data",
    [
        b"tar: not found\n" * 100,
        header()[:500] + bytes(11) + b"\1",
        with_size(b"-7"),
        with_size(b"1_0"),
        with_size(b"9"),
        with_size(b"\x80" + b"\xff" * 11),
        header(type=tarfile.GNUTYPE_LONGNAME, size=LONGEST + 1),
        header(type=tarfile.XHDTYPE, size=2**40),
        pax(b"99 path=x\n"),
        pax(b"no length"),
        pax(b"0 path=x\n"),
        pax(b"12 size=12x\n") + header(),
        pax(b"27 size=9999999999999999999\n") + header(),
    ],
    ids=range(13),
)
def test_what_is_no_archive_is_told(data: bytes) -> None:
    with pytest.raises(Damaged):
        Read().feed(pieces(data))


def test_what_an_extension_says_takes_no_memory() -> None:
    read = Read()
    tracemalloc.start()
    for number in range(200):
        read.feed(pieces(pax(b"%d k%06d=%s\n" % (60_000 + 15, number, b"x" * 60_000))))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read.members == []
    assert most < 10 * LONGEST


def test_a_negative_time_is_the_beginning() -> None:
    read = Read().feed(pieces(pax(b"14 mtime=-1.5\n") + tar(("x", b""))))
    assert [member.modified for member in read.members] == [0]


@given(noise=st.binary(min_size=1, max_size=40), at=st.integers(0, 6 * BLOCK), sizes=SIZES)
def test_whatever_comes_is_read_or_damaged(noise: bytes, at: int, sizes: list[int]) -> None:
    """Also what looks like an archive, as its checksums are right."""
    data = bytearray(tar(("a", b"x" * 600), ("b" * 200, b"y"), format=tarfile.PAX_FORMAT))
    data[at : at + len(noise)] = noise
    begin = at - at % BLOCK
    data[begin : begin + BLOCK] = checked(data[begin : begin + BLOCK])
    with contextlib.suppress(Damaged):
        Read().feed(pieces(bytes(data), sizes))
