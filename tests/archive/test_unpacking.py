"""Artifacts that come as a tar: what is kept of them, and that nothing else happens."""

from __future__ import annotations

import errno
import io
import os
import stat
import tarfile
from collections.abc import Iterable
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_jobsub.archive import ArtifactArchive, ArtifactLimits, Contents, trees
from jupyter_jobsub.archive import unpacking as module
from jupyter_jobsub.archive.tarstream import Damaged
from jupyter_jobsub.archive.unpacking import TOO_LARGE, TooMuch, Unpacking
from jupyter_jobsub.model.job import JobId

JOB = JobId("job-1")
LIMITS = ArtifactLimits(files=10, bytes=1000)


class Lab:
    def __init__(self, root: Path) -> None:
        self.root = root / "archive"
        self.partial = self.root / JOB / ".1.main-0.artifacts"
        self.place = self.root / JOB / "1.artifacts"
        (self.root / JOB).mkdir(parents=True)
        self.archive = ArtifactArchive(self.root)

    def unpack(self, data: bytes, limits: ArtifactLimits = LIMITS) -> None:
        unpacking = self.begin(limits)
        try:
            unpacking.feed(data)
            unpacking.finish(self.place)
        finally:
            unpacking.close()

    def begin(self, limits: ArtifactLimits = LIMITS) -> Unpacking:
        unpacking = Unpacking(self.partial, limits)
        unpacking.open()
        return unpacking

    def seal(self, limits: ArtifactLimits = LIMITS) -> Contents:
        return self.archive.seal(JOB, 1, limits)

    def files(self) -> dict[str, bytes]:
        found = [path for path in self.place.rglob("*") if path.is_file() and not path.is_symlink()]
        return {str(path.relative_to(self.place)): path.read_bytes() for path in found}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def member(name: str, content: bytes = b"", **fields: Any) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape") + content + bytes(-len(content) % 512)


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> bytes:
    return member(name, type=kind, linkname=target)


END = bytes(1024)


def test_files_come_with_their_folders_and_times(lab: Lab) -> None:
    data = member("./", type=tarfile.DIRTYPE) + member("./a/", type=tarfile.DIRTYPE)
    lab.unpack(data + member("./a/b/c", b"text", mtime=86400) + member("./top", b"x" * 700) + END)
    assert lab.files() == {"a/b/c": b"text", "top": b"x" * 700}
    kept = lab.seal()
    assert [(item.path, item.size) for item in kept.items] == [("a/b/c", 4), ("top", 700)]
    assert kept.items[0].modified_at == 86400 * 10**6
    assert not lab.partial.exists()


def test_odd_names_stay_as_they_are(lab: Lab) -> None:
    names = ["-rf", "new\nline", "ü", "\udcff", " ", "~", "$(x)"]
    lab.unpack(b"".join(member(f"./{name}", b"1") for name in names) + END)
    assert set(os.listdir(lab.place)) == set(names)
    assert {item.path for item in lab.seal().items} == {*names[:3], "\\xff", *names[4:]}


