"""What a cluster or a person did to a Pod that would have run on, in words."""

from __future__ import annotations

from dataclasses import dataclass

from .containers import MAIN, RESTARTED, Object, condition, micros, terminated

SECOND = 1_000_000

_BY_REASON = {
    "PreemptionByScheduler": "the cluster has preempted its Pod for one of a higher priority class",
    "DeletionByTaintManager": "its node was tainted, so the cluster ended its Pod",
    "EvictionByEvictionAPI": "its Pod was evicted, as when a node is drained",
    "DeletionByPodGC": "its node is gone, so nobody knows how it ended",
    "Terminated": "its node was shut down",
    "NodeShutdown": "its node was shut down",
    "Preempting": "its node needed the room for a Pod that the node itself depends on",
}
_LOST = {"DeletionByPodGC"}
_SHORT_OF = {
    "memory": "its node was short of memory: choose an instance type with as much as it uses, then rerun it",
    "ephemeral-storage": "its node was short of disk space: leave less in /home/jovyan and /tmp, use the"
    " group's volume, then rerun it",
}
_DELETED = "its Pod was deleted from the cluster"
_KILLED = (137, 143)  # by KILL, by TERM
_OVER_LIMIT = "it wrote more to its own disk than it may: use the group's volume, then rerun it"


@dataclass(frozen=True)
class Disturbance:
    """What was done, for people; and whether the node itself is lost."""

    message: str = ""
    lost: bool = False


def disturbance(pod: Object) -> Disturbance:
    """Find what ended a Pod from outside; a deadline is not such."""
    status = pod.get("status", {})
    reason = str(status.get("reason", ""))
    if reason == "Evicted":
        return Disturbance(_evicted(str(status.get("message", ""))))
    target = str(condition(pod, "DisruptionTarget").get("reason", ""))
    for each in (target, reason):
        if each in _BY_REASON and not _ended_before(pod):
            return Disturbance(_BY_REASON[each], each in _LOST)
    if terminated(pod, MAIN).get("reason") == RESTARTED:
        return Disturbance("its node was restarted while it ran", lost=True)
    by_itself = _ended_before(pod) or terminated(pod, MAIN).get("exitCode") == 0
    if "deletionTimestamp" in pod["metadata"] and not by_itself:
        return Disturbance(_DELETED)
    return Disturbance()


def _evicted(message: str) -> str:
    low = next((text for name, text in _SHORT_OF.items() if f"low on resource: {name}" in message), "")
    if low:
        return low
    if "exceeds the limit" in message or "exceeded its local ephemeral storage" in message:
        return _OVER_LIMIT
    return f"its node has evicted it: {message.strip()}; rerun it"


def _ended_before(pod: Object) -> bool:
    """Whether the command had ended before anybody deleted the Pod.

    A node that is done asks for a grace of 0, which says no more when the deletion was begun: then a
    command that was killed was killed by that.
    """
    metadata, told = pod["metadata"], terminated(pod, MAIN)
    if not told.get("finishedAt") or "deletionTimestamp" not in metadata:
        return False
    grace, deleted = metadata.get("deletionGracePeriodSeconds"), micros(metadata["deletionTimestamp"])
    if not grace:
        if told.get("exitCode") not in _KILLED:
            return True
        grace = pod["spec"].get("terminationGracePeriodSeconds", 30)
    return micros(told["finishedAt"]) < deleted - int(grace) * SECOND
