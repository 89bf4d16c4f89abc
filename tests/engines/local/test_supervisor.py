"""What a command finds, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_jobsub.engines.base import Started
from jupyter_jobsub.engines.local.runfolder import RunFolder
from jupyter_jobsub.engines.local.spawn import Supervisors
from jupyter_jobsub.engines.local.supervisor.processes import members, open_process, start_time
from jupyter_jobsub.model.job import Reason
from tests.engines.lab import Lab, scenario
from tests.engines.local.folders import alive, prepare, supervise, supervisor_of, until

STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
{}
os.write(1, b"%d\\n" % os.getpid())
time.sleep(60)
"""


def pids(lab: Lab, key: object) -> list[int]:
    return [int(line) for line in lab.log(key).split() if line.isdigit()]  # type: ignore[arg-type]


async def group_is_gone(group: int) -> None:
    """Wait until nothing is left in a process group, not even what its parent has yet to reap."""
    for _ in range(500):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(0.01)
    pytest.fail("something is left of the group")


class TestEnd:
    @scenario
    async def test_a_child_that_goes_on_in_the_background_is_ended(self, lab: Lab) -> None:
        key = await lab.launch("sleep 60 & echo $!; exit 3")
        assert (await lab.ended(key)).exit_code == 3
        assert not alive(pids(lab, key)[0])

    @scenario
    async def test_a_daemon_is_ended(self, lab: Lab) -> None:
        key = await lab.launch("setsid bash -c 'echo $$; exec sleep 60' < /dev/null & sleep 0.1")
        assert (await lab.ended(key)).exit_code == 0
        assert not alive(pids(lab, key)[0])

    @scenario
    async def test_one_that_hid_its_environment_but_not_its_session_is_ended(self, lab: Lab) -> None:
        key = await lab.launch("set -m; env -i sleep 60 & echo $!; exit 0")
        await lab.ended(key)
        assert not alive(pids(lab, key)[0])

    @scenario
    async def test_one_that_hid_its_environment_and_left_its_session_is_ended(
        self, lab: Lab, tmp_path: Path
    ) -> None:
        inner = f"env -i setsid sleep 60 & echo $!; : > {tmp_path}/up; exec sleep 60"
        hidden = f"env -i setsid bash -c '{inner}' & echo $!"
        key = await lab.launch(f"({hidden}); until [ -e {tmp_path}/up ]; do sleep 0.01; done; exit 3")
        assert (await lab.ended(key)).exit_code == 3
        assert len(pids(lab, key)) == 2
        assert not any(alive(pid) for pid in pids(lab, key))

    @scenario
    async def test_orphans_that_end_while_it_runs_are_buried(self, lab: Lab) -> None:
        key = await lab.launch("(sleep 0.01 & echo $!); (sleep 0.01 & echo $!); sleep 60")
        while len(pids(lab, key)) < 2 or any(Path(f"/proc/{pid}").exists() for pid in pids(lab, key)):
            await asyncio.sleep(0.01)
        await lab.engine.halt(key, 0)
        assert (await lab.ended(key)).reason is Reason.HALTED

    @scenario
    async def test_what_stays_may_end_by_itself_when_told(self, lab: Lab) -> None:
        child = "trap 'echo saved; exit' TERM; echo up; while :; do sleep 0.01; done"
        command = f'bash -c "{child}" & until [ -s "$LOG" ]; do sleep 0.01; done; exit 0'
        key = await lab.launch(command, env={"LOG": str(lab.task().log)})
        ended = await lab.ended(key)
        assert ended.exit_code == 0
        assert "saved" in lab.log(key)

    @scenario
    async def test_a_tree_that_forks_and_ignores_term_is_ended_whole(self, lab: Lab, tmp_path: Path) -> None:
        bomb = tmp_path / "bomb.py"
        bomb.write_text(STUBBORN.format("for n in range(4):\n    if not os.fork() and n % 2: os.setsid()"))
        key = await lab.launch(f"{sys.executable} {bomb}")
        while len(pids(lab, key)) < 16:
            await asyncio.sleep(0.01)
        assert all(map(alive, pids(lab, key)))
        await lab.engine.halt(key, 0.05)
        assert (await lab.ended(key)).reason is Reason.HALTED
        assert not any(map(alive, pids(lab, key)))

    @scenario
    async def test_one_that_forks_faster_than_it_is_found_is_ended(self, lab: Lab) -> None:
        """Each forks its successor and ends; none of them lives as long as a look takes."""
        chain = (
            "import os, time, _signal\n_signal.signal(15, 1)\nend = time.time() + 20\n"
            "while time.time() < end:\n    if os.fork(): os._exit(0)\n"
        )
        key = await lab.launch(f"echo $$; exec {sys.executable} -S -c '{chain}'")
        assert (await lab.ended(key)).reason is Reason.COMPLETED
        await group_is_gone(pids(lab, key)[0])

    @scenario
    async def test_the_grace_of_a_halt_is_for_all_of_it(self, lab: Lab) -> None:
        """The shell ends at once, what it started takes its time."""
        inner = 'trap "sleep 0.3; echo saved; exit" TERM; echo up; while :; do sleep 0.01; done'
        key = await lab.launch(f"bash -c '{inner}'; true")
        await lab.logged(key, "up")
        await lab.engine.halt(key, 10)
        await lab.ended(key)
        assert "saved" in lab.log(key)

    @scenario
    async def test_a_stopped_task_is_ended(self, lab: Lab) -> None:
        key = await lab.launch("echo up; kill -STOP $$")
        await lab.logged(key, "up")
        await lab.engine.halt(key, 0.05)
        assert (await lab.ended(key)).exit_code == 137


