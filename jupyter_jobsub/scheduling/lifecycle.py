"""How a job moves from phase to phase: pure functions from a job and a fact to the job after it.

The same for every engine. A function that has nothing to change answers the job it was given,
so that `before is after` means that there is nothing to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..model.job import Intent, Job, JobId, Micros, Phase, Reason, Task, TaskKey
from ..model.observation import Ended, Observation, Reachable, Started, Waiting
from ..model.plain import plain
from .gang import decide

SECOND = 1_000_000  # µs
BACK_OFF_FIRST = 30 * SECOND
BACK_OFF_MOST = 15 * 60 * SECOND

_ENDING = {Intent.CANCEL: Reason.CANCELLING, Intent.PAUSE: Reason.PAUSING}
_OF_PAUSED = {Intent.CANCEL: Reason.CANCELLING, Intent.RUN: Reason.RESUMING}
_STOPPED = frozenset({*_ENDING.values(), Reason.PREEMPTING, Reason.REQUEUING, Reason.ENDING})


def admitted(job: Job, now: Micros) -> Job:
    """Begin an attempt: from here on the job holds what it asked for."""
    attempt = job.attempt + 1
    keys = [TaskKey(job.id, attempt, role, i) for role, tasks in job.spec.roles.items() for i in range(tasks)]
    return replace(
        job,
        phase=Phase.PREPARING,
        reason=Reason.STARTING,
        message="",
        attempt=attempt,
        hold=job.request,
        not_before=None,
        admitted_at=_not_before(job.queued_at, now),
        started_at=None,
        exit_code=None,
        tasks=tuple(Task(key) for key in keys),
    )


def asked(job: Job) -> Job:
    """Say in its reason what its person wants of a job, until that is done."""
    reason = (_OF_PAUSED if job.phase is Phase.PAUSED else _ENDING).get(job.intent)
    if reason is None or reason is job.reason or job.phase.final:
        return job
    return replace(job, reason=reason, message="")


def wanted(job: Job, now: Micros) -> Job:
    """Act on what its person wants, as far as that needs no engine."""
    if job.phase.final:
        return job
    if job.phase.placed:
        return asked(job)
    if job.intent is Intent.CANCEL:
        return _with_notes(_cancelled(job, now))
    if job.intent is Intent.PAUSE and job.phase is Phase.PENDING:
        return _paused(job)
    if job.intent is Intent.RUN and job.phase is Phase.PAUSED:
        return replace(job, phase=Phase.PENDING, reason=Reason.RESUMED, message="", not_before=None)
    return job


def requeue(job: Job) -> Job:
    """Give up on a start that took too long: once halted it goes back to its place."""
    if job.phase is not Phase.PREPARING or stopping(job):
        return job
    return replace(job, reason=Reason.REQUEUING, message=job.message or "did not start in time")


def preempted(job: Job, waiter: JobId) -> Job:
    """Have a job make room for another: once halted it goes back to its place."""
    if not job.phase.placed or stopping(job):
        return job
    return replace(job, reason=Reason.PREEMPTING, message=f"makes room for {waiter}")


def backed_off_enough(job: Job) -> Job:
    """End a back-off: the job may start again from its place."""
    if job.phase is not Phase.PENDING or job.not_before is None:
        return job
    return replace(job, reason=Reason.QUEUED, not_before=None)


def back_off(job: Job) -> int:
    """How long a job waits that has not started in time so many times in a row, in microseconds."""
    return min(BACK_OFF_FIRST << min(job.requeues - 1, 16), BACK_OFF_MOST)


def stopping(job: Job) -> bool:
    """Say whether its tasks are being ended, so that the engine must be told to halt them."""
    return job.phase.placed and job.reason in _STOPPED


def archived(job: Job, kept_bytes: int, note: str) -> Job:
    """Say of a job that ends an attempt what is kept of it, and what of its artifacts is not."""
    return replace(_adding(job, note), kept_bytes=kept_bytes if job.phase.final else None)


def unended(job: Job) -> list[TaskKey]:
    """The tasks of this attempt of which something may be left."""
    return [task.key for task in job.tasks if task.finished_at is None] if job.phase.placed else []


def ended(job: Job) -> frozenset[TaskKey]:
    """The tasks of this attempt of which nothing is left."""
    return frozenset(task.key for task in job.tasks if task.finished_at is not None)


def observed(job: Job, fact: Observation, now: Micros) -> Job:
    """Take in what the engine saw; facts of other attempts, or known ones, change nothing."""
    if not job.phase.placed or all(task.key != fact.key for task in job.tasks):
        return job
    if isinstance(fact, Started):
        return _started(job, fact)
    if isinstance(fact, Ended):
        return _ended(job, fact, now)
    if isinstance(fact, Reachable):
        return _reached(job, fact)
    return _waiting(job, fact)


def _waiting(job: Job, fact: Waiting) -> Job:
    if job.phase is not Phase.PREPARING or job.message == fact.message or stopping(job):
        return job
    return replace(job, message=fact.message)


def _reached(job: Job, fact: Reachable) -> Job:
    phase = Phase.RUNNING if job.started_at else Phase.PREPARING
    phase = phase if fact.reachable else Phase.UNKNOWN
    return job if phase is job.phase else replace(job, phase=phase, message=fact.message)


def _started(job: Job, fact: Started) -> Job:
    task = _task(job, fact.key)
    if task.started_at is not None:
        return job
    at = _not_before(job.admitted_at, fact.at)
    job = _with(job, replace(task, started_at=at, host=fact.host))
    if job.phase is not Phase.PREPARING or any(task.started_at is None for task in job.tasks):
        return job
    job = replace(job, phase=Phase.RUNNING, started_at=at, requeues=0)
    return job if stopping(job) else replace(job, reason=Reason.STARTED, message="")


def _ended(job: Job, fact: Ended, now: Micros) -> Job:
    task = _task(job, fact.key)
    if task.finished_at is not None:
        return job
    at = _not_before(task.started_at or job.admitted_at, fact.at)
    job = _with(
        job,
        replace(
            task,
            finished_at=at,
            exit_code=fact.exit_code,
            reason=_why(job, fact),
            message=plain(fact.message),  # it may be the job's own words
            note=fact.note,
        ),
    )
    return _decided(job) if unended(job) else _with_notes(_outcome(job, now))


def _why(job: Job, fact: Ended) -> Reason:
    """Why a task ended; one that fails while its gang is being stopped has lost those it worked with."""
    stopped = stopping(job) and job.reason is not Reason.ENDING and len(job.tasks) > 1
    return Reason.HALTED if stopped and fact.reason is not Reason.COMPLETED else fact.reason


def _decided(job: Job) -> Job:
    """Have the others halted as soon as a task has decided how the attempt ends."""
    decision = None if stopping(job) else decide(job.spec, job.tasks)
    if decision is None:
        return job
    how = "succeeded" if decision.succeeded else "failed"
    return replace(job, reason=Reason.ENDING, message=f"{_name(decision.by)} {how}: the others are ended")


def _outcome(job: Job, now: Micros) -> Job:
    """Decide what becomes of a job of which nothing is left."""
    decision = decide(job.spec, job.tasks)
    if decision and decision.succeeded:
        return _final(job, Phase.SUCCEEDED, decision.by, now)
    if job.intent is Intent.CANCEL:
        return _cancelled(job, now)
    failed = decision.by if decision else None
    if failed and job.failures >= job.spec.retries:
        return _final(job, Phase.FAILED, failed, now)
    job = replace(job, hold=None, failures=job.failures + bool(failed))
    if job.intent is Intent.PAUSE:
        return _paused(job)
    if failed:
        return _pending(job, Reason.RETRYING, _retry_message(job, failed))
    if job.reason is Reason.REQUEUING:
        return _backed_off(job, now)
    if job.reason is Reason.PREEMPTING:
        return _pending(job, Reason.QUEUED, job.message.replace("makes", "made", 1))
    return _final(job, Phase.FAILED, job.tasks[0], now)


def _with_notes(job: Job) -> Job:
    """Say of an attempt that has ended, however that was, what of it was lost or may still run."""
    noted: dict[str, list[Task]] = {}
    for task in job.tasks:
        if task.note:
            noted.setdefault(task.note, []).append(task)
    return _adding(job, "; ".join(f"{_whose(job, tasks)}{note}" for note, tasks in noted.items()))


def _whose(job: Job, tasks: Sequence[Task]) -> str:
    """Name the tasks of a gang of which the same is to be said, or their number."""
    if len(job.tasks) == 1:
        return ""
    return f"{_name(tasks[0])}: " if len(tasks) == 1 else f"{len(tasks)} of {len(job.tasks)} tasks: "


def _adding(job: Job, note: str) -> Job:
    return replace(job, message="; ".join(filter(None, [job.message, note])))


def _retry_message(job: Job, failed: Task) -> str:
    return f"attempt {job.attempt} failed ({_how(failed)}); retry {job.failures} of {job.spec.retries}"


def _not_before(earlier: Micros | None, at: Micros) -> Micros:
    """Keep times in their order, whatever the clocks of machines and of earlier services said."""
    return Micros(max(earlier or 0, at))


def _final(job: Job, phase: Phase, by: Task, now: Micros) -> Job:
    succeeded = phase is Phase.SUCCEEDED
    return replace(
        job,
        phase=phase,
        reason=Reason.COMPLETED if succeeded else by.reason or Reason.ERROR,
        message=by.message if len(job.tasks) == 1 else _of_all(job) if succeeded else _of_one(by),
        exit_code=by.exit_code,
        hold=None,
        finished_at=max((t.finished_at for t in job.tasks if t.finished_at is not None), default=now),
    )


def _of_all(job: Job) -> str:
    failures = sum(task.reason not in (Reason.COMPLETED, Reason.HALTED) for task in job.tasks)
    return f"{failures} of {len(job.tasks)} tasks failed" if failures else ""


def _of_one(task: Task) -> str:
    return f"{_name(task)}: {_how(task)}"


def _name(task: Task) -> str:
    return f"{task.key.role} {task.key.index}"


def _how(task: Task) -> str:
    reason = task.reason.value if task.reason else ""
    how = reason if task.exit_code is None else f"exit code {task.exit_code}"
    return f"{how}: {task.message}" if task.message else how


def _cancelled(job: Job, now: Micros) -> Job:
    code = next((t.exit_code for t in job.tasks if t.exit_code is not None), None)
    message = f"cancelled by {job.intent_by}" if job.intent_by else ""
    return replace(
        job,
        phase=Phase.CANCELLED,
        reason=Reason.CANCELLED,
        message=message,
        exit_code=code if job.phase.placed else None,
        hold=None,
        finished_at=_not_before(job.started_at or job.queued_at, now),
    )


def _paused(job: Job) -> Job:
    message = f"paused by {job.intent_by}" if job.intent_by else ""
    return replace(
        job,
        phase=Phase.PAUSED,
        reason=Reason.PAUSED,
        message=message,
        hold=None,
        started_at=None,
        not_before=None,
    )


def _pending(job: Job, reason: Reason, message: str) -> Job:
    return replace(job, phase=Phase.PENDING, reason=reason, message=message, hold=None, started_at=None)


def _backed_off(job: Job, now: Micros) -> Job:
    job = replace(_pending(job, Reason.BACK_OFF, job.message), requeues=job.requeues + 1)
    return replace(job, not_before=Micros(now + back_off(job)))


def _task(job: Job, key: TaskKey) -> Task:
    return next(task for task in job.tasks if task.key == key)


def _with(job: Job, task: Task) -> Job:
    tasks: Sequence[Task] = [task if t.key == task.key else t for t in job.tasks]
    return replace(job, tasks=tuple(tasks))
