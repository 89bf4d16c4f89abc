"""The judge sees what it must: each fabricated fault, and nothing in a good round."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .judge import Evidence, judge
from .plan import JOBS, PlannedJob, plan

PLAIN = PlannedJob("plain", "socket", codes=(3,))
RETRIED = PlannedJob("retried", "socket", codes=(7, 0), retries=1)
CANCELLED = PlannedJob("cancelled", "jupyter", cancelled=True, seconds=900)
PLAN = (PLAIN, RETRIED, CANCELLED)


def row(planned: PlannedJob, phase: str, reason: str, code: int | None, attempt: int = 1) -> dict[str, Any]:
    return {
        "id": f"job-{planned.name}",
        "name": planned.name,
        "phase": phase,
        "reason": reason,
        "exit_code": code,
        "attempt": attempt,
    }


@pytest.fixture
def good() -> Evidence:
    """A round in which all went as planned."""
    rows = [
        row(PLAIN, "Failed", "Error", 3),
        row(RETRIED, "Succeeded", "Completed", 0, attempt=2),
        row(CANCELLED, "Cancelled", "Cancelled", 143),
    ]
    return Evidence(
        accepted={planned.name: f"job-{planned.name}" for planned in PLAN},
        rows=list(rows),
        marks={"job-plain.1", "job-retried.1", "job-retried.2", "job-cancelled.1"},
        logs={
            ("job-plain", 1): PLAIN.log(1),
            ("job-retried", 1): RETRIED.log(1),
            ("job-retried", 2): RETRIED.log(2),
            ("job-cancelled", 1): CANCELLED.log(1)[:40],
        },
        artifacts={
            ("job-plain", 1): PLAIN.kept(1),
            ("job-retried", 1): RETRIED.kept(1),
            ("job-retried", 2): RETRIED.kept(2),
            ("job-cancelled", 1): {"1": CANCELLED.kept(1)["1"][:4]},
        },
        timelines={each["id"]: ["Pending", "Running", each["phase"]] for each in rows},
    )


def found(seen: Evidence) -> list[str]:
    return [fault.kind for fault in judge(PLAN, seen)]


def change(seen: Evidence, index: int, **values: Any) -> None:
    seen.rows[index] = {**seen.rows[index], **values}


def test_a_good_round_has_no_faults(good: Evidence) -> None:
    assert judge(PLAN, good) == []


def test_a_job_that_is_not_in_the_list_is_lost(good: Evidence) -> None:
    del good.rows[0]
    assert found(good) == ["lost"]


def test_a_submit_that_was_never_answered_is_lost(good: Evidence) -> None:
    del good.accepted["plain"]
    assert found(good) == ["lost"]


def test_a_job_that_is_not_final_is_lost(good: Evidence) -> None:
    change(good, 1, phase="Running")
    assert found(good) == ["lost"]


def test_an_end_without_a_run_is_lost(good: Evidence) -> None:
    good.marks.remove("job-plain.1")
    assert found(good) == ["lost"]


def test_a_start_that_was_killed_before_the_command_ran_is_unknown_and_not_lost(good: Evidence) -> None:
    good.marks.remove("job-plain.1")
    good.killed.add(("job-plain", 1))
    good.logs["job-plain", 1] = b""
    change(good, 0, reason="ExitUnknown", exit_code=None)
    assert judge(PLAN, good) == []
    good.logs["job-plain", 1] = b"x"
    assert found(good) == ["wrong"]


def test_an_end_with_an_exit_code_and_no_run_is_lost_whoever_was_killed(good: Evidence) -> None:
    good.marks.remove("job-plain.1")
    good.killed.add(("job-plain", 1))
    assert found(good) == ["lost"]


def test_an_attempt_that_ran_again_is_twice(good: Evidence) -> None:
    good.marks.add("job-plain.1.again.4711")
    assert found(good) == ["twice"]


def test_a_job_stored_again_is_twice(good: Evidence) -> None:
    good.rows.append({**good.rows[0], "id": "job-other"})
    assert found(good) == ["twice"]


def test_an_attempt_beyond_the_last_is_twice(good: Evidence) -> None:
    good.marks.add("job-plain.2")
    assert found(good) == ["twice"]


@pytest.mark.parametrize(
    ("index", "values"),
    [
        (0, {"exit_code": 4}),
        (0, {"exit_code": None}),
        (0, {"phase": "Succeeded", "exit_code": 3}),
        (0, {"reason": "ExitUnknown", "exit_code": None}),
        (0, {"phase": "Cancelled"}),
        (2, {"phase": "Succeeded", "exit_code": 0}),
    ],
)
def test_a_wrong_end_is_seen(good: Evidence, index: int, values: dict[str, Any]) -> None:
    change(good, index, **values)
    good.timelines[good.rows[index]["id"]][-1] = good.rows[index]["phase"]
    assert set(found(good)) == {"wrong"}


def test_a_failure_with_a_retry_left_is_wrong(good: Evidence) -> None:
    change(good, 1, phase="Failed", reason="Error", exit_code=7, attempt=1)
    good.marks.remove("job-retried.2")
    good.timelines["job-retried"] = ["Pending", "Running", "Failed"]
    assert found(good) == ["wrong"]


def test_a_retry_after_a_success_is_wrong(good: Evidence) -> None:
    planned = replace(RETRIED, codes=(0, 0))
    assert [fault.kind for fault in judge((planned,), good)] == ["wrong"]
    good.killed.add(("job-retried", 1))
    assert judge((planned,), good) == []


def test_an_unknown_exit_code_is_right_only_if_the_supervisor_was_killed(good: Evidence) -> None:
    change(good, 0, reason="ExitUnknown", exit_code=None)
    good.killed.add(("job-plain", 1))
    assert found(good) == []
    good.logs[("job-plain", 1)] = b""  # its log is whole all the same
    assert found(good) == ["wrong"]


@pytest.mark.parametrize("log", [b"", PLAIN.log(1)[:-1], PLAIN.log(1) + b"more\n", PLAIN.log(2)])
def test_a_log_that_is_not_whole_is_wrong(good: Evidence, log: bytes) -> None:
    good.logs[("job-plain", 1)] = log
    assert found(good) == ["wrong"]


def test_a_cancelled_log_must_be_a_beginning(good: Evidence) -> None:
    good.logs[("job-cancelled", 1)] = b"something else"
    assert found(good) == ["wrong"]


@pytest.mark.parametrize(
    "kept", [{}, {"1": PLAIN.kept(1)["1"]}, PLAIN.kept(2), {**PLAIN.kept(1), "3": b""}, {"1": b"", "2": b""}]
)
def test_artifacts_that_are_not_whole_or_too_many_are_wrong(good: Evidence, kept: dict[str, bytes]) -> None:
    good.artifacts[("job-plain", 1)] = kept
    assert found(good) == ["wrong"]


def test_artifacts_of_a_cancelled_job_are_its_own(good: Evidence) -> None:
    good.artifacts[("job-cancelled", 1)] = {"1": b"something else"}
    assert found(good) == ["wrong"]


def test_a_timeline_that_ends_twice_is_wrong(good: Evidence) -> None:
    good.timelines["job-plain"] = ["Pending", "Failed", "Running", "Failed"]
    assert found(good) == ["wrong"]


def test_what_is_held_or_left_over_is_wrong(good: Evidence) -> None:
    good.held = "default holds 1000 cpu"
    good.left = ["sleep 900"]
    assert found(good) == ["wrong", "wrong"]


def test_the_same_seed_plans_the_same() -> None:
    assert plan(1, 2) == plan(1, 2)
    assert plan(1, 2) != plan(1, 3)


def test_a_plan_has_every_kind_of_job() -> None:
    jobs = [job for number in range(3) for job in plan(1, number).jobs]
    assert len(jobs) == 3 * JOBS
    assert {job.surface for job in jobs} == {"socket", "jupyter", "cli"}
    assert any(job.cancelled for job in jobs)
    assert any(job.retries for job in jobs)
    assert len({job.name for job in jobs}) == len(jobs)


def run(planned: PlannedJob, marks: Path, attempt: int) -> subprocess.CompletedProcess[bytes]:
    artifacts = marks.parent / f"artifacts-{attempt}"
    artifacts.mkdir(exist_ok=True)
    variables = {"MARKS": str(marks), "JOBSUB_JOB_ID": "job-a", "JOBSUB_ATTEMPT": str(attempt)}
    variables["JOBSUB_ARTIFACTS"] = str(artifacts)
    environment = {"PATH": "/usr/bin:/bin", **variables}
    return subprocess.run(["sh", "-c", planned.command()], env=environment, capture_output=True)


def test_the_command_does_what_the_plan_says(tmp_path: Path) -> None:
    planned, marks = replace(RETRIED, seconds=0), tmp_path / "marks"
    marks.mkdir()
    for attempt in (1, 2, 3):
        done = run(planned, marks, attempt)
        assert (done.returncode, done.stdout) == (planned.code(attempt), planned.log(attempt))
        written = {path.name: path.read_bytes() for path in (tmp_path / f"artifacts-{attempt}").iterdir()}
        assert planned.kept(attempt).items() < written.items()
    assert {path.name for path in marks.iterdir()} == {"job-a.1", "job-a.2", "job-a.3"}


def test_the_command_tells_of_a_second_run(tmp_path: Path) -> None:
    planned, marks = replace(PLAIN, seconds=0), tmp_path / "marks"
    marks.mkdir()
    run(planned, marks, 1)
    assert run(planned, marks, 1).returncode == 99
    assert any(".again." in path.name for path in marks.iterdir())


def test_a_job_whose_pod_was_deleted_may_have_ended_before_it_was_cancelled(good: Evidence) -> None:
    change(good, 2, phase="Failed", reason="Error", exit_code=143)
    good.timelines["job-cancelled"][-1] = "Failed"
    assert found(good) == ["wrong"]
    good.deleted.add(("job-cancelled", 1))
    assert found(good) == []


def test_a_pod_that_was_deleted_may_end_in_any_way_but_not_run_twice(good: Evidence) -> None:
    good.deleted.add(("job-plain", 1))
    change(good, 0, reason="Error", exit_code=143)
    good.logs["job-plain", 1] = PLAIN.log(1)[:20]
    good.artifacts["job-plain", 1] = {}
    assert found(good) == []
    good.logs["job-plain", 1] = b"of another job"
    assert found(good) == ["wrong"]
    good.logs["job-plain", 1] = b""
    good.marks.add("job-plain.1.again.7")
    assert found(good) == ["twice"]
