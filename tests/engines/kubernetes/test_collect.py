"""Fetching artifacts, from a folder of this machine in the place of a Pod's."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from jupyter_jobsub.archive import ArtifactArchive, ArtifactLimits
from jupyter_jobsub.engines.kubernetes import collect as module
from jupyter_jobsub.engines.kubernetes.api import Api
from jupyter_jobsub.engines.kubernetes.collect import Collector, lost
from jupyter_jobsub.engines.kubernetes.entry import COLLECTED, ENDED, TOO_LATE
from jupyter_jobsub.engines.kubernetes.errors import Refused, Unreachable
from jupyter_jobsub.engines.kubernetes.files import ARTIFACTS
from tests.engines.kubernetes.served import scenario
from tests.engines.kubernetes.test_files import launch_of

LIMITS = ArtifactLimits(files=100, bytes=10 * 2**20)
NO_TAR = "/nowhere"


def pod(keeper: dict[str, Any], phase: str = "Running") -> dict[str, Any]:
    return {"status": {"phase": phase, "containerStatuses": [{"name": "keeper", "state": keeper}]}}


def ended(code: int) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "finishedAt": "2026-11-21T17:44:28Z"}}


RUNNING = pod({"running": {}})


class Running:
    """A command, as ``Exec`` shows it."""

    def __init__(self, done: subprocess.CompletedProcess[bytes], cut: int | None) -> None:
        self._done, self._cut = done, cut
        self.exit_code, self.stderr = None, b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        data = self._done.stdout[: self._cut]
        for at in range(0, len(data), 5000):
            yield data[at : at + 5000]
        if self._cut is not None:
            raise Unreachable("The connection was lost.")
        self.exit_code, self.stderr = self._done.returncode, self._done.stderr

    async def read(self) -> bytes:
        return b"".join([piece async for piece in self])


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


class Pod:
    """Answers as an Api does of Pods, whose containers keep one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path: str | None = None
        self.told = 0
        self.trouble: list[Exception | int] = []  # of the commands to come: an error, or where they are cut
        self.now: dict[str, Any] | None = RUNNING
        self.ended: defaultdict[str, asyncio.Event] = defaultdict(_set)
        folder.mkdir()

    async def get(self, kind: str, name: str) -> dict[str, Any] | None:
        return self.now

    @contextlib.asynccontextmanager
    async def exec(self, pod: str, container: str, command: Sequence[str]) -> AsyncIterator[Running]:
        if command == ENDED:
            await self.ended[pod].wait()
            command = ["true"]
            trouble = None
        else:
            trouble = self.trouble.pop(0) if self.trouble else None
        if isinstance(trouble, Exception):
            raise trouble
        if command == COLLECTED:
            self.told += 1
            command = ["true"]
        text = [each.replace(ARTIFACTS, str(self.folder)) for each in command]
        if self.path and len(text) > 2:
            text[2] = text[2].replace("PATH=$PATH:/usr/local/bin:/usr/bin:/bin", f"PATH={self.path}")
        yield Running(await asyncio.to_thread(subprocess.run, text, capture_output=True), trouble)


class Lab:
    def __init__(self, folder: Path) -> None:
        self.pod = Pod(folder / "artifacts")
        self.job = folder / "archive" / "job-1"
        self.place = self.job / "1.artifacts"
        self.job.mkdir(parents=True)
        self.launch = launch_of({"command": "true"}, artifacts=self.place)

    def collector(self, limits: ArtifactLimits = LIMITS) -> Collector:
        return Collector(cast(Api, self.pod), limits)

    async def collect(self, limits: ArtifactLimits = LIMITS) -> str:
        return await self.collector(limits).collect("job-1", self.launch)

    def kept(self) -> dict[str, bytes]:
        found = [path for path in self.place.rglob("*") if path.is_file() and not path.is_symlink()]
        return {str(path.relative_to(self.place)): path.read_bytes() for path in found}


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr(module, "PAUSES", (0.0,))
    return Lab(tmp_path)


