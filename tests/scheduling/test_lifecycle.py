"""Every move of the phase table, and that finals never change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_jobsub.model.job import Intent, Job, JobId, Micros, Phase, Reason, TaskKey, UserName
from jupyter_jobsub.model.observation import Ended, Reachable, Started, Waiting
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec
from jupyter_jobsub.scheduling import lifecycle

ID = JobId("job-20261121-aaaaaaaa")
NOW = Micros(10**15)


def pending(retries: int = 0, intent: Intent = Intent.RUN) -> Job:
    spec = JobSpec(name="x", group="g", command="true", retries=retries)
    return Job(ID, UserName("bob"), spec, Resources(cpu=1000), NOW, intent=intent, intent_by="bob")


def preparing(**more: int) -> Job:
    return lifecycle.admitted(pending(**more), NOW)


def running(**more: int) -> Job:
    job = preparing(**more)
    return lifecycle.observed(job, Started(job.tasks[0].key, NOW, "here"), NOW)


def end(job: Job, code: int | None, reason: Reason) -> Job:
    key = job.tasks[0].key
    return lifecycle.observed(job, Ended(key, Micros(NOW + 5), code, reason, "msg"), Micros(NOW + 9))


def wish(job: Job, intent: Intent) -> Job:
    return lifecycle.wanted(replace(job, intent=intent, intent_by="eve"), NOW)


def test_admitted_holds_what_was_asked_and_counts_the_attempt() -> None:
    job = preparing()
    assert (job.phase, job.attempt, job.hold) == (Phase.PREPARING, 1, Resources(cpu=1000))
    assert [task.key for task in job.tasks] == [TaskKey(ID, 1, "main", 0)]


def test_started_runs() -> None:
    job = running()
    assert (job.phase, job.reason, job.started_at) == (Phase.RUNNING, Reason.STARTED, NOW)


@pytest.mark.parametrize(
    ("code", "reason", "phase"),
    [
        (0, Reason.COMPLETED, Phase.SUCCEEDED),
        (3, Reason.ERROR, Phase.FAILED),
        (None, Reason.EXIT_UNKNOWN, Phase.FAILED),
        (143, Reason.DEADLINE_EXCEEDED, Phase.FAILED),
        (143, Reason.HALTED, Phase.FAILED),  # from outside: nobody of ours asked for it
    ],
)
def test_ends(code: int | None, reason: Reason, phase: Phase) -> None:
    for job in (preparing(), running()):
        done = end(job, code, reason)
        assert (done.phase, done.exit_code, done.reason, done.hold) == (phase, code, reason, None)
        assert done.finished_at == NOW + 5


def test_a_failure_spends_a_retry_and_keeps_the_place() -> None:
    job = end(running(retries=1), 3, Reason.ERROR)
    assert (job.phase, job.failures, job.hold, job.queued_at) == (Phase.PENDING, 1, None, NOW)
    assert job.message == "attempt 1 failed (exit code 3: msg); retry 1 of 1"
    again = lifecycle.admitted(job, NOW)
    assert again.attempt == 2
    assert end(again, 4, Reason.ERROR).phase is Phase.FAILED


LOST = "its node does not answer: it may still run there"
NOBODY = (None, Reason.HALTED)


@pytest.mark.parametrize(
    ("job", "end", "phase", "message"),
    [
        (wish(running(), Intent.CANCEL), NOBODY, Phase.CANCELLED, "cancelled by eve"),
        (wish(running(), Intent.PAUSE), NOBODY, Phase.PAUSED, "paused by eve"),
        (lifecycle.preempted(running(), JobId("job-b")), NOBODY, Phase.PENDING, "made room for job-b"),
        (
            running(retries=1),
            (None, Reason.HOST_LOST),
            Phase.PENDING,
            "attempt 1 failed (HostLost: no word); retry 1 of 1",
        ),
        (running(), (None, Reason.HOST_LOST), Phase.FAILED, "no word"),
        (running(), (0, Reason.COMPLETED), Phase.SUCCEEDED, "no word"),
    ],
)
def test_what_was_lost_or_may_still_run_is_said_however_it_ends(
    job: Job, end: tuple[int | None, Reason], phase: Phase, message: str
) -> None:
    done = lifecycle.observed(job, Ended(job.tasks[0].key, NOW, *end, "no word", LOST), NOW)
    assert (done.phase, done.message) == (phase, f"{message}; {LOST}")


def test_what_may_still_run_of_a_paused_job_is_said_when_it_is_cancelled() -> None:
    job = wish(running(), Intent.PAUSE)
    paused = lifecycle.observed(job, Ended(job.tasks[0].key, NOW, None, Reason.HALTED, "", LOST), NOW)
    assert wish(paused, Intent.CANCEL).message == f"cancelled by eve; {LOST}"


def test_a_jobs_own_words_are_kept_as_plain_text() -> None:
    job = running()
    words = "\x1b]7717;0.5;half\x07\x1b[31mcell 3\x1b[0m\n\tfailed\x9b2J\x00"
    done = lifecycle.observed(job, Ended(job.tasks[0].key, NOW, 1, Reason.ERROR, words), NOW)
    assert done.message == done.tasks[0].message == "cell 3\n\tfailed 2J"


def test_cancel_waits_for_the_engine() -> None:
    job = wish(running(), Intent.CANCEL)
    assert (job.phase, job.reason) == (Phase.RUNNING, Reason.CANCELLING)
    assert job.hold is not None
    assert lifecycle.stopping(job)
    done = end(job, 143, Reason.HALTED)
    assert (done.phase, done.message, done.hold) == (Phase.CANCELLED, "cancelled by eve", None)


def test_cancel_of_a_failure_spends_no_retry() -> None:
    assert end(wish(running(retries=5), Intent.CANCEL), 1, Reason.ERROR).phase is Phase.CANCELLED


def test_success_beats_a_cancel_that_came_too_late() -> None:
    assert end(wish(running(), Intent.CANCEL), 0, Reason.COMPLETED).phase is Phase.SUCCEEDED


def test_cancel_of_a_waiting_or_paused_job_is_immediate() -> None:
    assert wish(pending(), Intent.CANCEL).phase is Phase.CANCELLED
    assert wish(wish(pending(), Intent.PAUSE), Intent.CANCEL).phase is Phase.CANCELLED


def test_pause_and_resume() -> None:
    paused = end(wish(running(), Intent.PAUSE), 143, Reason.HALTED)
    assert (paused.phase, paused.hold, paused.failures) == (Phase.PAUSED, None, 0)
    back = wish(paused, Intent.RUN)
    assert (back.phase, back.reason, back.queued_at) == (Phase.PENDING, Reason.RESUMED, NOW)
    assert lifecycle.admitted(back, NOW).attempt == 2


@pytest.mark.parametrize(
    ("job", "intent", "reason"),
    [
        (pending(), Intent.RUN, Reason.QUEUED),
        (pending(), Intent.CANCEL, Reason.CANCELLING),
        (pending(), Intent.PAUSE, Reason.PAUSING),
        (running(), Intent.RUN, Reason.STARTED),
        (running(), Intent.CANCEL, Reason.CANCELLING),
        (running(), Intent.PAUSE, Reason.PAUSING),
        (wish(pending(), Intent.PAUSE), Intent.PAUSE, Reason.PAUSED),
        (wish(pending(), Intent.PAUSE), Intent.RUN, Reason.RESUMING),
        (wish(pending(), Intent.PAUSE), Intent.CANCEL, Reason.CANCELLING),
        (wish(pending(), Intent.CANCEL), Intent.CANCEL, Reason.CANCELLED),
    ],
)
def test_what_was_asked_is_said_until_it_is_done(job: Job, intent: Intent, reason: Reason) -> None:
    said = lifecycle.asked(replace(job, intent=intent))
    assert (said.phase, said.reason) == (job.phase, reason)
    assert said.message == ("" if reason is not job.reason else job.message)


def test_requeue_backs_off_twice_as_long_each_time() -> None:
    job = preparing()
    pauses = []
    for _ in range(7):
        stopped = lifecycle.requeue(lifecycle.observed(job, Waiting(job.tasks[0].key, "no node fits"), NOW))
        assert stopped.phase is Phase.PREPARING
        assert lifecycle.stopping(stopped)
        waiting = lifecycle.observed(stopped, Ended(stopped.tasks[0].key, NOW, None, Reason.HALTED), NOW)
        assert (waiting.phase, waiting.reason, waiting.message) == (
            Phase.PENDING,
            Reason.BACK_OFF,
            "no node fits",
        )
        assert waiting.not_before is not None
        pauses.append((waiting.not_before - NOW) // lifecycle.SECOND)
        job = lifecycle.admitted(lifecycle.backed_off_enough(waiting), NOW)
    assert pauses == [30, 60, 120, 240, 480, 900, 900]
    assert job.failures == 0


def test_a_job_that_runs_is_not_requeued() -> None:
    job = running()
    assert lifecycle.requeue(job) is job


def test_lost_and_found() -> None:
    job = running()
    lost = lifecycle.observed(job, Reachable(job.tasks[0].key, False, "node n1 does not answer"), NOW)
    assert (lost.phase, lost.hold) == (Phase.UNKNOWN, job.hold)
    assert lifecycle.observed(lost, Reachable(job.tasks[0].key, True), NOW).phase is Phase.RUNNING


def test_facts_of_another_attempt_change_nothing() -> None:
    job = running()
    other = TaskKey(ID, 7)
    assert lifecycle.observed(job, Ended(other, NOW, 1, Reason.ERROR), NOW) is job


facts = st.sampled_from(
    ["start", "ok", "fail", "halted", "lost", "found", "late", "cancel", "pause", "run", "admit"]
)


@given(st.lists(facts, max_size=30), st.integers(0, 2))
def test_holds_end_with_the_tasks_and_finals_never_change(steps: list[str], retries: int) -> None:
    job = pending(retries=retries)
    for step in steps:
        before = job
        job = _apply(job, step)
        if before.phase.final:
            assert job is before
        assert (job.hold is not None) == job.phase.placed
        assert job.failures <= retries
        assert job.attempt >= before.attempt
        assert job.queued_at == before.queued_at
        assert (job.finished_at is not None) == job.phase.final


def _apply(job: Job, step: str) -> Job:
    key = job.tasks[0].key if job.tasks else TaskKey(ID, 0)
    if step in ("cancel", "pause", "run"):
        return job if job.phase.final else lifecycle.wanted(replace(job, intent=Intent(step)), NOW)
    if step == "admit":
        return lifecycle.admitted(job, NOW) if job.phase is Phase.PENDING else job
    if step == "late":
        return lifecycle.requeue(job)
    seen = {
        "start": Started(key, NOW),
        "ok": Ended(key, NOW, 0, Reason.COMPLETED),
        "fail": Ended(key, NOW, 1, Reason.ERROR),
        "halted": Ended(key, NOW, 143, Reason.HALTED),
        "lost": Reachable(key, False),
        "found": Reachable(key, True),
    }
    return lifecycle.observed(job, seen[step], NOW)


@pytest.mark.parametrize("astray", [-3_600_000_000, 0, 3_600_000_000])
def test_times_are_in_order_whatever_clock_tells_them(astray: int) -> None:
    job = lifecycle.admitted(pending(), Micros(NOW + astray))
    (task,) = job.tasks
    job = lifecycle.observed(job, Started(task.key, Micros(NOW - astray)), NOW)
    job = lifecycle.observed(job, Ended(task.key, Micros(NOW + astray), 0, Reason.COMPLETED), NOW)
    times = [time for time in (job.queued_at, job.admitted_at, job.started_at, job.finished_at) if time]
    assert len(times) == 4
    assert times == sorted(times)
