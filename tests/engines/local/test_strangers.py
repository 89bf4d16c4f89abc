"""Whatever a job puts into its run folder or beside its log, its task ends and nobody waits for it."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_jobsub.clock import wall_clock
from jupyter_jobsub.engines.local.invocation import OUTPUT
from jupyter_jobsub.engines.local.runfolder import LONGEST_MESSAGE, UNREADABLE, RunFolder, run_folders
from jupyter_jobsub.engines.local.supervisor.cap import Cap
from jupyter_jobsub.engines.local.supervisor.files import open_file, read_file, replace
from jupyter_jobsub.model.job import JobId, Reason, TaskKey
from tests.engines.lab import Lab, scenario

HERE = 'cd "$(dirname "$JOBSUB_TERMINATION_LOG")"; '
KEY = TaskKey(JobId("job-1"), 1)
FIFO, FOLDER, LINK, RUBBISH = "mkfifo {}", "mkdir -p {}/x", "ln -s /dev/zero {}", "echo [1, > {}"
stranger = pytest.mark.parametrize("put", [FIFO, FOLDER, LINK, RUBBISH])


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "runs", KEY)
    folder.create({"spec": b"1\0"}, {})
    return folder


@stranger
@scenario
async def test_in_the_place_of_its_end(lab: Lab, put: str) -> None:
    key = await lab.launch(HERE + put.format("exit.json"))
    ended = await lab.ended(key)
    assert (ended.exit_code, ended.reason, ended.message) == (None, Reason.EXIT_UNKNOWN, UNREADABLE)


@stranger
@scenario
async def test_in_the_place_of_what_tells_it_to_end(lab: Lab, put: str) -> None:
    key = await lab.launch(f"{HERE}{put.format('halt.json')}; echo up; sleep 60")
    await lab.logged(key, "up")
    await lab.engine.halt(key, 0.1)
    assert (await lab.ended(key)).reason == Reason.HALTED


@scenario
async def test_a_fifo_in_the_place_of_what_tells_it_to_end_keeps_no_deadline_from_coming(lab: Lab) -> None:
    key = await lab.launch(f"{HERE}mkfifo halt.json; sleep 60", deadline_seconds=1)
    assert (await lab.ended(key)).reason == Reason.DEADLINE_EXCEEDED


@stranger
@scenario
async def test_in_the_place_of_its_start(lab: Lab, put: str) -> None:
    key = await lab.launch(f"{HERE}rm started; {put.format('started')}; echo up; exit 3")
    assert (await lab.ended(key)).exit_code == 3


@stranger
@scenario
async def test_in_the_place_of_the_gap_of_the_next_attempt(lab: Lab, put: str) -> None:
    path = f"{lab.task(attempt=2).log}.gap"
    await lab.ended(await lab.launch(put.format(path)))
    key = await lab.launch("yes | head -c 1000000; exit 4", attempt=2)
    assert (await lab.ended(key)).exit_code == 4


@pytest.mark.parametrize("put", [FIFO, FOLDER, LINK])
def test_beside_a_log_no_limit_waits_for_it(put: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 1000 + b"\n" * 1000)
    os.system(put.format(f"{log}.gap"))
    cap = Cap(os.fsencode(log), 1000)
    cap.keep()
    start, end = map(int, Path(f"{log}.gap").read_text().split())
    assert 0 <= start < end <= 2000


@pytest.mark.parametrize("gap", ["1", "a b", "9 3", "-5 -3", ""])
def test_a_gap_that_can_not_be_is_none(gap: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"\n" * 2000)
    Path(f"{log}.gap").write_text(gap)
    Cap(os.fsencode(log), 1000).keep()
    start, end = map(int, Path(f"{log}.gap").read_text().split())
    assert 0 <= start < end <= 2000


def test_a_limit_is_not_kept_in_somebody_elses_file(tmp_path: Path) -> None:
    log, precious = tmp_path / "log", tmp_path / "precious"
    precious.write_bytes(b"\n" * 2000)
    log.symlink_to(precious)
    with pytest.raises(FileNotFoundError):
        Cap(os.fsencode(log), 1000).keep()
    assert precious.read_bytes() == b"\n" * 2000


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "0"},
        {"code": 10**30},
        {"code": -1},
        {"reason": "Nonsense"},
        {"reason": "Paused"},
        {"message": 7},
        {"message": None},
        {"at": "now"},
        {"at": float("inf")},
        {"at": float("nan")},
    ],
)
def test_an_end_that_can_not_be_is_unknown(wrong: dict[str, object], folder: RunFolder) -> None:
    told = {"code": 0, "reason": "Completed", "message": "", "at": 1} | wrong
    (folder.path / "exit.json").write_text(json.dumps(told))
    verdict = folder.verdict()
    assert verdict
    assert (verdict.code, verdict.reason, verdict.message) == (None, Reason.EXIT_UNKNOWN, UNREADABLE)


def test_what_an_end_says_can_be_stored(folder: RunFolder) -> None:
    for at in (-(10**30), 10**30):
        told = {"code": 0, "reason": "Completed", "message": "a\0\ud800" + "b" * 10**5, "at": at}
        (folder.path / "exit.json").write_text(json.dumps(told))
        verdict = folder.verdict()
        assert verdict
        assert 0 <= verdict.at <= wall_clock()
        assert verdict.message == "a\ufffd?" + "b" * (LONGEST_MESSAGE - 3)


@stranger
def test_what_is_unreadable_is_not_known(put: str, folder: RunFolder) -> None:
    for name in ("started", "adopter", "spec", "lock"):
        (folder.path / name).unlink(missing_ok=True)
        os.system(put.format(folder.path / name))
    assert folder.start() is None
    assert folder.belongings() is None
    assert folder.spec() is None
    assert folder.open_supervisor() == -1
    assert folder.complaint() == ("[1," if put is RUBBISH else "")
    assert not folder.over()


@pytest.mark.parametrize("told", [{}, [], {"supervisor": 7}, {"supervisor": {"pid": "x", "start": 10**40}}])
def test_a_start_of_nobody_is_none(told: object, folder: RunFolder) -> None:
    (folder.path / "started").write_text(json.dumps(told))
    assert folder.start() is None
    assert folder.belongings() is None
    assert folder.open_supervisor() == -1


def test_somebody_elses_folder_is_none_of_the_jobs(folder: RunFolder) -> None:
    folder.path.with_name("job-1.mine").mkdir()
    assert [each.key for each in run_folders(folder.path.parent, KEY.job)] == [KEY]


@stranger
@scenario
async def test_in_the_place_of_an_output(lab: Lab, put: str) -> None:
    key = await lab.launch(HERE + put.format(OUTPUT))
    await lab.ended(key)
    job: Any = SimpleNamespace(id=key.job, attempt=key.attempt)
    assert lab.engine.output(job, None, lab.folder) == ("[1,\n" if put is RUBBISH else None)


@pytest.mark.parametrize("put", [FIFO, FOLDER, LINK])
def test_only_a_regular_file_is_opened(put: str, tmp_path: Path) -> None:
    path = tmp_path / "it"
    os.system(put.format(path))
    before = len(os.listdir("/proc/self/fd"))
    for access in (os.O_RDONLY, os.O_RDWR):
        with pytest.raises(FileNotFoundError):
            open_file(path, access)
    assert len(os.listdir("/proc/self/fd")) == before
    replace(path, b"mine")
    assert read_file(path) == b"mine"
    assert read_file(path, 2) == b"mi"


@scenario
async def test_a_log_that_became_a_fifo_delays_no_end(lab: Lab) -> None:
    launch = lab.task("true")
    command = f"rm {launch.log}; mkfifo {launch.log}; exit 5"
    key = await lab.launch(command)
    ended = await asyncio.wait_for(lab.ended(key), 30)
    assert ended.exit_code == 5
