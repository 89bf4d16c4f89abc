"""When the counts of its roles decide a job, and that no order of reports decides otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_jobsub.model.job import Intent, Job, JobId, Micros, Phase, Reason, TaskKey, UserName
from jupyter_jobsub.model.observation import Ended, Started
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec
from jupyter_jobsub.scheduling import lifecycle

ID = JobId("job-20261121-aaaaaaaa")
NOW = Micros(10**15)
LATER = Micros(NOW + 10**9)


def admitted(*roles: dict[str, Any], retries: int = 0) -> Job:
    """An attempt that was just admitted, of a job of these roles."""
    spec = JobSpec(
        name="x", group="g", task_roles=[{"command": "x", **role} for role in roles], retries=retries
    )
    return lifecycle.admitted(Job(ID, UserName("bob"), spec, Resources(cpu=1000), NOW), NOW)


def started(job: Job) -> Job:
    for task in job.tasks:
        job = lifecycle.observed(job, Started(task.key, NOW), NOW)
    return job


def end(job: Job, role: str, index: int, at: int, code: int | None = 0, reason: Reason | None = None) -> Job:
    reason = reason or (Reason.COMPLETED if code == 0 else Reason.ERROR)
    key = TaskKey(ID, job.attempt, role, index)
    return lifecycle.observed(job, Ended(key, Micros(NOW + at), code, reason), LATER)


def halt_rest(job: Job, at: int = 1000) -> Job:
    """Do what an engine does when it is told to halt."""
    for task in job.tasks:
        if task.finished_at is None:
            job = end(job, task.key.role, task.key.index, at, 143, Reason.HALTED)
    return job


SERVER = {"name": "server"}
CLIENTS = {"name": "client", "tasks": 2}


def test_it_runs_when_every_task_has_started() -> None:
    job = admitted(SERVER, CLIENTS)
    for task in job.tasks:
        assert job.phase is Phase.PREPARING
        job = lifecycle.observed(job, Started(task.key, NOW), NOW)
    assert job.phase is Phase.RUNNING


def test_one_failure_fails_the_job_and_ends_the_others() -> None:
    job = end(started(admitted(SERVER, CLIENTS)), "client", 1, 5, 3)
    assert (job.phase, job.reason) == (Phase.RUNNING, Reason.ENDING)
    assert lifecycle.stopping(job)
    assert "client 1 failed" in job.message
    job = halt_rest(job)
    assert (job.phase, job.reason, job.exit_code) == (Phase.FAILED, Reason.ERROR, 3)
    assert job.message == "client 1: exit code 3"
    assert (job.hold, job.finished_at) == (None, NOW + 1000)


def test_by_default_all_tasks_must_succeed() -> None:
    job = started(admitted(SERVER, CLIENTS))
    job = end(end(job, "client", 0, 1), "client", 1, 2)
    assert not lifecycle.stopping(job)
    job = end(job, "server", 0, 3)
    assert (job.phase, job.exit_code, job.message) == (Phase.SUCCEEDED, 0, "")


def test_enough_successes_end_the_job_and_what_is_halted_for_it_does_not_spoil_it() -> None:
    job = end(started(admitted(SERVER, CLIENTS | {"min_succeeded": 2})), "client", 0, 1)
    assert not lifecycle.stopping(job)
    job = end(job, "client", 1, 2)
    assert (job.phase, job.reason) == (Phase.RUNNING, Reason.ENDING)
    job = halt_rest(job)
    assert (job.phase, job.reason, job.exit_code) == (Phase.SUCCEEDED, Reason.COMPLETED, 0)
    assert [task.reason for task in job.tasks if task.key.role == "server"] == [Reason.HALTED]


def test_what_was_lost_of_its_tasks_is_said_once_for_all_of_whom_it_is_said() -> None:
    job = started(admitted(SERVER, {"name": "client", "tasks": 3, "min_succeeded": 1}))
    job = end(job, "client", 0, 1)
    for role, index, note in (("server", 0, "a"), ("client", 1, "b"), ("client", 2, "b")):
        ended = Ended(TaskKey(ID, 1, role, index), NOW, 143, Reason.HALTED, "its own words", note)
        job = lifecycle.observed(job, ended, LATER)
    assert (job.phase, job.message) == (Phase.SUCCEEDED, "server 0: a; 2 of 4 tasks: b")


def test_what_fails_after_the_decision_changes_nothing() -> None:
    job = end(started(admitted(SERVER, CLIENTS | {"min_succeeded": 1})), "client", 0, 5)
    job = end(job, "server", 0, 6, 1)  # it lost its client before it was told to end
    assert halt_rest(job).phase is Phase.SUCCEEDED


def test_what_ended_first_decides_also_if_it_is_heard_of_last() -> None:
    job = started(admitted(SERVER, CLIENTS | {"min_succeeded": 1}))
    job = end(end(end(job, "server", 0, 6, 1), "client", 1, 7, 143, Reason.HALTED), "client", 0, 5)
    assert job.phase is Phase.SUCCEEDED


def test_min_failed_tolerates_fewer() -> None:
    job = started(admitted({"name": "w", "tasks": 3, "min_failed": 2}))
    job = end(job, "w", 0, 1, 9)
    assert not lifecycle.stopping(job)
    assert end(job, "w", 1, 2, 8).reason is Reason.ENDING
    job = end(end(job, "w", 1, 2), "w", 2, 3)
    assert (job.phase, job.exit_code, job.message) == (Phase.SUCCEEDED, 0, "1 of 3 tasks failed")


def test_the_counts_of_one_role_are_not_those_of_another() -> None:
    job = started(
        admitted({"name": "a", "tasks": 2, "min_failed": 2}, {"name": "b", "tasks": 2, "min_failed": 2})
    )
    job = end(end(job, "a", 0, 1, 1), "b", 0, 2, 1)
    assert not lifecycle.stopping(job)
    assert halt_rest(end(job, "b", 1, 3, 7)).exit_code == 7


def test_without_min_failed_the_job_succeeds_whatever_fails() -> None:
    job = started(admitted({"name": "w", "tasks": 2, "min_failed": None, "min_succeeded": 2}))
    job = end(end(job, "w", 0, 1, 4), "w", 1, 2, 5)
    assert (job.phase, job.reason, job.exit_code) == (Phase.SUCCEEDED, Reason.COMPLETED, 5)
    assert job.message == "2 of 2 tasks failed"


def test_too_few_successes_at_the_end_fail_the_job() -> None:
    job = started(admitted({"name": "w", "tasks": 3, "min_failed": 3, "min_succeeded": 2}))
    job = end(end(end(job, "w", 0, 1, 4), "w", 1, 2, 5), "w", 2, 3)
    assert (job.phase, job.exit_code, job.message) == (Phase.FAILED, 5, "w 1: exit code 5")


@pytest.mark.parametrize("reason", [Reason.LAUNCH_FAILED, Reason.DEADLINE_EXCEEDED])
def test_a_gang_that_is_not_whole_or_whose_time_is_over_fails_whatever_the_counts(reason: Reason) -> None:
    job = admitted(SERVER | {"min_failed": None}, CLIENTS | {"min_failed": None})
    job = end(job, "client", 0, 1, None, reason)
    assert lifecycle.stopping(job)
    job = halt_rest(job)
    assert (job.phase, job.reason, job.message) == (Phase.FAILED, reason, f"client 0: {reason.value}")


def test_a_retry_begins_the_whole_attempt_again() -> None:
    job = halt_rest(end(started(admitted(SERVER, CLIENTS, retries=1)), "server", 0, 1, 3))
    assert (job.phase, job.failures) == (Phase.PENDING, 1)
    assert "retry 1 of 1" in job.message
    job = lifecycle.admitted(job, LATER)
    assert {task.key.attempt for task in job.tasks} == {2}
    assert all(task.started_at is None and task.finished_at is None for task in job.tasks)


def test_a_cancelled_gang_is_cancelled_whichever_tasks_had_succeeded() -> None:
    job = end(started(admitted(SERVER, CLIENTS)), "client", 0, 1)
    job = lifecycle.wanted(replace(job, intent=Intent.CANCEL, intent_by="eve"), NOW)
    assert halt_rest(job).phase is Phase.CANCELLED


def paused(job: Job) -> Job:
    return lifecycle.wanted(replace(job, intent=Intent.PAUSE, intent_by="eve"), NOW)


@pytest.mark.parametrize(
    ("stop", "phase", "reason"),
    [
        (paused, Phase.PAUSED, Reason.PAUSED),
        (lambda job: lifecycle.preempted(job, JobId("job-2")), Phase.PENDING, Reason.QUEUED),
    ],
)
def test_a_task_that_fails_because_its_gang_is_being_stopped_fails_nothing(
    stop: Callable[[Job], Job], phase: Phase, reason: Reason
) -> None:
    job = stop(started(admitted(SERVER, CLIENTS, retries=1)))
    job = end(end(job, "server", 0, 1, 143, Reason.HALTED), "client", 0, 2, 1)  # its connection was lost
    job = halt_rest(job)
    assert (job.phase, job.reason, job.failures, job.hold) == (phase, reason, 0, None)


# any order of ends and reports


@dataclass(frozen=True)
class End:
    """How a task would end by itself."""

    role: str
    index: int
    at: int
    code: int


@st.composite
def gangs(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[End]]:
    roles: list[dict[str, Any]] = []
    ends: list[End] = []
    for name in draw(st.sampled_from([["a"], ["a", "b"], ["b", "a", "c"]])):
        tasks = draw(st.integers(1, 4))
        count = st.none() | st.integers(1, tasks)
        roles.append({"name": name, "tasks": tasks, "min_failed": draw(count), "min_succeeded": draw(count)})
        ends += [
            End(name, i, draw(st.integers(1, 6)), draw(st.sampled_from([0, 0, 1, 2]))) for i in range(tasks)
        ]
    return roles, ends


def expected(roles: list[dict[str, Any]], ends: list[End]) -> tuple[Phase, int]:
    """The rule as the document has it, told in another way: look at each moment in turn."""
    counts = {role["name"]: role for role in roles}
    ordered = sorted(ends, key=lambda end: (end.at, end.role, end.index))
    for number, last in enumerate(ordered, 1):
        alike = [e for e in ordered[:number] if e.role == last.role and (e.code == 0) == (last.code == 0)]
        if len(alike) == counts[last.role]["min_failed" if last.code else "min_succeeded"]:
            return (Phase.FAILED if last.code else Phase.SUCCEEDED), last.code
    short = [
        e
        for e in ordered
        if e.code and None not in (counts[e.role]["min_failed"], counts[e.role]["min_succeeded"])
    ]
    if short:
        return Phase.FAILED, short[-1].code
    return Phase.SUCCEEDED, min(e.code for e in ordered) and ordered[-1].code


@settings(deadline=None)
@given(gangs(), st.data())
def test_any_order_of_reports_comes_to_the_same_end(
    gang: tuple[list[dict[str, Any]], list[End]], data: st.DataObject
) -> None:
    roles, ends = gang
    job = started(admitted(*roles))
    for each in data.draw(st.permutations(ends)):
        job = end(job, each.role, each.index, each.at, each.code)
        assert (job.hold is not None) == job.phase.placed
    assert (job.phase, job.exit_code) == expected(roles, ends)


@settings(deadline=None)
@given(gangs())
def test_what_is_halted_as_soon_as_it_is_decided_ends_as_if_it_had_been_left_alone(
    gang: tuple[list[dict[str, Any]], list[End]],
) -> None:
    roles, ends = gang
    job = started(admitted(*roles))
    for each in sorted(ends, key=lambda one: (one.at, one.role, one.index)):
        if lifecycle.stopping(job):
            break
        job = end(job, each.role, each.index, each.at, each.code)
    job = halt_rest(job)
    assert (job.phase, job.exit_code) == expected(roles, ends)
