"""A command is executed at most once, and every state that a crash leaves behind is resolved."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from jupyter_jobsub.engines.base import Launch
from jupyter_jobsub.engines.local.runfolder import RunFolder
from jupyter_jobsub.engines.local.supervisor.processes import start_time
from jupyter_jobsub.model.job import Reason, TaskKey
from jupyter_jobsub.model.observation import Ended
from tests.engines.lab import Lab, scenario
from tests.engines.local.folders import (
    alive,
    command_of,
    dead_pid,
    frozen,
    kill,
    prepare,
    started,
    supervise,
    supervisor_of,
    until,
)

ONCE = "set -C; : > once || exit 99; "
RUNS = "echo ran; exit 7"
LIVES = "echo up; until [ -e go ]; do sleep 0.01; done; echo down; exit 7"


@pytest.fixture
def runs(lab: Lab) -> Path:
    return lab.folder / "runs"


def once(lab: Lab, tmp_path: Path, command: str = RUNS, **changes: object) -> Launch:
    launch = lab.task(ONCE + command, working_dir=str(tmp_path), **changes)
    lab.launched[launch.key] = launch
    return launch


async def resolve(lab: Lab, launch: Launch) -> Ended:
    await lab.send(launch)
    return await lab.ended(launch.key)


async def adopted(lab: Lab, launch: Launch) -> RunFolder:
    """Have a task whose supervisor was killed and which goes on."""
    await lab.send(launch)
    await lab.logged(launch.key, "up")
    folder = RunFolder(lab.folder / "runs", launch.key)
    os.kill(supervisor_of(folder), signal.SIGKILL)
    await asyncio.to_thread(until, (folder.path / "adopter").exists)
    return folder


NO_LUCK = """
import os, sys
sys.path.insert(0, sys.argv[1])
from supervisor import wait
wait.start = lambda: sys.exit("no luck")
wait.wait()
"""


class TestEngineKilled:
    """The service is killed between two steps, and launches again at its next start."""

    @scenario
    async def test_while_it_writes_the_folder(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        launch = once(lab, tmp_path)
        half = runs / f".{launch.key}"
        half.mkdir(parents=True)
        (half / "spec").write_text("half of it")
        assert (await resolve(lab, launch)).exit_code == 7

    @scenario
    async def test_after_it_wrote_the_folder(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        launch = once(lab, tmp_path)
        prepare(runs, launch)
        assert (await resolve(lab, launch)).exit_code == 7

    @scenario
    async def test_while_it_holds_the_lock(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        """A lock ends with its holder; one that is held is not judged."""
        launch = once(lab, tmp_path)
        lock = prepare(runs, launch).lock()
        assert lock is not None
        await lab.send(launch)
        await asyncio.sleep(0.05)
        assert lab.seen == []
        os.close(lock)
        assert (await lab.ended(launch.key)).exit_code == 7

    @scenario
    async def test_right_after_it_spawned_the_supervisor(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        launch = once(lab, tmp_path)
        pid = supervise(prepare(runs, launch))
        with frozen(pid):
            await lab.send(launch)
            await asyncio.sleep(0.05)
            assert lab.seen == []
        assert (await lab.ended(launch.key)).exit_code == 7
        assert lab.log(launch.key) == "ran\n"

    @scenario
    async def test_when_the_command_runs(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        launch = once(lab, tmp_path, LIVES)
        supervise(prepare(runs, launch))
        await lab.logged(launch.key, "up")
        await lab.send(launch)
        await lab.started(launch.key)
        (tmp_path / "go").touch()
        assert (await lab.ended(launch.key)).exit_code == 7

    @scenario
    async def test_before_it_read_the_verdict(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        launch = once(lab, tmp_path)
        os.waitpid(supervise(prepare(runs, launch)), 0)
        assert (await resolve(lab, launch)).exit_code == 7
        assert lab.kinds(launch.key) == ["Started", "Ended"]

    @scenario
    async def test_between_asking_for_the_end_and_hearing_of_it(
        self, lab: Lab, tmp_path: Path, runs: Path
    ) -> None:
        launch = once(lab, tmp_path, LIVES)
        folder = prepare(runs, launch)
        supervise(folder)
        await lab.logged(launch.key, "up")
        folder.halt(0)  # and no poke: the supervisor looks by itself
        assert (await resolve(lab, launch)).reason is Reason.HALTED

    @scenario
    async def test_with_a_halt_before_the_supervisor_came(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        launch = once(lab, tmp_path)
        prepare(runs, launch).halt(0)
        assert (await resolve(lab, launch)).reason is Reason.HALTED
        assert not (tmp_path / "once").exists()

    @scenario
    async def test_with_a_halt_while_the_supervisor_starts(
        self, lab: Lab, tmp_path: Path, runs: Path
    ) -> None:
        launch = once(lab, tmp_path, LIVES)
        folder = prepare(runs, launch)
        with frozen(supervise(folder)):
            await lab.engine.halt(launch.key, 0)
        assert (await lab.ended(launch.key)).reason is Reason.HALTED


class TestSupervisorKilled:
    """kill −9 of the supervisor at each step of its life."""

    @scenario
    async def test_before_the_command_was_started(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        launch = once(lab, tmp_path)
        kill(supervise(prepare(runs, launch)))
        assert (await resolve(lab, launch)).exit_code == 7

    @scenario
    async def test_between_saying_started_and_opening_the_gate(
        self, lab: Lab, tmp_path: Path, runs: Path
    ) -> None:
        launch = once(lab, tmp_path)
        started(prepare(runs, launch), dead_pid(), start=12345)
        ended = await resolve(lab, launch)
        assert (ended.exit_code, ended.reason) == (None, Reason.EXIT_UNKNOWN)
        assert not (tmp_path / "once").exists()

    @scenario
    async def test_before_it_told_that_the_command_runs(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        launch = once(lab, tmp_path)
        command = subprocess.Popen(["sleep", "60"], start_new_session=True)
        started(prepare(runs, launch), command.pid)
        await lab.send(launch)
        await lab.started(launch.key)
        command.kill()
        command.wait()
        assert (await lab.ended(launch.key)).reason is Reason.EXIT_UNKNOWN

    @scenario
    async def test_while_the_command_runs(self, lab: Lab, tmp_path: Path) -> None:
        """Its successor waits for the end, and the log stays whole."""
        launch = once(lab, tmp_path, LIVES)
        await adopted(lab, launch)
        await lab.started(launch.key)
        await asyncio.sleep(0.05)
        assert lab.kinds(launch.key) == ["Started"]
        (tmp_path / "go").touch()
        ended = await lab.ended(launch.key)
        assert (ended.exit_code, ended.reason) == (None, Reason.EXIT_UNKNOWN)
        assert lab.log(launch.key) == "up\ndown\n"

    @scenario
    async def test_and_its_successor_too(self, lab: Lab, tmp_path: Path) -> None:
        launch = once(lab, tmp_path, LIVES)
        folder = await adopted(lab, launch)
        successor = supervisor_of(folder)
        os.kill(successor, signal.SIGKILL)
        await asyncio.to_thread(until, lambda: supervisor_of(folder) != successor)
        (tmp_path / "go").touch()
        assert (await lab.ended(launch.key)).reason is Reason.EXIT_UNKNOWN
        assert lab.log(launch.key) == "up\ndown\n"

    @scenario
    async def test_together_with_the_service(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        launch = once(lab, tmp_path, LIVES)
        pid = supervise(prepare(runs, launch))
        await lab.logged(launch.key, "up")
        kill(pid)
        await lab.send(launch)
        await asyncio.to_thread(until, (runs / str(launch.key) / "adopter").exists)
        assert "Ended" not in lab.kinds(launch.key)
        (tmp_path / "go").touch()
        assert (await lab.ended(launch.key)).reason is Reason.EXIT_UNKNOWN
        assert lab.kinds(launch.key) == ["Started", "Ended"]

    @scenario
    async def test_and_the_command_ended_before_anyone_looked(
        self, lab: Lab, tmp_path: Path, runs: Path
    ) -> None:
        launch = once(lab, tmp_path, LIVES)
        folder = prepare(runs, launch)
        pid = supervise(folder)
        await lab.logged(launch.key, "up")
        kill(pid)
        (tmp_path / "go").touch()
        until(lambda: not alive(command_of(folder)))
        ended = await resolve(lab, launch)
        assert (ended.exit_code, ended.reason) == (None, Reason.EXIT_UNKNOWN)
        assert lab.log(launch.key) == "up\ndown\n"

    @scenario
    async def test_what_the_command_left_running_is_ended_all_the_same(
        self, lab: Lab, tmp_path: Path, runs: Path
    ) -> None:
        launch = once(lab, tmp_path, "setsid bash -c 'echo $$ > left; sleep 60' & " + LIVES)
        folder = prepare(runs, launch)
        pid = supervise(folder)
        await lab.logged(launch.key, "up")
        until(lambda: (tmp_path / "left").exists() and (tmp_path / "left").read_text())
        kill(pid)
        (tmp_path / "go").touch()
        until(lambda: not alive(command_of(folder)))
        assert (await resolve(lab, launch)).reason is Reason.EXIT_UNKNOWN
        assert not alive(int((tmp_path / "left").read_text()))

    @scenario
    async def test_halt_reaches_an_adopted_task(self, lab: Lab, tmp_path: Path) -> None:
        launch = once(lab, tmp_path, "trap '' TERM; " + LIVES)
        folder = await adopted(lab, launch)
        await lab.engine.halt(launch.key, 0.1)
        ended = await lab.ended(launch.key)
        assert (ended.exit_code, ended.reason) == (None, Reason.HALTED)
        assert not alive(command_of(folder))

    @scenario
    async def test_the_deadline_holds_for_an_adopted_task(self, lab: Lab, tmp_path: Path) -> None:
        launch = once(lab, tmp_path, LIVES, deadline_seconds=1)
        await adopted(lab, launch)
        ended = await lab.ended(launch.key)
        assert ended.reason is Reason.DEADLINE_EXCEEDED
        # counted from the start, not from the adoption
        assert ended.at - (await lab.started(launch.key)).at < 1_700_000

    @scenario
    async def test_halting_when_nobody_watches(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        launch = once(lab, tmp_path, LIVES)
        folder = prepare(runs, launch)
        pid = supervise(folder)
        await lab.logged(launch.key, "up")
        kill(pid)
        await lab.engine.halt(launch.key, 0)
        assert (await lab.ended(launch.key)).reason is Reason.HALTED
        assert not alive(command_of(folder))

    @scenario
    async def test_each_time_before_the_command_ran(
        self, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("jupyter_jobsub.engines.local.task.PAUSE", 0.001)
        monkeypatch.setattr("jupyter_jobsub.engines.local.spawn.Supervisors.keep_one_waiting", lambda _: None)
        monkeypatch.setattr("jupyter_jobsub.engines.local.spawn._PROGRAM", NO_LUCK)
        launch = once(lab, tmp_path)
        ended = await resolve(lab, launch)
        assert (ended.exit_code, ended.reason) == (None, Reason.LAUNCH_FAILED)
        assert "no luck" in ended.message
        monkeypatch.undo()
        await lab.restart()
        assert (await resolve(lab, launch)).reason is Reason.LAUNCH_FAILED
        assert not (tmp_path / "once").exists()


@pytest.mark.parametrize("seed", range(6))
def test_kills_at_any_moment_of_the_start(seed: int, lab: Lab, tmp_path: Path) -> None:
    """Whatever is killed when: once at most, and an exit code is right or unknown."""
    moments = random.Random(seed)

    @scenario
    async def rounds(*, lab: Lab) -> None:
        for number in range(4):
            place = tmp_path / f"{seed}.{number}"
            place.mkdir()
            launch = once(lab, place, RUNS, job=f"job-{seed}{number}")
            pid = supervise(prepare(lab.folder / "runs", launch))
            await asyncio.sleep(moments.uniform(0, 0.04))
            kill(pid)
            ended = await resolve(lab, launch)
            assert (ended.exit_code, ended.reason) in [(7, Reason.ERROR), (None, Reason.EXIT_UNKNOWN)]
            assert lab.log(launch.key) in ("ran\n", "") if ended.exit_code is None else "ran\n"

    rounds(lab=lab)


class TestIdentity:
    """A pid alone is never trusted."""

    @scenario
    async def test_another_boot_means_that_the_machine_was_restarted(
        self, lab: Lab, tmp_path: Path, runs: Path
    ) -> None:
        launch = once(lab, tmp_path)
        started(prepare(runs, launch), os.getpid(), boot="00000000-0000-4000-8000-000000000000")
        ended = await resolve(lab, launch)
        assert (ended.exit_code, ended.reason) == (None, Reason.HOST_LOST)
        assert ended.message
        assert not (tmp_path / "once").exists()

    @scenario
    async def test_a_pid_that_is_another_process_now_is_left_alone(
        self, lab: Lab, tmp_path: Path, runs: Path
    ) -> None:
        bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
        try:
            launch = once(lab, tmp_path)
            folder = prepare(runs, launch)
            started(folder, bystander.pid, start=start_time(bystander.pid) - 1)
            folder.halt(0)
            assert (await resolve(lab, launch)).reason in (Reason.HALTED, Reason.EXIT_UNKNOWN)
            assert bystander.poll() is None
        finally:
            bystander.kill()
            bystander.wait()

    @scenario
    async def test_a_supervisor_runs_nothing_in_a_folder_that_is_over(
        self, lab: Lab, tmp_path: Path, runs: Path
    ) -> None:
        for number, name in enumerate(["exit.json", "void", "started", "halt.json"]):
            launch = once(lab, tmp_path, key=TaskKey(lab.task().key.job, number + 1))
            folder = prepare(runs, launch)
            (folder.path / name).write_text("{}")
            _, status = os.waitpid(supervise(folder), 0)
            assert status == 0
            (folder.path / name).unlink()
            (folder.path / "void").write_text('{"code": null, "reason": "Halted", "message": "", "at": 1}')
        assert not (tmp_path / "once").exists()

    @scenario
    async def test_what_is_written_once_stays(self, lab: Lab, tmp_path: Path, runs: Path) -> None:
        """An adopter that comes late finds the verdict and keeps it."""
        launch = once(lab, tmp_path)
        folder = prepare(runs, launch)
        os.waitpid(supervise(folder), 0)
        verdict = (folder.path / "exit.json").read_bytes()
        os.waitpid(supervise(folder, adopt=True), 0)
        assert (folder.path / "exit.json").read_bytes() == verdict
        assert (await resolve(lab, launch)).exit_code == 7
