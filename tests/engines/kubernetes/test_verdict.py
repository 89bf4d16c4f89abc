"""How tasks ended, from what their Pods say."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes.containers import micros
from jupyter_jobsub.engines.kubernetes.verdict import Seen, ended, seen
from jupyter_jobsub.model.job import JobId, Micros, Reason, TaskKey
from jupyter_jobsub.model.observation import Ended

KEY = TaskKey(JobId("job-1"), 1)
NOW = Micros(micros("2026-11-21T18:00:00Z"))
DEADLINE = 3600.0
STARTED, FINISHED = "2026-11-21T17:00:10Z", "2026-11-21T17:00:20Z"
Pod = dict[str, Any]
PARTS = {
    **dict.fromkeys(("labels", "annotations", "deletionTimestamp", "deletionGracePeriodSeconds"), "metadata"),
    "activeDeadlineSeconds": "spec",
}


def make(main: Any = None, keeper: Any = None, phase: str = "Running", **more: Any) -> Pod:
    """A Pod whose containers are in these states; ``more`` goes into metadata, spec or status."""
    names = {"main": main, "keeper": keeper}
    pod: Pod = {
        "metadata": {"name": "job-1"},
        "spec": {"nodeName": "node-1", "containers": [{"name": name, "image": "x:1"} for name in names]},
        "status": {
            "phase": phase,
            "startTime": "2026-11-21T17:00:08Z",
            "containerStatuses": [{"name": name, "state": state} for name, state in names.items() if state],
        },
    }
    for name, value in more.items():
        pod[PARTS.get(name, "status")][name] = value
    return pod


def running(at: str = STARTED) -> Pod:
    return {"running": {"startedAt": at}}


def exited(code: int, reason: str = "", **more: Any) -> Pod:
    told = {"exitCode": code, "reason": reason or ("Error" if code else "Completed")}
    return {"terminated": {**told, "startedAt": STARTED, "finishedAt": FINISHED, **more}}


def final(main: Any, phase: str = "Failed", **more: Any) -> Pod:
    return make(main, exited(0), phase, **more)


def target(reason: str) -> list[Pod]:
    return [{"type": "DisruptionTarget", "status": "True", "reason": reason}]


def judged(pod: Pod | None, *, gone: bool = False, halted: bool = False) -> Ended:
    return ended(KEY, pod and seen(pod), gone=gone, halted=halted, deadline=DEADLINE, now=NOW)


HALTED = {"annotations": {"jupyter-jobsub/ended-by": "halt"}}
AT_DEADLINE = {"annotations": {"jupyter-jobsub/ended-by": "deadline"}}
LATE = {"reason": "DeadlineExceeded", "activeDeadlineSeconds": 1}
# at 17:00:19
DELETED = {"deletionTimestamp": "2026-11-21T17:00:49Z", "deletionGracePeriodSeconds": 30}


ENDS = {
    "exit 0": (final(exited(0), "Succeeded"), 0, "Completed", ""),
    "ended by its own Pod": (
        make(exited(143), exited(0, message="deadline\n"), "Failed"),
        *(143, "DeadlineExceeded", "ran longer than its deadline of 3600 s"),
    ),
    "exit 3": (final(exited(3)), 3, "Error", ""),
    "last words": (final(exited(1, message="cell 3 failed\n")), 1, "Error", "cell 3 failed"),
    "a signal": (final(exited(139)), 139, "Error", "SIGSEGV"),
    "no signal": (final(exited(255)), 255, "Error", ""),
    "out of memory": (final(exited(137, "OOMKilled")), 137, "Error", "more memory than its instance type"),
    "out of memory, with last words": (
        final(exited(137, "OOMKilled", message="epoch 3")),
        *(137, "Error", "epoch 3; it used more memory"),
    ),
    "only a child out of memory": (
        final(exited(0, "OOMKilled"), "Succeeded"),
        *(0, "Completed", "a process of it was killed because it used more memory"),
    ),
    "halted": (final(exited(143), **HALTED, **LATE), 143, "Halted", ""),
    "halted, and said goodbye": (final(exited(3, message="bye"), **HALTED, **LATE), 3, "Halted", "bye"),
    "had ended when it was halted": (final(exited(5), **HALTED), 5, "Error", ""),
    "deadline": (final(exited(143), **AT_DEADLINE, **LATE), 143, "DeadlineExceeded", "deadline of 3600 s"),
    "deadline of the Pod, as nobody watched": (
        final(exited(143), reason="DeadlineExceeded", activeDeadlineSeconds=12),
        *(143, "DeadlineExceeded", "deadline of 3600 s"),
    ),
    "ended before the deadline of the Pod, which was not collected": (
        final(exited(0), reason="DeadlineExceeded", activeDeadlineSeconds=13),
        *(0, "Completed", ""),
    ),
    "halted before it started": (final(None, **HALTED, **LATE), None, "Halted", ""),
    "deleted by hand": (
        final(exited(143), **DELETED),
        *(143, "Error", "Pod was deleted"),
    ),
    "deleted by hand, and left with 0": (
        final(exited(0), "Succeeded", **DELETED),
        *(0, "Completed", ""),
    ),
    "deleted after its end": (
        final(exited(0), deletionTimestamp="2026-11-21T17:00:51Z", deletionGracePeriodSeconds=30),
        *(0, "Completed", ""),
    ),
    "evicted for memory": (
        final(
            exited(137),
            reason="Evicted",
            message="The node was low on resource: memory. Threshold quantity: 100Mi, available: 20Mi. ",
        ),
        *(137, "Error", "its node was short of memory"),
    ),
    "evicted before it started": (
        final(None, reason="Evicted", message="Pod was rejected: The node had condition: [DiskPressure]. "),
        *(None, "LaunchFailed", "DiskPressure"),
    ),
    "deleted by hand before it started": (final(None, **DELETED), None, "LaunchFailed", "was deleted"),
    "preempted, and left with 0": (
        final(exited(0), "Succeeded", conditions=target("PreemptionByScheduler"), **DELETED),
        *(0, "Error", "preempted"),
    ),
    "preempted": (
        final(exited(143), conditions=target("PreemptionByScheduler"), **DELETED),
        *(143, "Error", "preempted"),
    ),
    "drained": (
        final(exited(143), conditions=target("EvictionByEvictionAPI"), **DELETED),
        *(143, "Error", "drained"),
    ),
    "node shut down": (
        final(exited(143), reason="Terminated", conditions=target("TerminationByKubelet")),
        *(143, "Error", "shut down"),
    ),
    "node removed": (
        make(running(), running(), "Failed", conditions=target("DeletionByPodGC")),
        *(None, "HostLost", "its node is gone"),
    ),
    "node restarted": (final(exited(255, "Unknown")), None, "HostLost", "restarted"),
    "the node knows no more": (
        final(exited(137, "ContainerStatusUnknown", startedAt=None)),
        *(None, "ExitUnknown", "nobody knows"),
    ),
    "no shell": (
        final(
            exited(
                128,
                "StartError",
                startedAt="1970-01-01T00:00:00Z",
                message='exec: "sh": executable file not found in $PATH: unknown',
            )
        ),
        *(None, "LaunchFailed", "the image x:1 has no shell"),
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_how_a_task_ended(name: str) -> None:
    pod, code, reason, message = ENDS[name]
    found = judged(pod)
    assert (found.exit_code, found.reason) == (code, Reason(reason))
    assert message in found.message
    assert bool(message) == bool(found.message)


def test_an_end_has_its_own_time_or_else_now() -> None:
    assert judged(final(exited(0))).at == micros(FINISHED)
    assert judged(final(None, reason="Evicted")).at == NOW


GONE = {
    "never seen": (None, False, "ExitUnknown"),
    "never seen, and halted": (None, True, "Halted"),
    "while it ran": (make(running(), running()), False, "ExitUnknown"),
    "while it ran, halted": (make(running(), running()), True, "Halted"),
    "at its deadline": (make(running(), running(), **AT_DEADLINE), False, "DeadlineExceeded"),
    "after its end": (final(exited(0), "Succeeded"), True, "Completed"),
    "while its artifacts were collected": (make(exited(0), running()), False, "Completed"),
}


@pytest.mark.parametrize("name", GONE)
def test_a_pod_that_is_gone(name: str) -> None:
    pod, halted, reason = GONE[name]
    assert judged(pod, gone=True, halted=halted).reason is Reason(reason)


def unready(pod: Pod) -> Pod:
    conditions = [{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "True"}]
    return {**pod, "status": {**pod["status"], "conditions": conditions}}


def test_a_node_that_does_not_answer() -> None:
    assert seen(make(running(), running())).reachable
    lost = unready(make(running(), running()))
    assert not seen(lost).reachable
    assert seen(unready(final(exited(0)))).reachable, "what is over needs no node"
    for halted, reason in ((False, Reason.HOST_LOST), (True, Reason.HALTED)):
        ended = judged(lost, gone=True, halted=halted)
        assert (ended.reason, "may still run" in ended.note) == (reason, True)
    late = judged(unready(make(running(), running(), **AT_DEADLINE)), gone=True)
    assert (late.reason, "may still run" in late.note) == (Reason.DEADLINE_EXCEEDED, True)
    assert judged(make(running(), running()), gone=True, halted=True).note == ""


def test_what_is_seen_from_start_to_end() -> None:
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    placed = seen(make(waiting, waiting, "Pending"))
    assert placed == Seen(scheduled=True, host="node-1")
    assert seen(make(running(), running())).started_at == micros(STARTED)
    kept = seen(make(exited(4), running()))
    assert kept.keeping
    assert not kept.over
    assert kept.ended
    assert kept.ended.code == 4
    over = seen(final(exited(4)))
    assert over.over
    assert not over.keeping


def test_marks() -> None:
    assert seen(final(exited(143), **HALTED)).ended_by == "halt"
    assert seen(make(labels={"jupyter-jobsub/void": "true"})).void
    assert judged(make(labels={"jupyter-jobsub/void": "true"})).reason is Reason.HALTED
