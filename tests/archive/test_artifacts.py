"""Artifacts: what is kept of whatever a job may leave, and what is never read."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from jupyter_jobsub.archive import ArtifactArchive, ArtifactLimits, Contents, artifacts, trees
from jupyter_jobsub.archive.trees import DEEPEST
from jupyter_jobsub.model.job import JobId, TaskKey

JOB = JobId("job-1")
LIMITS = ArtifactLimits(files=5, bytes=100)


@pytest.fixture
def archive(tmp_path: Path) -> ArtifactArchive:
    return ArtifactArchive(tmp_path / "archive")


@pytest.fixture
def folder(archive: ArtifactArchive) -> Path:
    folder = archive.folder(JOB, 1)
    folder.mkdir(parents=True)
    return folder


def fill(folder: Path, **sizes: int) -> None:
    for name, size in sizes.items():
        (folder / name).write_bytes(b"x" * size)


def seal(archive: ArtifactArchive, limits: ArtifactLimits = LIMITS) -> Contents:
    return archive.seal(JOB, 1, limits)


def paths(contents: Contents) -> list[str]:
    return [item.path for item in contents.items]


def left(folder: Path) -> list[str]:
    """All that there is, links not followed."""
    found = [Path(at, name) for at, folders, files in os.walk(folder) for name in folders + files]
    return sorted(str(path.relative_to(folder)) for path in found)


def read(archive: ArtifactArchive, path: str) -> bytes:
    fd = archive.open(JOB, 1, path)
    with open(fd, "rb") as file:
        return file.read()


class TestFolders:
    def test_an_attempt_has_its_own_and_so_has_a_task_of_several(self, archive: ArtifactArchive) -> None:
        key = TaskKey(JOB, 2, "ps-1", 3)
        assert archive.folder_of(key, alone=True) == archive.folder(JOB, 2) != archive.folder(JOB, 1)
        assert archive.folder_of(key, alone=False) == archive.folder(JOB, 2) / "ps-1-3"


class TestLimits:
    def test_all_that_fits_is_kept_as_it_was(self, archive: ArtifactArchive, folder: Path) -> None:
        (folder / "sub" / "deep").mkdir(parents=True)
        (folder / "sub" / "deep" / "model.bin").write_bytes(b"weights")
        os.utime(folder / "sub" / "deep" / "model.bin", ns=(0, 1_795_000_000_123_456_789))
        (folder / "a").touch()
        contents = seal(archive)
        assert contents == archive.contents(JOB, 1, LIMITS)
        assert (contents.bytes, contents.complete, contents.note) == (7, True, "")
        assert [(a.path, a.size, a.modified_at) for a in contents.items][1] == (
            *("sub/deep/model.bin", 7),
            1_795_000_000_123_456,
        )
        assert read(archive, "sub/deep/model.bin") == b"weights"

    def test_files_beyond_the_number_go_in_order_of_name(
        self, archive: ArtifactArchive, folder: Path
    ) -> None:
        (folder / "b").mkdir()
        fill(folder / "b", z=1, a=1)
        fill(folder, c=1, a=1, g=1, f=1, d=1)
        contents = seal(archive)
        assert paths(contents) == ["a", "b/a", "b/z", "c", "d"]
        assert (contents.dropped, contents.dropped_count, contents.dropped_bytes) == (["f", "g"], 2, 2)
        assert contents.note == "2 artifacts were dropped (at most 5 files are kept): f, g"
        assert left(folder) == ["a", "b", "b/a", "b/z", "c", "d"]

    def test_what_is_too_large_makes_way_for_what_fits(self, archive: ArtifactArchive, folder: Path) -> None:
        fill(folder, a=60, b=60, c=40, d=1)
        contents = seal(archive)
        assert (paths(contents), contents.bytes) == (["a", "c"], 100)
        assert (contents.dropped, contents.dropped_bytes) == (["b", "d"], 61)
        assert contents.note == "2 artifacts were dropped (at most 100 bytes are kept): b, d"

    def test_limits_of_nothing_keep_nothing(self, archive: ArtifactArchive, folder: Path) -> None:
        fill(folder, a=1)
        assert seal(archive, ArtifactLimits(0, 0)).dropped_count == 1
        assert not folder.exists()
        assert seal(archive).dropped_count == 1

    def test_ten_thousand_files_are_cut(self, archive: ArtifactArchive, folder: Path) -> None:
        for number in range(10_000):
            (folder / f"part-{number:05}").touch()
        contents = seal(archive, ArtifactLimits(1000, 100))
        assert paths(contents) == [f"part-{number:05}" for number in range(1000)] == left(folder)
        assert (contents.dropped_count, len(contents.dropped)) == (9000, 100)
        assert contents.note == (
            "9,000 artifacts were dropped (at most 1,000 files are kept): "
            "part-01000, part-01001, part-01002 and 8,997 more"
        )

    def test_a_sparse_file_is_as_long_as_it_reads(self, archive: ArtifactArchive, folder: Path) -> None:
        with (folder / "sparse").open("wb") as file:
            file.truncate(101)
        assert seal(archive).dropped_bytes == 101

    def test_a_message_of_long_names_stays_short(self, archive: ArtifactArchive, folder: Path) -> None:
        for name in "abcde":
            (folder / (name * 250)).touch()
        assert len(seal(archive, ArtifactLimits(0, 100)).note) < 400


class TestOddThings:
    def test_links_and_special_files_go_and_what_they_lead_to_stays(
        self, archive: ArtifactArchive, folder: Path, tmp_path: Path
    ) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        fill(outside, secret=6)
        (folder / "folder").symlink_to(outside)
        (folder / "file").symlink_to(outside / "secret")
        (folder / "nowhere").symlink_to("gone")
        os.mkfifo(folder / "fifo")
        with socket.socket(socket.AF_UNIX) as listener, inside(folder):
            listener.bind("socket")
        fill(folder, kept=3)
        contents = seal(archive)
        assert paths(contents) == left(folder) == ["kept"]
        assert sorted(contents.dropped) == ["fifo", "file", "folder", "nowhere", "socket"]
        assert contents.note.startswith("5 artifacts were dropped (links and special files are not kept): ")
        assert left(outside) == ["secret"]

    def test_a_hard_link_is_a_file_and_the_other_name_of_it_stays(
        self, archive: ArtifactArchive, folder: Path, tmp_path: Path
    ) -> None:
        fill(tmp_path, data=7)
        (folder / "a").hardlink_to(tmp_path / "data")
        (folder / "b").hardlink_to(tmp_path / "data")
        contents = seal(archive, ArtifactLimits(1, 100))
        assert (paths(contents), contents.bytes, contents.dropped) == (["a"], 7, ["b"])
        assert (tmp_path / "data").stat().st_nlink == 2

    def test_modes_of_a_file_that_is_also_elsewhere_stay(
        self, archive: ArtifactArchive, folder: Path, tmp_path: Path
    ) -> None:
        fill(tmp_path, data=7)
        (tmp_path / "data").chmod(0o200)
        (folder / "a").hardlink_to(tmp_path / "data")
        contents = seal(archive)
        assert (contents.dropped, contents.why) == (["a"], ["what can't be read is not kept"])
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o200

    def test_modes_that_a_job_left_hide_nothing(self, archive: ArtifactArchive, folder: Path) -> None:
        (folder / "locked" / "inner").mkdir(parents=True)
        fill(folder / "locked" / "inner", a=3)
        (folder / "locked" / "inner" / "a").chmod(0)
        for each in ("locked/inner", "locked", "."):
            (folder / each).chmod(0)
        assert paths(seal(archive)) == ["locked/inner/a"]
        assert read(archive, "locked/inner/a") == b"xxx"

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            (b"a\nb\x1b", "a\nb\x1b"),
            ("naïve €".encode(), "naïve €"),
            (b"caf\xe9 \xff", r"caf\xe9 \xff"),
            (rb"caf\xe9", r"caf\xe9"),
            (b" -", " -"),
            (b"x" * 254, "x" * 254),
        ],
    )
    def test_every_name_has_a_text_by_which_it_is_found(
        self, archive: ArtifactArchive, folder: Path, name: bytes, text: str
    ) -> None:
        for path in (os.fsencode(folder), os.fsencode(folder) + b"/" + name + b"-"):
            os.makedirs(path, exist_ok=True)
            with open(path + b"/" + name, "wb") as file:
                file.write(b"found")
        contents = seal(archive)
        assert paths(contents) == sorted([text, f"{text}-/{text}"])
        assert [read(archive, path) for path in paths(contents)] == [b"found", b"found"]
        text.encode()

    def test_a_tree_that_is_too_deep_is_cut(self, archive: ArtifactArchive, folder: Path) -> None:
        fd = os.open(folder, os.O_RDONLY)
        for _ in range(DEEPEST * 4):
            os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
            os.mkdir("d", dir_fd=fd)
            inner = os.open("d", os.O_RDONLY, dir_fd=fd)
            os.close(fd)
            fd = inner
        os.close(fd)
        contents = seal(archive, ArtifactLimits(1000, 1000))
        assert len(contents.items) == DEEPEST
        assert contents.dropped == ["d/" * DEEPEST]
        assert len(left(folder)) == DEEPEST * 2 - 1
        assert [read(archive, path) for path in paths(contents)] == [b""] * DEEPEST

    def test_a_time_that_nobody_lives_in_is_brought_into_ours(
        self, archive: ArtifactArchive, folder: Path
    ) -> None:
        for name, seconds in (("a", -(10**9)), ("b", 10**10)):
            fill(folder, **{name: 1})
            os.utime(folder / name, (seconds, seconds))
        times = [item.modified_at for item in seal(archive).items]
        assert times[0] == 0
        assert times[1] in (10**16, (folder / "b").stat().st_mtime_ns // 1000)

    @pytest.mark.parametrize("what", ["nothing", "a link", "a file", "a fifo"])
    def test_a_job_may_put_anything_in_place_of_its_folder(
        self, archive: ArtifactArchive, folder: Path, tmp_path: Path, what: str
    ) -> None:
        fill(tmp_path, secret=3)
        folder.rmdir()
        if what == "a link":
            folder.symlink_to(tmp_path)
        elif what == "a file":
            folder.touch()
        elif what == "a fifo":
            os.mkfifo(folder)
        with pytest.raises(FileNotFoundError):
            archive.open(JOB, 1, "secret")
        contents = seal(archive)
        assert (contents.items, contents.dropped_count) == ([] if contents.note else (), what != "nothing")
        assert bool(contents.note) == ("(what stands in the folder's place is not kept)" in contents.note)
        assert not os.path.lexists(folder)
        assert (tmp_path / "secret").exists()


class TestSealing:
    def test_an_attempt_without_artifacts_costs_no_walk(
        self, archive: ArtifactArchive, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(artifacts, "survey", None)
        assert seal(archive) == seal(archive) == Contents(complete=True)
        assert left(folder) == []

    def test_empty_folders_go(self, archive: ArtifactArchive, folder: Path) -> None:
        (folder / "a" / "b" / "c").mkdir(parents=True)
        assert seal(archive).items == []
        assert not folder.exists()

    def test_what_was_decided_once_stays_so(self, archive: ArtifactArchive, folder: Path) -> None:
        fill(folder, a=1, b=1, c=1)
        first = seal(archive, ArtifactLimits(2, 10))
        assert seal(archive, ArtifactLimits(1, 1)) == first
        assert left(folder) == ["a", "b"]

    @pytest.mark.parametrize("step", range(1, 12))
    def test_killed_at_any_moment_it_says_the_same_at_the_end(
        self, archive: ArtifactArchive, folder: Path, monkeypatch: pytest.MonkeyPatch, step: int
    ) -> None:
        (folder / "sub").mkdir()
        fill(folder, a=1, b=1, y=1, z=1)
        fill(folder / "sub", c=1, d=1)
        with suppress(Killed), killed(monkeypatch, step):
            seal(archive, ArtifactLimits(2, 10))
        contents = seal(archive, ArtifactLimits(2, 10))
        assert (paths(contents), contents.dropped) == (["a", "b"], ["sub/c", "sub/d", "y", "z"])
        assert left(folder) == ["a", "b"]
        assert sorted(path.name for path in folder.parent.iterdir()) == ["1.artifacts", "1.artifacts.json"]

    def test_what_is_kept_is_on_disk(
        self, archive: ArtifactArchive, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(folder, a=1, b=2)
        synced, sync = [], os.fsync

        def noted(fd: int) -> None:
            synced.append(os.readlink(f"/proc/self/fd/{fd}"))
            sync(fd)

        monkeypatch.setattr(os, "fsync", noted)
        seal(archive)
        assert {str(folder), str(folder / "a"), str(folder / "b"), str(folder.parent)} < set(synced)

    def test_a_full_disk_is_an_error_and_loses_nothing(
        self, archive: ArtifactArchive, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(folder, **dict.fromkeys("abcdefgh", 1))

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space left"):
                seal(archive)
        assert len(left(folder)) == 8
        assert seal(archive).dropped == ["f", "g", "h"]


class Killed(Exception):
    """Nothing more is done."""


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch, step: int) -> Iterator[None]:
    """Let so many changes of the disk happen, and then no more."""
    done = 0

    def counted(name: str) -> None:
        do = getattr(os, name)

        def call(*args: object, **named: object) -> object:
            nonlocal done
            done += 1
            if done >= step:
                raise Killed
            return do(*args, **named)

        patch.setattr(os, name, call)

    with monkeypatch.context() as patch:
        for name in ("fsync", "unlink", "rename"):
            counted(name)
        yield


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """A socket's name must be short."""
    before = os.getcwd()
    os.chdir(folder)
    yield
    os.chdir(before)