@pytest.mark.parametrize(
    "data",
    [
        member("../escaped", b"x"),
        member("a/../../escaped", b"x"),
        link("door", "..") + member("door/escaped", b"x"),
        link("door", "/") + link("door/escaped", "x", tarfile.LNKTYPE),
        link("escaped", "../../secret", tarfile.LNKTYPE),
        link("soft", "../../secret") + link("hard", "soft", tarfile.LNKTYPE),
        member("escaped", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        member("a" * 300, b"x") + member("b/" * 3000 + "c", b"x"),
        member("", b"x") + member(".", b"x") + member("..", b"x"),
        link("x", "", tarfile.LNKTYPE),
    ],
    ids=range(10),
)
def test_nothing_comes_from_or_gets_elsewhere(lab: Lab, data: bytes) -> None:
    (lab.root.parent / "secret").write_text("secret")
    (lab.root / JOB / "1.log").write_text("log")
    lab.unpack(data + member("last", b"well") + END)
    assert lab.files() == {"last": b"well"}
    assert {path.name for path in lab.root.parent.iterdir()} == {"archive", "secret"}
    assert {path.name for path in lab.root.iterdir()} == {JOB}
    assert {path.name for path in (lab.root / JOB).iterdir()} == {"1.log", "1.artifacts"}
    kept = lab.seal()
    assert [item.path for item in kept.items] == ["last"]
    assert os.stat(lab.root.parent / "secret").st_nlink == 1


def test_an_absolute_name_is_one_below(lab: Lab) -> None:
    lab.unpack(member("/etc/passwd", b"mine") + END)
    assert lab.files() == {"etc/passwd": b"mine"}


def test_what_is_no_file_is_told_as_dropped(lab: Lab) -> None:
    fifo = member("fifo", type=tarfile.FIFOTYPE)
    lab.unpack(member("kept", b"x") + link("link", "kept") + fifo + END)
    kept = lab.seal()
    assert kept.note == "2 artifacts were dropped (links and special files are not kept): fifo, link"
    assert os.listdir(lab.place) == ["kept"]


def test_a_file_that_has_two_names_has_both(lab: Lab) -> None:
    lab.unpack(member("a/one", b"text") + link("two", "a/one", tarfile.LNKTYPE) + END)
    assert lab.files() == {"a/one": b"text", "two": b"text"}
    assert lab.seal().bytes == 8


def test_a_file_that_is_too_large_is_told_and_takes_no_room(lab: Lab) -> None:
    large = member("large", b"x" * 1001)
    named = link("sparse", TOO_LARGE.decode() + str(10**30 % 10**15))
    lab.unpack(large + named + link("small", f"{TOO_LARGE.decode()}5") + member("kept", b"y") + END)
    assert sum(path.lstat().st_blocks for path in lab.place.iterdir()) * 512 <= 64 * 1024
    note = lab.seal().note
    assert note.startswith("3 artifacts were dropped (at most 1000 bytes are kept")
    assert note.endswith("large, small, sparse")
    assert lab.files() == {"kept": b"y"}


def test_one_that_no_disk_could_hold_is_told(lab: Lab) -> None:
    lab.unpack(link("impossible", f"{TOO_LARGE.decode()}{2**63}") + END)
    assert lab.seal().dropped == ["impossible"]


def test_sealing_chooses_by_name_whatever_the_order_was(lab: Lab) -> None:
    lab.unpack(member("c", b"x" * 600) + member("b", b"x" * 600) + member("a", b"x" * 600) + END)
    assert [item.path for item in lab.seal().items] == ["a"]
    assert lab.files() == {"a": b"x" * 600}


def test_much_more_than_is_kept_is_not_looked_at(lab: Lab) -> None:
    unpacking = lab.begin()
    with pytest.raises(TooMuch):
        feed_all(unpacking, (member(f"f{number}", b"x" * 900) for number in range(10_000)))
    unpacking.finish(lab.place)
    unpacking.close()
    assert 1 < len(os.listdir(lab.place)) < 10_000


def feed_all(unpacking: Unpacking, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        unpacking.feed(piece)


def test_the_content_of_one_file_is_not_read_for_ever(lab: Lab) -> None:
    unpacking = lab.begin()
    unpacking.feed(member("endless", size=2**60))
    with pytest.raises(TooMuch):
        feed_all(unpacking, repeat(bytes(2**20)))
    unpacking.close()


def test_folders_without_end_are_not_made(lab: Lab) -> None:
    lab.unpack(member("d/" * 1000 + "x", b"x") + member("kept", b"y") + END)
    assert lab.seal().dropped == ["d/" * 64]


def test_a_name_that_comes_twice_is_the_first(lab: Lab) -> None:
    twice = member("a", b"first") + member("a", b"second") + member("a/b", b"third")
    lab.unpack(twice + member("c/d", b"1") + member("c", b"2") + END)
    assert lab.files() == {"a": b"first", "c/d": b"1"}


def test_of_a_file_that_has_not_come_whole_nothing_stays(lab: Lab) -> None:
    unpacking = lab.begin()
    unpacking.feed(member("whole", b"x") + member("torn", b"y" * 900)[:700])
    assert not unpacking.whole
    unpacking.finish(lab.place)
    unpacking.close()
    assert lab.files() == {"whole": b"x"}


def test_nothing_makes_no_folder(lab: Lab) -> None:
    lab.unpack(member("./", type=tarfile.DIRTYPE) + member("./empty/", type=tarfile.DIRTYPE) + END)
    assert lab.archive.none(JOB, 1)
    assert os.listdir(lab.root / JOB) == []


def test_what_was_left_by_one_that_was_killed_is_gone(lab: Lab) -> None:
    first = lab.begin()
    first.feed(member("of the first", b"x" * 900)[:700])
    lab.unpack(member("a", b"x") + END)
    assert lab.files() == {"a": b"x"}
    assert os.listdir(lab.root / JOB) == ["1.artifacts"]


def test_a_full_disk_is_told_and_leaves_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        lab.unpack(member("a", b"x") + END)
    assert os.listdir(lab.root / JOB) == []


def test_what_is_no_archive_leaves_nothing(lab: Lab) -> None:
    with pytest.raises(Damaged):
        lab.unpack(b"x" * 1024)
    assert os.listdir(lab.root / JOB) == []


def test_it_leaves_no_descriptor(lab: Lab) -> None:
    before = len(os.listdir("/proc/self/fd"))
    lab.unpack(member("a/b", b"x") + link("c", "a/b", tarfile.LNKTYPE) + member("../x", b"") + END)
    assert len(os.listdir("/proc/self/fd")) == before


NAMES = st.lists(st.sampled_from(["a", "b", "..", ".", "", "é", "a" * 256]), min_size=1, max_size=4)
KINDS = st.sampled_from(
    [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(members=st.lists(st.tuples(NAMES, KINDS, NAMES, st.binary(max_size=700)), max_size=8))
def test_whatever_comes_is_files_and_folders_of_one_folder(
    lab: Lab, members: list[tuple[list[str], bytes, list[str], bytes]]
) -> None:
    data = io.BytesIO()
    for name, kind, target, content in members:
        given = content if kind == tarfile.REGTYPE else b""
        data.write(member("/".join(name), given, type=kind, linkname="/".join(target)))
    lab.unpack(data.getvalue() + END)
    assert set(os.listdir(lab.root.parent)) == {"archive"}
    assert set(os.listdir(lab.root)) == {JOB}
    lab.seal()
    modes = {path.lstat().st_mode for path in lab.place.rglob("*")} if lab.place.exists() else set()
    assert all(stat.S_ISREG(mode) or stat.S_ISDIR(mode) for mode in modes)
    with trees.descended(lab.root, [JOB]) as folder:
        for name in os.listdir(folder):
            trees.remove(folder, name)
