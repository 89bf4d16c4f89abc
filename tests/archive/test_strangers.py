"""Whatever a job puts beside what is kept of it, or in its place, nobody waits for it or fails by it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_jobsub.archive import Archive, ArtifactLimits
from jupyter_jobsub.archive.archive import FEW
from jupyter_jobsub.archive.contents import MOST
from jupyter_jobsub.archive.files import clear, open_file, replacing
from jupyter_jobsub.archive.pieces import gap_path
from jupyter_jobsub.model.job import JobId, Micros, TaskKey
from jupyter_jobsub.model.metrics import Usage

JOB = JobId("job-1")
KEY = TaskKey(JOB, 1)
LIMITS = ArtifactLimits(100, 10_000)
NOW = Micros(1_795_000_000_000_000)
PATIENCE = 20  # seconds: longer than anything here takes, shorter than a test may


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """Have what would wait for ever fail."""

    def fail(*_: object) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive(tmp_path / "archive")
    archive.logs.prepare(KEY).write_bytes(b"12345")
    return archive


def fifo(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    (path / "inside").mkdir(parents=True)


def link(path: Path) -> None:
    precious = path.parent.parent.parent / "precious"
    precious.write_text("mine")
    path.symlink_to(precious)


def loop(path: Path) -> None:
    path.symlink_to(path)


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(path.parent)  # such an address is short
        listener.bind(path.name)


def rubbish(path: Path) -> None:
    path.write_bytes(b"\xff\x00 no\n[[1, 2\n{}\n")


def nested(path: Path) -> None:
    path.write_text("1\n{}\n" + "[" * 100_000 + "\n")


Stranger = Callable[[Path], None]
SPECIAL = [fifo, folder, link, loop, bound]
stranger = pytest.mark.parametrize("put", [*SPECIAL, rubbish, nested])


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def place(archive: Archive, name: str) -> Path:
    return archive.root / JOB / name


@stranger
@pytest.mark.parametrize(
    "name", ["1.artifacts.json", "7.artifacts.json", ".1.artifacts.json", "x.artifacts.json"]
)
def test_in_the_place_of_a_manifest(archive: Archive, put: Stranger, name: str) -> None:
    archive.artifacts.folder(JOB, 1).mkdir()
    (archive.artifacts.folder(JOB, 1) / "a").write_text("abc")
    put(place(archive, name))
    for _ in range(2):
        contents = archive.artifacts.seal(JOB, 1, LIMITS)
        assert [(item.path, item.size) for item in contents.items] == [("a", 3)]
        assert archive.artifacts.contents(JOB, 1, LIMITS) == contents
    assert archive.size(JOB) >= 5 + 3
    asyncio.run(archive.remove(JOB))
    assert list(archive.root.iterdir()) == []


@stranger
def test_in_the_place_of_a_gap(archive: Archive, put: Stranger) -> None:
    put(gap_path(archive.logs.path(KEY)))
    assert archive.logs.read(KEY, 0, 100).data == archive.logs.tail(KEY, 10).data == b"12345"
    archive.logs.seal(KEY)
    info = archive.logs.info(KEY)
    assert info
    assert (info.sealed, info.size, info.gaps) == (True, 5, ())
    assert archive.size(JOB) == 5


@pytest.mark.parametrize("put", SPECIAL)
def test_in_the_place_of_a_log(archive: Archive, put: Stranger, tmp_path: Path) -> None:
    archive.logs.path(KEY).unlink()
    put(archive.logs.path(KEY))
    assert archive.logs.info(KEY) is None
    assert archive.logs.read(KEY, 0, 100).data == archive.logs.tail(KEY, 10).data == b""
    archive.logs.seal(KEY)
    info = archive.logs.info(KEY)
    assert info
    assert (info.sealed, info.size) == (True, 0)
    if put is link:
        assert (tmp_path / "precious").stat().st_mode & 0o200
        assert (tmp_path / "precious").read_text() == "mine"


def test_who_follows_a_log_that_is_none_any_more_ends_with_its_task(archive: Archive) -> None:
    archive.logs.path(KEY).unlink()
    fifo(archive.logs.path(KEY))

    async def scenario() -> None:
        async def follow() -> bytes:
            return b"".join([chunk.data async for chunk in archive.logs.follow(KEY)])

        following = asyncio.create_task(follow())
        await asyncio.sleep(0)
        archive.logs.seal(KEY)
        assert await following == b""
        archive.close()

    asyncio.run(scenario())


@stranger
@pytest.mark.parametrize("name", ["1.main.0.metrics", ".1.main.0.metrics"])
def test_in_the_place_of_metrics(archive: Archive, put: Stranger, name: str) -> None:
    put(place(archive, name))
    archive.metrics.read(KEY, "15m", NOW)
    archive.metrics.append(KEY, Usage(at=NOW, cpu=100))
    found = archive.metrics.read(KEY, "15m", Micros(NOW + 20_000_000))
    assert 100 in found.figures["cpu"]


@pytest.mark.parametrize("put", [fifo, link, rubbish])
def test_in_the_place_of_all(archive: Archive, put: Stranger) -> None:
    asyncio.run(archive.remove(JOB))
    put(archive.root / JOB)
    archive.logs.info(KEY)
    archive.logs.seal(KEY)
    assert archive.artifacts.seal(JOB, 1, LIMITS).items == ()
    assert archive.size(JOB) == 0


def test_what_is_forbidden_is_allowed_again(archive: Archive) -> None:
    archive.logs.path(KEY).chmod(0)
    (archive.root / JOB).chmod(0o500)
    archive.logs.seal(KEY)
    assert archive.logs.path(KEY).stat().st_mode & 0o777 == 0o400
    assert (archive.root / JOB).stat().st_mode & 0o777 == 0o700
    assert archive.logs.read(KEY, 0, 100).data == b"12345"


@pytest.mark.parametrize("name", ["foo.log", "1.main.log", "x.main.0.log", "1.main.0.log.log"])
def test_a_name_that_looks_like_a_log_hinders_no_removal(archive: Archive, name: str) -> None:
    place(archive, name).touch()
    asyncio.run(archive.remove(JOB))
    assert list(archive.root.iterdir()) == []


@pytest.mark.parametrize("gap", ["0 99999999999999999999999999999999", "-9 -1", "5 2", "3", "", "x 9"])
def test_a_gap_that_can_not_be_makes_no_sum_impossible(archive: Archive, gap: str) -> None:
    gap_path(archive.logs.path(KEY)).write_text(gap)
    assert 0 <= archive.size(JOB) <= MOST
    archive.logs.read(KEY, 0, 100)
    archive.logs.tail(KEY, 10)


@pytest.mark.parametrize(
    "manifest",
    [
        '{"bytes": 100000000000000000000000000000000}\n[]\n',
        "9" * 40 + "\n{}\n[]\n",
        "-5\n{}\n[]\n",
        '5\n{"dropped": [], "dropped_count": "1", "dropped_bytes": 0, "why": []}\n[]\n',
        '5\n{"dropped": [1], "dropped_count": 1, "dropped_bytes": 0, "why": []}\n[]\n',
        '5\n{"dropped": [], "dropped_count": 0, "dropped_bytes": 0, "why": []}\n[["a", 1e99, 1]]\n',
        '5\n{"dropped": [], "dropped_count": 0, "dropped_bytes": 0, "why": []}\n[["a", 1, 1e19]]\n',
        '5\n{"dropped": [], "dropped_count": 0, "dropped_bytes": 0, "why": []}\n[[7, 1, 1]]\n',
    ],
)
def test_a_manifest_that_can_not_be_is_none(archive: Archive, manifest: str) -> None:
    archive.artifacts.folder(JOB, 1).mkdir()
    (archive.artifacts.folder(JOB, 1) / "a").write_text("abc")
    place(archive, "1.artifacts.json").write_text(manifest)
    assert 0 <= archive.size(JOB) <= 10
    assert [item.path for item in archive.artifacts.seal(JOB, 1, LIMITS).items] == ["a"]


def test_what_claims_to_be_huge_still_has_a_size(archive: Archive) -> None:
    for name in "ab":
        with open(place(archive, name), "w") as file:
            os.truncate(file.fileno(), 2**43)
    assert archive.size(JOB) == 2 * 2**43 + 5


def test_a_folder_is_small_until_it_is_not(archive: Archive) -> None:
    assert archive.small(JobId("job-none"))
    for number in range(FEW - 1):
        place(archive, str(number)).touch()
    assert archive.small(JOB)
    place(archive, "one more").touch()
    assert not archive.small(JOB)


@pytest.mark.parametrize("put", SPECIAL)
@pytest.mark.parametrize("access", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR])
def test_only_a_regular_file_is_opened(archive: Archive, put: Stranger, access: int) -> None:
    path = place(archive, "new")
    put(path)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        open_file(path, access)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("put", [*SPECIAL, rubbish])
def test_a_file_takes_the_place_of_whatever_is_there(archive: Archive, put: Stranger) -> None:
    path = place(archive, "new")
    put(path)
    with replacing(path) as fd:
        os.write(fd, b"mine")
    assert not path.is_symlink()
    assert path.read_text() == "mine"
    clear(path)
    clear(path)
    assert not path.exists()
