"""What every engine promises; each implementation's tests run this suite on it.

The implementation gives a fixture ``lab``. Commands are shell text in a working directory that
tests share with the tasks.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from jupyter_jobsub.model.job import JobId, Reason, TaskKey
from tests.engines.lab import PATIENCE, Lab, scenario

ROLES = [
    {"name": "a-b", "tasks": 2, "command": "env", "ports": [{"label": "web"}]},
    {"name": "c", "command": "env", "ports": [{"label": "p", "count": 3}]},
]
_SHARED = {
    *("JOBSUB_TASK_ROLES", "JOBSUB_TASK_COUNT_A_B", "JOBSUB_TASK_COUNT_C"),
    *("JOBSUB_HOST_A_B_0", "JOBSUB_PORT_A_B_0_WEB", "JOBSUB_PORTS_A_B_0_WEB"),
    *("JOBSUB_HOST_A_B_1", "JOBSUB_PORT_A_B_1_WEB", "JOBSUB_PORTS_A_B_1_WEB"),
    *("JOBSUB_HOST_C_0", "JOBSUB_PORT_C_0_P", "JOBSUB_PORTS_C_0_P"),
}
ONCE = "set -C; : > once || exit 99; "  # a second execution of the same command ends with 99

BURN = "i=0; while [ $((i += 1)) -lt 200000 ]; do :; done"  # takes any shell as long at least as:
BURNT = 100_000  # microseconds of processor time
COUNTERS = ("cpu", "disk_read", "disk_write", "network_received", "network_sent")


class EngineContract:
    """See ``engines/base.py``."""

    @scenario
    async def test_a_task_starts_and_ends_once_and_its_log_is_complete(self, lab: Lab) -> None:
        key = await lab.launch("echo out; echo err >&2")
        ended = await lab.ended(key)
        assert (ended.exit_code, ended.reason, ended.message) == (0, Reason.COMPLETED, "")
        assert lab.log(key) == "out\nerr\n"
        assert lab.kinds(key) == ["Started", "Ended"]
        assert (await lab.started(key)).at <= ended.at

    @scenario
    async def test_exit_codes(self, lab: Lab) -> None:
        codes = [1, 2, 42, 127, 255]
        keys = [await lab.launch(f"exit {code}", job=f"job-{code}") for code in codes]
        ends = [await lab.ended(key) for key in keys]
        assert [end.exit_code for end in ends] == codes
        assert {end.reason for end in ends} == {Reason.ERROR}

    @scenario
    async def test_a_signal_is_128_and_its_number(self, lab: Lab) -> None:
        ended = await lab.run("kill -9 $$")
        assert (ended.exit_code, ended.reason) == (137, Reason.ERROR)
        assert "SIGKILL" in ended.message

    @scenario
    async def test_launching_again_neither_runs_nor_reports_again(self, lab: Lab, tmp_path: Path) -> None:
        launch = lab.task(ONCE + "echo ran", working_dir=str(tmp_path))
        await asyncio.gather(*(lab.send(launch) for _ in range(5)))
        assert (await lab.ended(launch.key)).exit_code == 0
        await lab.send(launch)
        await lab.run(job="another")
        assert lab.kinds(launch.key) == ["Started", "Ended"]
        assert lab.log(launch.key) == "ran\n"

    @scenario
    async def test_a_restart_takes_over_what_runs(self, lab: Lab, tmp_path: Path) -> None:
        launch = lab.task(
            ONCE + "echo up; until [ -e go ]; do sleep 0.02; done; exit 7", working_dir=str(tmp_path)
        )
        await lab.send(launch)
        await lab.logged(launch.key, "up")
        await lab.restart()
        await lab.send(launch)
        assert (await lab.started(launch.key)).key == launch.key
        (tmp_path / "go").touch()
        assert (await lab.ended(launch.key)).exit_code == 7
        assert lab.kinds(launch.key) == ["Started", "Ended"]

    @scenario
    async def test_a_restart_learns_how_a_task_ended_meanwhile(self, lab: Lab, tmp_path: Path) -> None:
        launch = lab.task(ONCE + "exit 5", working_dir=str(tmp_path))
        first = await lab.ended(await lab.send(launch))
        await lab.restart()
        await lab.send(launch)
        again = await lab.ended(launch.key)
        assert replace(again, at=first.at) == first
        assert abs(again.at - first.at) < 60_000_000  # as well as clocks can tell
        assert lab.kinds(launch.key) == ["Started", "Ended"]

    @scenario
    async def test_what_is_settled_is_not_run_again(self, lab: Lab, tmp_path: Path) -> None:
        launch = lab.task(ONCE + "echo ran; exit 5", working_dir=str(tmp_path))
        key = await lab.send(launch)
        await lab.ended(key)
        lab.archive.seal(key)
        await lab.engine.settled(key)
        await lab.engine.settled(key)
        assert lab.log(key) == "ran\n"
        await lab.restart()
        await lab.engine.settled(key)
        await lab.send(replace(launch, started=True))
        assert (await lab.ended(key)).exit_code in (5, None)
        assert lab.log(key) == "ran\n"
        assert lab.kinds(key) in (["Started", "Ended"], ["Ended"])

    @scenario
    async def test_the_next_attempt_runs_whether_or_not_the_last_is_settled(self, lab: Lab) -> None:
        for attempt in (1, 2, 3):
            ended = await lab.run(f"echo {attempt}; exit {attempt}", attempt=attempt)
            assert (ended.key.attempt, ended.exit_code) == (attempt, attempt)
            assert lab.log(ended.key) == f"{attempt}\n"
            if attempt == 2:
                await lab.engine.settled(ended.key)

    @scenario
    async def test_nothing_is_reported_after_close_and_tasks_run_on(self, lab: Lab, tmp_path: Path) -> None:
        launch = lab.task("echo up; sleep 0.1; touch done", working_dir=str(tmp_path))
        await lab.send(launch)
        await lab.logged(launch.key, "up")
        await lab.engine.close()
        before = list(lab.seen)
        await lab.appears(tmp_path / "done")
        assert lab.seen == before
        await lab.open()
        await lab.send(launch)
        assert (await lab.ended(launch.key)).exit_code == 0

    @scenario
    async def test_what_was_launched_together_runs_side_by_side(self, lab: Lab, tmp_path: Path) -> None:
        meet = "touch $JOBSUB_JOB_ID; until [ -e a ] && [ -e b ]; do sleep 0.01; done"
        keys = [await lab.launch(meet, job=job, working_dir=str(tmp_path)) for job in "ab"]
        assert [(await lab.ended(key)).exit_code for key in keys] == [0, 0]

    @scenario
    async def test_halt_ends_a_task_that_is_told(self, lab: Lab) -> None:
        key = await lab.launch("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done")
        await lab.logged(key, "up")
        await lab.engine.halt(key, 10)
        ended = await lab.ended(key)
        assert (ended.exit_code, ended.reason) == (3, Reason.HALTED)
        assert lab.log(key).endswith("bye\n")  # after what the shell says of its own child, perhaps

    @scenario
    async def test_halt_ends_a_task_that_will_not_be_told_when_the_grace_is_over(self, lab: Lab) -> None:
        key = await lab.launch("trap '' TERM; echo up; while :; do sleep 0.01; done")
        await lab.logged(key, "up")
        await lab.engine.halt(key, 0.1)
        ended = await lab.ended(key)
        assert (ended.exit_code, ended.reason) == (137, Reason.HALTED)

    @scenario
    async def test_a_second_halt_with_less_grace_counts(self, lab: Lab) -> None:
        key = await lab.launch("trap '' TERM; echo up; while :; do sleep 0.01; done")
        await lab.logged(key, "up")
        await lab.engine.halt(key, 1000)
        await lab.engine.halt(key, 0)
        assert (await lab.ended(key)).reason is Reason.HALTED

    @scenario
    async def test_halting_what_was_never_launched_makes_sure_that_it_never_runs(
        self, lab: Lab, tmp_path: Path
    ) -> None:
        launch = lab.task("touch ran", working_dir=str(tmp_path))
        await lab.engine.halt(launch.key, 1)
        ended = await lab.ended(launch.key)
        assert (ended.exit_code, ended.reason) == (None, Reason.HALTED)
        await lab.send(launch)
        await lab.restart()
        await lab.send(launch)
        assert (await lab.ended(launch.key)).reason is Reason.HALTED
        assert not (tmp_path / "ran").exists()
        assert lab.kinds(launch.key) == ["Ended"]

    @scenario
    async def test_what_is_to_be_halted_is_not_begun(self, lab: Lab, tmp_path: Path) -> None:
        launch = lab.task("touch ran", working_dir=str(tmp_path), wanted=False)
        await lab.send(launch)
        await lab.engine.halt(launch.key, 1)
        ended = await lab.ended(launch.key)
        assert (ended.exit_code, ended.reason) == (None, Reason.HALTED)
        assert not (tmp_path / "ran").exists()

    @scenario
    async def test_what_is_to_be_halted_after_a_restart_has_its_log(self, lab: Lab, tmp_path: Path) -> None:
        launch = lab.task(
            "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done",
            working_dir=str(tmp_path),
        )
        await lab.send(launch)
        await lab.logged(launch.key, "up")
        await lab.restart()
        await lab.send(replace(launch, wanted=False))
        await lab.engine.halt(launch.key, 10)
        ended = await lab.ended(launch.key)
        assert (ended.exit_code, ended.reason) == (3, Reason.HALTED)
        assert lab.log(launch.key).startswith("up\n")
        assert lab.log(launch.key).endswith("bye\n")

    @scenario
    async def test_halting_what_has_ended_changes_nothing(self, lab: Lab) -> None:
        key = await lab.launch("exit 4")
        await lab.ended(key)
        await lab.engine.halt(key, 0)
        await lab.restart()
        await lab.engine.halt(key, 0)
        assert (await lab.ended(key)).exit_code == 4

    @scenario
    async def test_launching_and_halting_in_one_breath_ends_once(self, lab: Lab) -> None:
        launch = lab.task("while :; do sleep 0.01; done")
        lab.launched[launch.key] = launch
        await asyncio.gather(lab.engine.launch(launch), lab.engine.halt(launch.key, 0))
        assert (await lab.ended(launch.key)).reason is Reason.HALTED
        assert lab.kinds(launch.key).count("Ended") == 1

    @scenario
    async def test_the_deadline_ends_a_task(self, lab: Lab) -> None:
        ended = await lab.run("trap '' TERM; while :; do sleep 0.01; done", deadline_seconds=1)
        assert ended.reason is Reason.DEADLINE_EXCEEDED
        assert "1 s" in ended.message

    @scenario
    async def test_what_is_known_to_have_started_and_is_gone_is_lost_and_not_new(
        self, lab: Lab, tmp_path: Path
    ) -> None:
        ended = await lab.run("touch ran", working_dir=str(tmp_path), started=True)
        assert (ended.exit_code, ended.reason) == (None, Reason.EXIT_UNKNOWN)
        assert ended.message
        assert not (tmp_path / "ran").exists()

    @scenario
    async def test_purge_forgets_a_job_and_no_other(self, lab: Lab) -> None:
        keys = [await lab.launch("exit 6", job=job) for job in ("job-1", "job-10")]
        for key in keys:
            await lab.ended(key)
        await lab.engine.purge(JobId("job-1"))
        await lab.engine.purge(JobId("job-1"))
        await lab.restart()
        for key in keys:
            await lab.launch(job=key.job, started=True)
        assert (await lab.ended(keys[0])).reason is Reason.EXIT_UNKNOWN
        assert (await lab.ended(keys[1])).exit_code == 6

    @scenario
    async def test_a_task_knows_who_it_is(self, lab: Lab) -> None:
        key = TaskKey(JobId("job-1"), 3, "worker", 2)
        names = ("JOBSUB_JOB_ID", "JOBSUB_ATTEMPT", "JOBSUB_TASK_ROLE", "JOBSUB_TASK_INDEX")
        names = (
            *names,
            "PRIMEHUB_USER",
            "PRIMEHUB_GROUP",
            "MINE",
            "PYTHONUNBUFFERED",
            "CUDA_VISIBLE_DEVICES",
        )
        show = " ".join(f'"${name}"' for name in names)
        roles = [{"name": "worker", "tasks": 3, "command": f"printf '%s,' {show}"}]
        await lab.run(key=key, task_roles=roles, env={"MINE": "a b"})
        assert lab.log(key) == "job-1,3,worker,2,ann,lab,a b,1,,"

    @scenario
    async def test_the_tasks_of_an_attempt_are_told_the_same_of_each_other(
        self, lab: Lab, tmp_path: Path
    ) -> None:
        keys = [TaskKey(JobId("job-1"), 1, *task) for task in (("a-b", 0), ("a-b", 1), ("c", 0))]
        told = [await _told(lab, key) for key in keys]
        shared = [{name: line[name] for name in sorted(line) if name in _SHARED} for line in told]
        assert shared[0] == shared[1] == shared[2]
        assert set(shared[0]) == _SHARED
        assert [shared[0][name] for name in ("JOBSUB_TASK_ROLES", "JOBSUB_TASK_COUNT_A_B")] == ["a-b,c", "2"]
        own = [
            (line["JOBSUB_HOST"], line.get("JOBSUB_PORT_WEB"), line.get("JOBSUB_PORTS_P")) for line in told
        ]
        assert own == [
            (shared[0]["JOBSUB_HOST_A_B_0"], shared[0]["JOBSUB_PORT_A_B_0_WEB"], None),
            (shared[0]["JOBSUB_HOST_A_B_1"], shared[0]["JOBSUB_PORT_A_B_1_WEB"], None),
            (shared[0]["JOBSUB_HOST_C_0"], None, shared[0]["JOBSUB_PORTS_C_0_P"]),
        ]
        lists = [shared[0][f"JOBSUB_PORTS_{task}"].split(",") for task in ("A_B_0_WEB", "A_B_1_WEB", "C_0_P")]
        assert [len(numbers) for numbers in lists] == [1, 1, 3]
        assert len({number for numbers in lists for number in numbers}) == 5
        assert shared[0]["JOBSUB_PORT_C_0_P"] == lists[2][0]

    @scenario
    async def test_a_restart_tells_the_rest_of_a_gang_the_same_ports(self, lab: Lab) -> None:
        first = await _told(lab, TaskKey(JobId("job-1"), 1, "a-b", 0))
        await lab.restart()
        assert (await _told(lab, TaskKey(JobId("job-1"), 1, "c", 0)))["JOBSUB_PORTS_C_0_P"] == first[
            "JOBSUB_PORTS_C_0_P"
        ]

    @scenario
    async def test_a_command_is_run_as_it_is_written(self, lab: Lab) -> None:
        key = await lab.launch('echo "a  b" \'$HOME\' | tr a-z A-Z\nfor i in 1 2; do\n  echo "é$i"\ndone')
        await lab.ended(key)
        assert lab.log(key) == "A  B $HOME\né1\né2\n"

    @scenario
    async def test_output_is_kept_byte_for_byte(self, lab: Lab) -> None:
        key = await lab.launch(r"printf '\000\377\r\033[1m%s' x")
        await lab.ended(key)
        lab.archive.seal(key)
        assert lab.archive.read(key, 0, 100).data == b"\x00\xff\r\x1b[1mx"

    @scenario
    async def test_last_words_become_the_message(self, lab: Lab) -> None:
        ended = await lab.run('echo "cell 3 failed" > "$JOBSUB_TERMINATION_LOG"; exit 1')
        assert (ended.exit_code, ended.message) == (1, "cell 3 failed")

    @scenario
    async def test_artifacts_have_a_folder(self, lab: Lab) -> None:
        key = await lab.launch('echo 1 > "$JOBSUB_ARTIFACTS/model.bin" && test -e artifacts/model.bin')
        assert (await lab.ended(key)).exit_code == 0
        assert (lab.artifacts.folder(key.job, key.attempt) / "model.bin").read_text() == "1\n"

    @scenario
    async def test_a_sample_says_what_a_task_uses(self, lab: Lab) -> None:
        key = await lab.launch(f"{BURN}; x=$(head -c 4000000 /dev/zero | tr '\\0' x); echo up; sleep 60; :")
        await lab.logged(key, "up")
        sample = (await lab.engine.sample([key]))[key]
        assert sample.cpu is None or sample.cpu >= BURNT
        assert sample.memory is None or 4_000_000 <= sample.memory < 400_000_000
        assert not sample.gpus
        assert abs(sample.at - (await lab.started(key)).at) < PATIENCE * 1_000_000

    @scenario
    async def test_what_ended_commands_have_used_is_counted(self, lab: Lab) -> None:
        key = await lab.launch(f"({BURN}); ({BURN}) & wait; echo up; sleep 60")
        await lab.logged(key, "up")
        sample = (await lab.engine.sample([key]))[key]
        assert sample.cpu is None or sample.cpu >= 2 * BURNT

    @scenario
    async def test_counters_never_go_down_while_commands_come_and_go(self, lab: Lab) -> None:
        work = "for i in $(seq 400); do true; (:) & done; x=$((x + i))"
        key = await lab.launch(f"while :; do {work}; done")
        await lab.started(key)
        samples = []
        while len(samples) < 50:
            await lab.engine.sample([])
            samples.append(await lab.sampled(key))
        for before, after in pairwise(samples):
            assert before.at <= after.at
            for name in COUNTERS:
                first, second = getattr(before, name), getattr(after, name)
                assert first is None or second is None or first <= second, name

    @scenario
    async def test_what_does_not_run_has_no_sample(self, lab: Lab) -> None:
        ended = await lab.launch("true")
        await lab.ended(ended)
        runs = await lab.launch("sleep 60", job="another")
        await lab.started(runs)
        never = TaskKey(JobId("never"), 1)
        await lab.sampled(runs)
        assert set(await lab.engine.sample([ended, never, runs])) == {runs}

    @scenario
    async def test_tasks_may_end_while_they_are_looked_at(self, lab: Lab) -> None:
        keys = [await lab.launch("(:) & :", job=f"job-{n}") for n in range(10)]
        ends = [asyncio.ensure_future(lab.ended(key)) for key in keys]
        while not all(end.done() for end in ends):
            assert set(await lab.engine.sample(keys)) <= set(keys)
            await asyncio.sleep(0)  # a look at nothing doesn't wait, and the ends are to be told
        assert not await lab.engine.sample(keys)

    @scenario
    async def test_what_a_restart_takes_over_is_sampled(self, lab: Lab) -> None:
        launch = lab.task(f"{BURN}; echo up; sleep 60")
        await lab.send(launch)
        await lab.logged(launch.key, "up")
        await lab.restart()
        await lab.send(launch)
        await lab.started(launch.key)
        sample = await lab.sampled(launch.key)
        assert sample.cpu is None or sample.cpu >= BURNT


async def _told(lab: Lab, key: TaskKey) -> dict[str, str]:
    """The environment of a task of ROLES."""
    assert (await lab.run(key=key, task_roles=ROLES)).exit_code == 0
    return dict(line.split("=", 1) for line in lab.log(key).splitlines())
