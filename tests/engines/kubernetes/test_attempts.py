"""What the tasks of an attempt have together goes with the last of them."""

from __future__ import annotations

from jupyter_jobsub.engines.kubernetes.attempts import Attempts
from jupyter_jobsub.model.job import JobId, TaskKey
from jupyter_jobsub.model.spec import JobSpec

GANG = JobSpec.model_validate(
    {"task_roles": [{"name": "a", "command": "x"}, {"name": "b", "tasks": 2, "command": "x"}]}
)
ALONE = JobSpec(command="x")
A, B0, B1 = (TaskKey(JobId("job-1"), 1, *task) for task in (("a", 0), ("b", 0), ("b", 1)))


def test_the_last_is_the_last_in_whatever_order() -> None:
    attempts = Attempts()
    for key in (A, B0, B1):
        attempts.begin(key, GANG)
    assert [attempts.leave(key) for key in (B1, A, B0)] == [False, False, True]
    plain = TaskKey(JobId("job-2"), 1)
    attempts.begin(plain, ALONE)
    assert attempts.leave(plain)


def test_those_who_are_yet_to_be_launched_are_waited_for() -> None:
    attempts = Attempts()
    attempts.begin(A, GANG)
    assert not attempts.leave(A)
    attempts.begin(B0, GANG)
    assert not attempts.leave(B0)
    assert attempts.leave(B1)


def test_who_was_settled_before_anything_was_launched_is_not_waited_for() -> None:
    attempts = Attempts()
    assert not attempts.leave(A)
    attempts.begin(B0, GANG)
    assert [attempts.leave(key) for key in (B0, B1)] == [False, True]


def test_who_could_not_be_let_go_of_is_the_last_when_it_can() -> None:
    attempts = Attempts()
    attempts.begin(A, GANG)
    assert [attempts.leave(key) for key in (A, B0, B1)] == [False, False, True]
    attempts.come_back(B1)
    attempts.come_back(A)
    assert [attempts.leave(key) for key in (B1, A)] == [False, True]


def test_attempts_and_jobs_are_apart() -> None:
    attempts = Attempts()
    again = TaskKey(A.job, 2, "a")
    for key in (A, again):
        attempts.begin(key, GANG)
    assert [attempts.leave(key) for key in (A, B0)] == [False, False]
    assert not attempts.leave(again)
    assert attempts.leave(B1)
    attempts.forget(A.job)
    attempts.begin(A, GANG)
    assert not attempts.leave(A)
