"""What a Pod says of its task, and how the task ended: pure functions of the Pod's JSON."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass

from ...model.job import Micros, Reason, TaskKey
from ...model.observation import Ended
from .containers import KEEPER, LOST_SIGHT, MAIN, Object, begun, condition, micros, state, terminated
from .disturbances import Disturbance, disturbance
from .entry import LATE
from .names import ENDED_BY, SAID, VOID
from .starting import Delay, delay, stuck, unstartable

HALT, DEADLINE, LAUNCH = "halt", "deadline", "launch"  # what a Pod was ended by
SECOND = 1_000_000
OUT_OF_SIGHT = "its node does not answer: it may still run there"
_OURS = (128 + signal.SIGTERM, 128 + signal.SIGKILL)


@dataclass(frozen=True)
class Exit:
    """How the command ended.

    Parameters
    ----------
    at, code:
        None if the node has lost sight of it.
    oom:
        Something of it was killed for lack of memory.
    message:
        Its last words.
    """

    at: Micros | None
    code: int | None
    oom: bool = False
    message: str = ""


@dataclass(frozen=True)
class Seen:
    """What a Pod says of its task.

    Parameters
    ----------
    scheduled, host:
        It has been given a node, and which.
    started_at:
        When its command was started; None if it never was.
    ended:
        How the command ended; None if it has not, or was never started.
    over:
        Nothing of the Pod runs any more.
    keeping:
        The command has ended, and what it has left waits to be collected.
    reachable:
        Its node answers.
    waiting, pulling:
        Why it does not start, for people, "" if there is nothing to say; that is because its image is being
        pulled.
    hopeless:
        Why it never will start, for people; "" if it may.
    ended_by:
        What we have ended it for: ``halt``, ``deadline``, ``launch`` (it never would start) or "".
    late:
        Its Pod has ended the command: because its time was over, or we have said so.
    void:
        It is a mark that this task must never run.
    deleting:
        Somebody has deleted it.
    disturbed:
        What else ended it from outside.
    stuck:
        Its command can't be started as it is, and what stands beside it waits for it.
    """

    scheduled: bool = False
    host: str = ""
    started_at: Micros | None = None
    ended: Exit | None = None
    over: bool = False
    keeping: bool = False
    reachable: bool = True
    waiting: str = ""
    pulling: bool = False
    hopeless: str = ""
    ended_by: str = ""
    late: bool = False
    void: bool = False
    deleting: bool = False
    disturbed: Disturbance = Disturbance()
    stuck: bool = False


def seen(pod: Object, events: Sequence[Object] = ()) -> Seen:
    """Read a Pod.

    Parameters
    ----------
    events:
        Those of the Pod that are known; they tell more of why it does not start.
    """
    metadata, told = pod["metadata"], terminated(pod, MAIN)
    annotations = metadata.get("annotations") or {}
    host = str(pod["spec"].get("nodeName") or "")
    started_at = begun(pod)
    over = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    why = Delay() if over or started_at is not None else delay(pod, events)
    return Seen(
        scheduled=bool(host),
        host=host,
        started_at=started_at,
        ended=_exit(told) if started_at is not None or told.get("reason") in LOST_SIGHT else None,
        over=over,
        keeping=bool(told) and "running" in state(pod, KEEPER) and not over,
        reachable=not _node_lost(pod),
        waiting=why.message,
        pulling=why.pulling,
        hopeless=annotations.get(SAID) or _hopeless(pod, why, over=over),
        stuck=stuck(pod),
        ended_by=annotations.get(ENDED_BY, ""),
        late=_late(pod) or terminated(pod, KEEPER).get("message", "").strip() == LATE,
        void=VOID in (metadata.get("labels") or {}),
        deleting="deletionTimestamp" in metadata,
        disturbed=disturbance(pod),
    )


def ended(
    key: TaskKey, last: Seen | None, *, gone: bool, halted: bool, deadline: float, now: Micros
) -> Ended:
    """Say how a task ended of which nothing is left.

    Parameters
    ----------
    last:
        What was seen of its Pod last; None if nobody has.
    gone:
        The Pod is not there any more.
    halted:
        It was asked to end; counts where the Pod vanished, else its own mark says so.
    deadline:
        Seconds, for the words.
    now:
        When it ended, if nobody knows better.
    """
    last = last or Seen()
    reason = _reason(last, gone and not last.over, halted)
    at, code, oom, own = now, None, False, ""
    if done := last.ended:
        at = now if done.at is None else Micros(max(done.at, last.started_at or 0))
        code, oom, own = done.code, done.oom, done.message
    explained = _explain(reason, last, deadline)
    message = "; ".join(filter(None, [own, explained])) if oom or last.disturbed.message else own or explained
    code = None if reason is Reason.LAUNCH_FAILED else code
    return Ended(key, at, code, reason, message, "" if last.reachable or last.over else OUT_OF_SIGHT)


def _reason(last: Seen, vanished: bool, halted: bool) -> Reason:
    disturbed = last.late or vanished or bool(last.disturbed.message) or _signalled(last)
    if last.void or (disturbed and last.ended_by == HALT) or (vanished and halted):
        return Reason.HALTED
    if last.ended_by == LAUNCH:
        return Reason.LAUNCH_FAILED
    if last.late or (disturbed and last.ended_by == DEADLINE):
        return Reason.DEADLINE_EXCEEDED
    if last.ended and last.ended.code is not None:
        completed = last.ended.code == 0 and not last.disturbed.message
        return Reason.COMPLETED if completed else Reason.ERROR
    if last.disturbed.lost or not last.reachable:
        return Reason.HOST_LOST
    if last.started_at is None and not last.ended and not vanished:
        return Reason.LAUNCH_FAILED
    return Reason.EXIT_UNKNOWN


def _signalled(last: Seen) -> bool:
    """Whether what we end was ended by a signal; its node may not have said yet that its time is over."""
    return bool(last.ended_by and last.ended and last.ended.code in _OURS)


def _explain(reason: Reason, last: Seen, deadline: float) -> str:
    if reason is Reason.HALTED:
        return ""
    if reason is Reason.DEADLINE_EXCEEDED:
        return f"ran longer than its deadline of {deadline:g} s"
    if last.disturbed.message or reason is Reason.LAUNCH_FAILED:
        early = "its Pod ended before the command was started; rerun the job"
        return last.hopeless or last.disturbed.message or early
    if reason is Reason.HOST_LOST:
        return "its Pod is gone, so nobody knows how it ended"
    if reason is Reason.EXIT_UNKNOWN:
        return "its Pod is gone or its node knows no more of it, so nobody knows how it ended"
    return _of_exit(last.ended) if last.ended else ""


def _of_exit(done: Exit) -> str:
    if done.oom and done.code == 0:
        return "a process of it was killed because it used more memory than the instance type has"
    if done.oom:
        return "it used more memory than its instance type has: choose a larger one, or use less"
    return say_signal(done.code or 0)


def say_signal(code: int) -> str:
    """Explain an exit code that stands for a signal; "" for any other."""
    try:
        name = signal.Signals(code - 128).name
    except ValueError:
        return ""
    hint = "; often that is the machine running out of memory" if name == "SIGKILL" else ""
    return f"ended by signal {code - 128} ({name}){hint}"


def _exit(told: Object) -> Exit | None:
    if not told:
        return None
    if told.get("reason") in LOST_SIGHT:
        return Exit(at=None, code=None)
    oom = told.get("reason") == "OOMKilled"
    return Exit(
        micros(told["finishedAt"]), int(told["exitCode"]), oom, str(told.get("message") or "").strip()
    )


def _hopeless(pod: Object, why: Delay, *, over: bool) -> str:
    """Why a Pod never will start; one that is over says why it did not."""
    why = unstartable(pod) if over else why
    return why.message if why.hopeless or over else ""


def _late(pod: Object) -> bool:
    """Whether the node ended the command because its time was over; it may have ended before by itself."""
    status, told = pod.get("status", {}), terminated(pod, MAIN)
    if status.get("reason") != "DeadlineExceeded":
        return False
    seconds = pod["spec"].get("activeDeadlineSeconds")
    if not told.get("finishedAt") or not seconds or not status.get("startTime"):
        return True
    return micros(told["finishedAt"]) >= micros(status["startTime"]) + int(seconds) * SECOND


def _node_lost(pod: Object) -> bool:
    """Whether somebody has taken back what the node said of a Pod: that all of it is ready."""
    return bool(
        pod.get("status", {}).get("phase") == "Running"
        and condition(pod, "Ready").get("status") == "False"
        and condition(pod, "ContainersReady").get("status") == "True"
    )