class TestCommand:
    @scenario
    async def test_inherits_nothing(self, lab: Lab) -> None:
        """No descriptor, signal mask or disposition of the service, whatever these are."""
        before = signal.signal(signal.SIGPIPE, signal.SIG_IGN), signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
        leak = os.open("/dev/zero", os.O_RDONLY)
        os.set_inheritable(leak, True)
        try:
            key = await lab.launch(
                "ls -l /proc/self/fd | sed -n 's/.* -> //p'; grep -E '^Sig(Blk|Ign)' /proc/self/status"
            )
            await lab.find(Started, key)
        finally:
            os.close(leak)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            signal.signal(signal.SIGPIPE, before[0])
            signal.signal(signal.SIGCHLD, before[1])
        assert (await lab.ended(key)).exit_code == 0
        log = lab.log(key)
        assert "/dev/zero" not in log
        assert "lock" not in log
        assert log.split("\n")[0] == "/dev/null"
        masks = dict(line.split(":\t") for line in log.split("\n") if line.startswith("Sig"))
        assert int(masks["SigBlk"], 16) == 0
        assert int(masks["SigIgn"], 16) & 0x7FFFFFFF == 0  # 32 and 33 are the C library's own

    @scenario
    async def test_leads_its_own_session(self, lab: Lab) -> None:
        key = await lab.launch("read -r _ _ _ _ group session _ < /proc/$$/stat; echo $$ $group $session")
        await lab.ended(key)
        assert len(set(lab.log(key).split())) == 1

    @scenario
    async def test_has_no_input(self, lab: Lab) -> None:
        assert (await lab.run("cat")).exit_code == 0

    @scenario
    async def test_gets_no_token_of_the_service(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN", "JUPYTER_TOKEN", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "s3cret")
        key = await lab.launch("env; cat /proc/$PPID/environ")
        await lab.ended(key)
        assert "PATH=" in lab.log(key)
        assert "s3cret" not in lab.log(key)

    @scenario
    async def test_that_cannot_be_executed_says_why(self, lab: Lab, tmp_path: Path) -> None:
        runs = lab.folder / "runs"
        launch = lab.task(working_dir=str(tmp_path))
        folder = prepare(runs, launch)
        spec = (folder.path / "spec").read_bytes()
        (folder.path / "spec").write_bytes(spec.replace(b"/bin/bash\0-c", b"/bin/nothing\0-c"))
        ended = await lab.ended(await lab.send(launch))
        assert (ended.exit_code, ended.reason) == (None, Reason.LAUNCH_FAILED)
        assert ended.message == "can't run /bin/nothing: No such file or directory"
        assert lab.kinds(launch.key) == ["Ended"]

    @scenario
    async def test_whose_folder_went_away_meanwhile_says_so(self, lab: Lab, tmp_path: Path) -> None:
        place = tmp_path / "place"
        place.mkdir()
        launch = lab.task(working_dir=str(place))
        prepare(lab.folder / "runs", launch)
        place.rmdir()
        ended = await lab.ended(await lab.send(launch))
        assert ended.reason is Reason.LAUNCH_FAILED
        assert str(place) in ended.message

    @scenario
    async def test_last_words_are_cut_to_a_page(self, lab: Lab) -> None:
        ended = await lab.run('head -c 10000 /dev/zero | tr "\\0" x > "$JOBSUB_TERMINATION_LOG"')
        assert ended.message == "x" * 4096

    @pytest.mark.parametrize("put", ["mkfifo", "mkdir", "ln -s /etc/passwd"])
    def test_last_words_are_read_from_a_file_alone(self, put: str, lab: Lab) -> None:
        @scenario
        async def check(*, lab: Lab) -> None:
            ended = await lab.run(f'rm -f "$JOBSUB_TERMINATION_LOG"; {put} "$JOBSUB_TERMINATION_LOG"; exit 3')
            assert (ended.exit_code, ended.message) == (3, "")

        check(lab=lab)


class TestLimits:
    @scenario
    async def test_a_log_over_its_limit_keeps_beginning_and_end(self, lab: Lab) -> None:
        lines = 100_000
        key = await lab.launch(f"seq 1 {lines}")
        await lab.ended(key)
        info = lab.archive.info(key)
        assert info is not None
        assert info.size == sum(len(str(n)) + 1 for n in range(1, lines + 1))
        (gap,) = info.gaps
        assert gap.start < 256 * 1024 // 4 + 4096
        assert info.size - (gap.end - gap.start) <= 256 * 1024
        assert lab.log(key).startswith("1\n2\n3\n")
        marker, first, *rest = (
            lab.archive.tail(key, 10**6).data.decode().partition("[jobsub: ")[2].split("\n")
        )
        assert "dropped here" in marker
        assert rest[-2:] == [str(lines), ""]
        assert rest[0] == str(int(first) + 1)  # no line is torn

    @scenario
    async def test_a_machine_that_starts_no_process_is_tried_again_and_then_named(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*args: object, **options: object) -> tuple[int, int]:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        monkeypatch.setattr("jupyter_jobsub.engines.local.task.PAUSE", 0.001)
        monkeypatch.setattr("jupyter_jobsub.engines.local.spawn.Supervisors.spawn", refuse)
        ended = await lab.run()
        assert ended.reason is Reason.LAUNCH_FAILED
        assert ended.message == "the machine could not start a process: Resource temporarily unavailable"

    @scenario
    async def test_what_is_halted_meanwhile_is_not_tried_again(
        self, lab: Lab, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*args: object, **options: object) -> tuple[int, int]:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        monkeypatch.setattr("jupyter_jobsub.engines.local.task.PAUSE", 1000.0)
        monkeypatch.setattr("jupyter_jobsub.engines.local.spawn.Supervisors.spawn", refuse)
        key = await lab.send(lab.task("echo never"))
        await lab.engine.halt(key, 0)
        assert (await lab.ended(key)).reason is Reason.HALTED

    @scenario
    async def test_and_goes_on_when_it_can_again(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        refused: list[object] = []
        spawn = Supervisors.spawn

        def refuse_twice(*args: object, **options: object) -> tuple[int, int]:
            refused.append(args)
            if len(refused) < 3:
                raise BlockingIOError(11, "Resource temporarily unavailable")
            return spawn(*args, **options)  # type: ignore[arg-type]

        monkeypatch.setattr("jupyter_jobsub.engines.local.task.PAUSE", 0.001)
        monkeypatch.setattr("jupyter_jobsub.engines.local.spawn.Supervisors.spawn", refuse_twice)
        assert (await lab.run("exit 9")).exit_code == 9


class TestProcesses:
    def test_an_open_process_is_the_one_that_was_meant(self) -> None:
        me = os.getpid()
        fd = open_process(me, start_time(me))
        assert fd >= 0
        os.close(fd)
        assert open_process(me, start_time(me) - 1) == -1
        assert open_process(2**22 + 1, 1) == -1

    def test_a_session_whose_leader_is_another_now_has_no_members_of_ours(self) -> None:
        with subprocess.Popen(["sleep", "60"], start_new_session=True) as leader:
            start = start_time(leader.pid)
            found = list(members(leader.pid, start, b"NO=MARK", 0))
            of_another = list(members(leader.pid, start - 1, b"NO=MARK", 0))
            leader.kill()
        assert found == [(leader.pid, start)]
        assert (leader.pid, start) not in of_another


@pytest.mark.parametrize("kind", ["newer", "older"])
def test_a_folder_of_another_release_is_still_read(kind: str, lab: Lab, tmp_path: Path) -> None:
    """What the files say beyond what is known is passed over."""

    @scenario
    async def check(*, lab: Lab) -> None:
        launch = lab.task(working_dir=str(tmp_path))
        folder = prepare(lab.folder / "runs", launch)
        os.waitpid(supervise(folder), 0)
        for name in ("started", "exit.json"):
            path = folder.path / name
            path.write_text(
                path.read_text().replace('"version": 1', f'"version": {9 if kind == "newer" else 1}, "x": []')
            )
        assert (await lab.ended(await lab.send(launch))).exit_code == 0

    check(lab=lab)


class TestWaiting:
    """A supervisor that waits for the next task."""

    @scenario
    async def test_it_takes_the_next_task(self, lab: Lab) -> None:
        waiting = await the_one_that_waits(lab)
        key = await lab.launch("exit 4")
        assert (await lab.ended(key)).exit_code == 4
        assert supervisor_of(RunFolder(lab.folder / "runs", key)) == waiting
        assert await the_one_that_waits(lab) != waiting

    @scenario
    async def test_killed_it_is_not_missed(self, lab: Lab) -> None:
        waiting = await the_one_that_waits(lab)
        os.kill(waiting, signal.SIGKILL)
        assert (await lab.run("exit 5")).exit_code == 5

    @scenario
    async def test_stopped_when_it_was_told_it_is_replaced_once_it_is_killed(self, lab: Lab) -> None:
        waiting = await the_one_that_waits(lab)
        os.kill(waiting, signal.SIGSTOP)
        key = await lab.launch("exit 6")
        os.kill(waiting, signal.SIGKILL)
        assert (await lab.ended(key)).exit_code == 6

    @scenario
    async def test_it_ends_with_the_engine(self, lab: Lab) -> None:
        waiting = await the_one_that_waits(lab)
        await lab.engine.close()
        assert not alive(waiting)

    def test_it_ends_when_the_engines_process_is_killed(self, tmp_path: Path) -> None:
        program = (
            "import asyncio, sys, time\n"
            "from pathlib import Path\n"
            "from jupyter_jobsub.engines.local import spawn\n"
            "async def main():\n"
            "    supervisors = spawn.Supervisors(Path(sys.argv[1]))\n"
            "    supervisors.keep_one_waiting()\n"
            "    while not supervisors._spare: await asyncio.sleep(0.01)\n"
            "    print(supervisors._spare._pid, flush=True)\n"
            "    time.sleep(60)\n"
            "asyncio.run(main())\n"
        )
        with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE) as process:
            assert process.stdout
            waiting = int(process.stdout.readline())
            assert alive(waiting)
            process.kill()
        until(lambda: not alive(waiting))


async def the_one_that_waits(lab: Lab) -> int:
    supervisors = lab.engine._supervisors
    while supervisors._spare is None:
        await asyncio.sleep(0.005)
    return supervisors._spare._pid