def write(folder: Path, **files: bytes) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)


@scenario
async def test_all_that_was_kept_comes_and_the_pod_is_told(lab: Lab) -> None:
    (lab.pod.folder / "sub" / "deep").mkdir(parents=True)
    write(lab.pod.folder / "sub" / "deep", a=b"x" * 3_000_000)
    write(lab.pod.folder, **{"-rf": b"1", "new\nline": b"2"})
    assert await lab.collect() == ""
    assert lab.kept() == {"sub/deep/a": b"x" * 3_000_000, "-rf": b"1", "new\nline": b"2"}
    assert lab.pod.told == 1


@pytest.mark.parametrize("tools", ["this system's", *filter(shutil.which, ["busybox"])])
@scenario
async def test_the_tools_of_any_image_do(lab: Lab, tmp_path: Path, tools: str) -> None:
    if program := shutil.which(tools):
        (tmp_path / "bin").mkdir()
        for name in ("sh", "tar", "find", "stat", "chmod", "ln"):
            (tmp_path / "bin" / name).symlink_to(program)
        lab.pod.path = str(tmp_path / "bin")
    long = lab.pod.folder / ("f" * 200) / ("n" * 200)
    long.parent.mkdir()
    long.write_text("long")
    os.link(long, lab.pod.folder / "twice")
    os.mkfifo(lab.pod.folder / "fifo")
    os.symlink("/etc/passwd", lab.pod.folder / "link")
    write(lab.pod.folder, large=b"x" * (LIMITS.bytes + 1), **{"new\nline": b"2"})
    assert await lab.collect() == ""
    sealed = ArtifactArchive(lab.job.parent).seal(lab.launch.key.job, 1, LIMITS)
    assert sealed.dropped == ["fifo", "large", "link"]
    assert sealed.dropped_bytes == LIMITS.bytes + 1
    assert lab.kept() == {f"{'f' * 200}/{'n' * 200}": b"long", "twice": b"long", "new\nline": b"2"}


@scenario
async def test_nothing_is_fetched_before_the_command_has_ended(lab: Lab) -> None:
    lab.pod.ended["job-1"].clear()
    collecting = asyncio.create_task(lab.collect())
    await asyncio.sleep(0)
    write(lab.pod.folder, a=b"at last")
    lab.pod.ended["job-1"].set()
    assert await collecting == ""
    assert lab.kept() == {"a": b"at last"}


@scenario
async def test_who_waits_for_that_keeps_no_others_from_theirs(lab: Lab) -> None:
    lab.pod.ended["job-1"].clear()
    collector = lab.collector()
    waiting = [asyncio.create_task(collector.collect("job-1", lab.launch)) for _ in range(2 * module.AT_ONCE)]
    await asyncio.sleep(0)
    assert await asyncio.wait_for(collector.collect("job-2", lab.launch), 60) == ""
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


@scenario
async def test_what_its_owner_may_not_read_comes(lab: Lab) -> None:
    (lab.pod.folder / "locked").mkdir()
    write(lab.pod.folder / "locked", a=b"x")
    (lab.pod.folder / "locked" / "a").chmod(0)
    (lab.pod.folder / "locked").chmod(0)
    assert await lab.collect() == ""
    assert lab.kept() == {"locked/a": b"x"}


@scenario
async def test_a_file_that_is_too_large_is_not_sent(lab: Lab) -> None:
    write(lab.pod.folder, small=b"x")
    with open(lab.pod.folder / "it's -huge", "wb") as file:
        file.truncate(2**40)
    assert await lab.collect() == ""
    assert sorted(path.name for path in lab.place.iterdir()) == ["it's -huge", "small"]
    assert (lab.place / "it's -huge").stat().st_size == 2**40
    assert (lab.place / "it's -huge").stat().st_blocks < 100