class TestLive:
    def test_what_would_be_kept_is_shown_and_nothing_touched(
        self, archive: ArtifactArchive, folder: Path
    ) -> None:
        fill(folder, **dict.fromkeys("abcdefg", 1))
        (folder / "link").symlink_to("a")
        (folder / "empty").mkdir()
        contents = archive.contents(JOB, 1, LIMITS)
        assert paths(contents) == list("abcde")
        assert (contents.complete, contents.dropped) == (False, ["f", "g", "link"])
        assert len(left(folder)) == 9
        assert read(archive, "g") == b"x"

    def test_what_never_was_is_empty(self, archive: ArtifactArchive) -> None:
        assert archive.contents(JOB, 1, LIMITS) == Contents()

    def test_what_goes_while_it_is_looked_at_is_left_out(
        self, archive: ArtifactArchive, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(folder, a=1, b=1)
        look = trees.look

        def slow(fd: int, name: str) -> os.stat_result:
            if name == "a":
                os.unlink(folder / "a")
            return look(fd, name)

        monkeypatch.setattr(trees, "look", slow)
        assert paths(archive.contents(JOB, 1, LIMITS)) == ["b"]


class TestOpen:
    @pytest.mark.parametrize(
        "path",
        [
            *("", ".", "..", "../../secret", "sub/../../../secret", "/secret", "sub//a", "sub/", "a\0"),
            *("no", "sub", "sub/a/b", "link", "out/secret", "fifo", "socket", "n" * 300),
        ],
    )
    def test_nothing_but_regular_files_beneath_the_folder(
        self, archive: ArtifactArchive, folder: Path, tmp_path: Path, path: str
    ) -> None:
        (folder / "sub").mkdir()
        fill(folder / "sub", a=1)
        fill(folder.parent.parent, secret=9)
        fill(tmp_path, secret=9)
        (folder / "link").symlink_to(tmp_path / "secret")
        (folder / "out").symlink_to(tmp_path)
        os.mkfifo(folder / "fifo")
        with socket.socket(socket.AF_UNIX) as listener, inside(folder):
            listener.bind("socket")
        with pytest.raises(FileNotFoundError):
            archive.open(JOB, 1, path)

    def test_no_descriptor_is_left_open(self, archive: ArtifactArchive, folder: Path) -> None:
        (folder / "sub").mkdir()
        before = os.listdir("/proc/self/fd")
        for path in ("sub/none", "sub", "none/x"):
            with pytest.raises(FileNotFoundError):
                archive.open(JOB, 1, path)
        assert os.listdir("/proc/self/fd") == before
