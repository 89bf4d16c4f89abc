"""Reading a Pod's JSON: its containers' states, its conditions, its times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ...model.job import Micros
from .names import KEEPER as KEEPER
from .names import MAIN as MAIN
from .names import Object as Object

NEVER_RAN = {"StartError", "ContainerCannotRun"}
RESTARTED = "Unknown"  # a runtime that has come back finds the container ended
LOST_SIGHT = {"ContainerStatusUnknown", RESTARTED}


def containers(pod: Object) -> Sequence[Object]:
    """All containers of a Pod, in the order of their start."""
    return [*(pod["spec"].get("initContainers") or ()), *pod["spec"]["containers"]]


def state(pod: Object, name: str) -> Object:
    """What a container is doing: waiting, running or terminated; empty if nobody has said."""
    status = pod.get("status", {})
    told = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return next((each.get("state") or {} for each in told if each["name"] == name), {})


def terminated(pod: Object, name: str) -> Object:
    """How a container ended; empty if it has not."""
    told: Object = state(pod, name).get("terminated") or {}
    return told


def started(pod: Object, name: str) -> Micros | None:
    """When a container was started; a node writes 1970 for one that could not be."""
    now = state(pod, name)
    told = now.get("running") or now.get("terminated") or {}
    if told.get("reason") in NEVER_RAN or not told.get("startedAt"):
        return None
    return micros(told["startedAt"]) or None


def begun(pod: Object) -> Micros | None:
    """When the command was started; never beside a keeper that was not, whom it waits for."""
    return None if terminated(pod, KEEPER).get("reason") in NEVER_RAN else started(pod, MAIN)


def condition(pod: Object, kind: str) -> Object:
    """A condition of a Pod; empty if it has none such."""
    conditions = pod.get("status", {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), {})


def micros(text: str) -> Micros:
    """Read a time of the API server, such as ``2026-11-21T17:44:28Z``."""
    return Micros(round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e6))