@scenario
async def test_more_than_is_looked_at_is_said(lab: Lab) -> None:
    write(lab.pod.folder, **{f"f{number}": b"x" * 900_000 for number in range(20)})
    words = await lab.collect(ArtifactLimits(files=10, bytes=2**20))
    assert words == ("of its artifacts only some were looked at, as they are more than 20 files or 2 MiB")
    assert 0 < len(lab.kept()) < 20
    assert lab.pod.told == 1


@scenario
async def test_an_image_without_tar_is_told(lab: Lab) -> None:
    write(lab.pod.folder, a=b"x")
    lab.pod.path = NO_TAR
    words = await lab.collect()
    assert "the image lab:1 has no tar to fetch them with; choose another image" in words
    assert (lab.pod.told, lab.kept()) == (1, {})


@scenario
async def test_an_image_with_another_tar_is_told(lab: Lab, tmp_path: Path) -> None:
    write(lab.pod.folder, a=b"x")
    fake = tmp_path / "bin" / "tar"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'usage: tar is none here'\n/usr/bin/head -c 1000 /dev/zero\n")
    fake.chmod(0o755)
    lab.pod.path = str(fake.parent)
    assert (await lab.collect()).startswith("not all of its artifacts have come: what its image's tar sends")
    assert lab.pod.told == 1


@scenario
async def test_what_tar_complains_of_is_said(lab: Lab, tmp_path: Path) -> None:
    write(lab.pod.folder, a=b"x")
    fake = tmp_path / "bin" / "tar"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\n/usr/bin/tar "$@"\necho "tar: ./b: Cannot open: No room" >&2\nexit 2\n')
    fake.chmod(0o755)
    lab.pod.path = str(fake.parent)
    assert await lab.collect() == "not all of its artifacts could be read: tar: ./b: Cannot open: No room"
    assert lab.kept() == {"a": b"x"}


@pytest.mark.parametrize("cut", [0, 1, 700, 40_000, 59_000])
def test_a_connection_that_is_lost_is_made_anew(lab: Lab, cut: int) -> None:
    write(lab.pod.folder, a=b"x" * 50_000, b=b"y")
    lab.pod.trouble = [Unreachable("nobody answers"), cut, Unreachable("nobody answers"), Refused(404)]
    assert asyncio.run(lab.collect()) == ""
    assert lab.kept() == {"a": b"x" * 50_000, "b": b"y"}
    assert sorted(path.name for path in lab.job.iterdir()) == ["1.artifacts"]


@scenario
async def test_it_is_waited_until_the_disk_has_room(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    write(lab.pod.folder, a=b"x")
    finish, left = module.Unpacking.finish, [OSError(28, "No space left on device")]

    def full(*arguments: Any) -> None:
        if left:
            raise left.pop()
        finish(*arguments)

    monkeypatch.setattr(module.Unpacking, "finish", full)
    assert await lab.collect() == ""
    assert lab.kept() == {"a": b"x"}


@scenario
async def test_who_is_cancelled_at_any_moment_leaves_it_to_the_next(lab: Lab) -> None:
    write(lab.pod.folder, **{f"f{number}": b"x" * 100_000 for number in range(10)})
    for steps in range(0, 60, 3):
        task = asyncio.create_task(lab.collect())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert {path.name for path in lab.job.iterdir()} <= {"1.artifacts"}
        assert len(lab.kept()) in (0, 10)
    assert await lab.collect() == ""
    assert len(lab.kept()) == 10


@scenario
async def test_what_has_come_is_not_fetched_again(lab: Lab) -> None:
    """The service was killed before the Pod was told."""
    write(lab.pod.folder, a=b"x")
    await lab.collect()
    write(lab.pod.folder, b=b"y")
    assert await lab.collect() == ""
    assert (lab.kept(), lab.pod.told) == ({"a": b"x"}, 2)


@scenario
async def test_the_tasks_of_a_gang_have_a_folder_each(lab: Lab) -> None:
    write(lab.pod.folder, a=b"x")
    for index in (0, 1):
        place = lab.place / f"main-{index}"
        key = lab.launch.key.__class__(lab.launch.key.job, 1, "main", index)
        launch = launch_of({"command": "true"}, key=key, artifacts=place)
        assert await lab.collector().collect("job-1", launch) == ""
    assert lab.kept() == {"main-0/a": b"x", "main-1/a": b"x"}
    assert [path.name for path in lab.job.iterdir()] == ["1.artifacts"]


@scenario
async def test_a_pod_that_kept_nothing_has_ended_by_itself(lab: Lab) -> None:
    lab.pod.trouble = [Unreachable("container not found")]
    lab.pod.now = pod(ended(0), "Succeeded")
    assert await lab.collect() == ""
    assert not lab.place.exists()


@scenario
async def test_only_what_goes_on_failing_is_trouble(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    write(lab.pod.folder, a=b"x")
    lab.pod.trouble = [Unreachable("no running task found")] * module.DOUBTS
    assert await lab.collect() == ""
    assert "can't be fetched" not in caplog.text
    lab.pod.trouble = [Unreachable("no route to host")] * (module.DOUBTS + 1)
    shutil.rmtree(lab.place)
    assert await lab.collect() == ""
    assert caplog.text.count("can't be fetched") == 1


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (None, "its Pod is gone"),
        (pod(ended(TOO_LATE), "Failed"), "they could not be fetched in time"),
        (pod(ended(137), "Failed"), "the container that kept them was ended early"),
        (pod({"waiting": {}}, "Failed"), "its Pod has ended"),
    ],
)
def test_what_is_lost_is_told(lab: Lab, now: dict[str, Any] | None, why: str) -> None:
    lab.pod.trouble = [Refused(404)]
    lab.pod.now = now
    assert asyncio.run(lab.collect()) == f"artifacts of it, if there were any, are lost: {why}"


