"""Devices are given out once each, and known from the run folders alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_jobsub.engines.local.allotment import Allotment
from jupyter_jobsub.engines.local.devices import Device
from jupyter_jobsub.errors import EngineError
from jupyter_jobsub.model.job import JobId, Reason, TaskKey
from jupyter_jobsub.model.resources import Resources
from tests.engines.lab import Lab, scenario
from tests.engines.local.folders import started

DEVICES = [Device("a1", "A100", 40), Device("a2", "A100", 40), Device("t1", "T4", 16)]
SHOW = 'printf "<%s>" "$CUDA_VISIBLE_DEVICES"'


def key(number: int) -> TaskKey:
    return TaskKey(JobId(f"job-{number}"), 1)


def test_each_device_has_one_owner(tmp_path: Path) -> None:
    allotment = Allotment(tmp_path, DEVICES)
    assert allotment.take(key(1), {"A100": 1, "T4": 1}) == ["a1", "t1"]
    assert allotment.take(key(2), {"A100": 1}) == ["a2"]
    assert allotment.take(key(3), {}) == allotment.take(key(3), {"A100": 0}) == []
    with pytest.raises(EngineError, match="1 T4"):
        allotment.take(key(3), {"T4": 1})
    allotment.release(key(1))
    allotment.release(key(1))
    assert allotment.take(key(3), {"T4": 1}) == ["t1"]


def test_one_that_does_not_get_all_gets_none(tmp_path: Path) -> None:
    allotment = Allotment(tmp_path, DEVICES)
    with pytest.raises(EngineError):
        allotment.take(key(1), {"A100": 1, "T4": 2})
    assert allotment.take(key(2), {"A100": 2}) == ["a1", "a2"]


@scenario
async def test_a_task_sees_its_devices_and_no_other(lab: Lab) -> None:
    one = await lab.launch(SHOW, job="one", resources=Resources(gpu={"A100": 2}))
    none = await lab.launch(SHOW, job="none")
    await lab.ended(one)
    await lab.ended(none)
    assert (lab.log(one), lab.log(none)) == ("<GPU-a,GPU-b>", "<>")


@scenario
async def test_they_come_back_when_the_task_has_ended(lab: Lab) -> None:
    for number in range(3):
        task = await lab.launch(SHOW, job=f"job-{number}", resources=Resources(gpu={"A100": 2}))
        await lab.ended(task)
        assert lab.log(task) == "<GPU-a,GPU-b>"


@scenario
async def test_a_restart_finds_what_is_taken(lab: Lab, tmp_path: Path) -> None:
    wait = f"{SHOW}; until [ -e go ]; do sleep 0.01; done"
    launch = lab.task(wait, job="one", resources=Resources(gpu={"A100": 1}), working_dir=str(tmp_path))
    await lab.send(launch)
    await lab.logged(launch.key, ">")
    await lab.restart()
    other = await lab.launch(SHOW, job="two", resources=Resources(gpu={"A100": 1}))
    await lab.ended(other)
    assert (lab.log(launch.key), lab.log(other)) == ("<GPU-a>", "<GPU-b>")
    with pytest.raises(EngineError, match="free on this machine"):
        await lab.engine.launch(lab.task(job="three", resources=Resources(gpu={"A100": 2})))
    await lab.send(launch)
    (tmp_path / "go").touch()
    await lab.ended(launch.key)
    again = await lab.launch(SHOW, job="four", resources=Resources(gpu={"A100": 2}))
    assert (await lab.ended(again)).exit_code == 0


@scenario
async def test_what_ended_or_was_lost_with_the_machine_has_none(lab: Lab) -> None:
    both = Resources(gpu={"A100": 2})
    await lab.run(job="ended", resources=both)
    key = await lab.launch(job="lost", resources=both)
    await lab.ended(key)
    (lab.folder / "runs" / str(key) / "exit.json").unlink()
    (lab.folder / "runs" / str(key) / "started").unlink()
    from jupyter_jobsub.engines.local.runfolder import RunFolder

    started(RunFolder(lab.folder / "runs", key), 1, boot="00000000-0000-4000-8000-000000000000")
    await lab.restart()
    assert (await lab.run(job="next", resources=both)).exit_code == 0


@scenario
async def test_a_launch_that_fails_gives_them_back(lab: Lab) -> None:
    both = Resources(gpu={"A100": 2})
    with pytest.raises(EngineError, match="/nowhere"):
        await lab.engine.launch(lab.task(job="one", resources=both, working_dir="/nowhere"))
    assert (await lab.run(job="two", resources=both)).reason is Reason.COMPLETED