@scenario
async def test_what_has_come_is_not_lost_with_the_pod(lab: Lab) -> None:
    write(lab.pod.folder, a=b"x")
    await lab.collect()
    lab.pod.now = pod(ended(137), "Failed")
    lab.pod.trouble = [Unreachable("no container")]
    assert await lab.collect() == ""
    assert await lab.collector().fate(lab.pod.now, lab.launch) == ""


@pytest.mark.parametrize("asked", [False, True])
@scenario
async def test_what_has_come_in_part_goes_with_the_pod(lab: Lab, asked: bool) -> None:
    """A service was killed while it fetched, and the Pod is gone when the next one looks."""
    (lab.job / ".1.main-0.artifacts").mkdir()
    write(lab.job / ".1.main-0.artifacts", a=b"torn")
    lab.pod.now, lab.pod.trouble = None, [Refused(404)] * 9
    words = await (lab.collect() if asked else lab.collector().fate(None, lab.launch))
    assert words == "artifacts of it, if there were any, are lost: its Pod is gone"
    assert list(lab.job.iterdir()) == []


@pytest.mark.parametrize("state", [{"running": {}}, {"waiting": {}}, {}])
def test_while_it_is_there_nothing_is_lost(state: dict[str, Any]) -> None:
    assert lost(pod(state)) is None
    assert lost({}) is None


@scenario
async def test_it_leaves_no_descriptor(lab: Lab) -> None:
    write(lab.pod.folder, a=b"x" * 50_000)
    lab.pod.trouble = [700, 20_000]
    await lab.collect()
    before = len(os.listdir("/proc/self/fd"))
    lab.place.rename(lab.job / "elsewhere")
    lab.pod.trouble = [700, 20_000]
    await lab.collect()
    assert len(os.listdir("/proc/self/fd")) == before


@scenario
async def test_a_pod_that_is_over_is_not_waited_for(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", (1000.0,))
    lab.pod.trouble = [Unreachable("its keeper is gone"), Unreachable("its keeper is gone")]
    over = asyncio.Event()
    collecting = asyncio.create_task(lab.collector().collect("job-1", lab.launch, over))
    while len(lab.pod.trouble) == 2:
        await asyncio.sleep(0)
    lab.pod.now = pod(ended(0), "Succeeded")
    over.set()
    assert await asyncio.wait_for(collecting, 60) == ""
