"""Why no node takes a Pod, in words, from what the scheduler says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .containers import MAIN, Object, condition
from .words import amount

_NODES = re.compile(r"0/(\d+) nodes are available: (.*?)\.?\s*((?:no new claims|preemption:).*)?", re.DOTALL)
_COUNTED = re.compile(r"(\d+) (.*)")
_COMMA = re.compile(r",\s*(?![^{]*\})")  # but none in the braces of a taint
_TAINT = re.compile(r"\{([^}:]*)")
_CLAIM = re.compile(r'persistentvolumeclaim "([^"]*)" not found')
_UNBOUND = "unbound immediate PersistentVolumeClaims"
_NEVER = "Preemption is not helpful"
_WAITS = "it waits until one does"


@dataclass(frozen=True)
class _Lack:
    """What nodes lack: behind "no node", behind a number of nodes; and what can be done."""

    none: str
    some: str
    remedy: str = _WAITS


_OTHERS = {
    "Too many pods": _Lack("has room for one more Pod", "are full of Pods"),
    "were unschedulable": _Lack("takes new Pods: all are cordoned", "are cordoned"),
    "volume node affinity conflict": _Lack("reaches its volume", "don't reach its volume"),
    "affinity rules": _Lack(
        "fits the affinity that Pods ask for", "don't fit the affinity that Pods ask for"
    ),
    "free ports": _Lack("has its ports free", "don't have its ports free"),
}


def unplaced(pod: Object) -> str:
    """Say why a Pod waits for a node; "" if it does not, or the scheduler has not said."""
    told = condition(pod, "PodScheduled")
    if pod["spec"].get("nodeName") or told.get("reason") != "Unschedulable":
        return ""
    return _words(pod, str(told.get("message", "")).strip())


def _words(pod: Object, message: str) -> str:
    if found := _CLAIM.search(message):
        return f"there is no PersistentVolumeClaim {found[1]}: it waits until the claim is made"
    if _UNBOUND in message:
        return "its PersistentVolumeClaim is not bound to a volume yet: it waits until it is"
    if "no nodes available" in message:
        return "the cluster has no nodes: it waits until one joins"
    found = _NODES.fullmatch(message)
    if not found:
        return f"the cluster can't place its Pod: {message}"
    lacks = list(_lacks(pod, found[2], never=_NEVER in (found[3] or "")))
    if all(number in ("", found[1]) for number, _ in lacks):
        each = ", none ".join(lack.none for _, lack in lacks)
        return f"no node {each}: {lacks[0][1].remedy}"
    each = ", ".join(f"{number} {lack.some}" for number, lack in lacks)
    return f"no node fits; of {found[1]} {each}: {lacks[0][1].remedy}"


def _lacks(pod: Object, reasons: str, *, never: bool) -> Iterator[tuple[str, _Lack]]:
    """On how many nodes, and what they lack."""
    for reason in _COMMA.split(reasons):
        counted = _COUNTED.fullmatch(reason.strip().rstrip("."))
        yield (counted[1], _lack(pod, counted[2], never)) if counted else ("", _lack(pod, reason, never))


def _lack(pod: Object, reason: str, never: bool) -> _Lack:
    if reason.startswith("Insufficient "):
        return _short(pod, reason.removeprefix("Insufficient "), never)
    if "node affinity/selector" in reason:
        labels = f"the labels that it asks for{_selector(pod)}"
        return _Lack(f"has {labels}", f"lack {labels}", "see node_selector in the configuration")
    if "taint" in reason:
        names = ", ".join(sorted({name.strip() for name in _TAINT.findall(reason)} - {""}))
        taint = f"the taint {names}, which" if names else "a taint that"
        text = f"{taint} it does not tolerate"
        return _Lack(f"is without {text}", f"have {text}", "see tolerations in the configuration")
    other = next((lack for sign, lack in _OTHERS.items() if sign in reason), None)
    return other or _Lack(f"takes it: {reason}", f"say: {reason}")


def _short(pod: Object, resource: str, never: bool) -> _Lack:
    asked = _asked(pod, resource)
    if never:
        return _Lack(f"has {asked}", f"lack {asked}", "choose a smaller instance type, or add a larger node")
    return _Lack(f"has {asked} free", f"lack {asked} that would be free", "it waits until one has")


def _asked(pod: Object, resource: str) -> str:
    """What the job asks for of a resource, as people say it."""
    main: Object = next((each for each in pod["spec"]["containers"] if each["name"] == MAIN), {})
    asked = str(((main.get("resources") or {}).get("requests") or {}).get(resource, ""))
    if not asked:
        return f"the {resource} that it needs"
    return amount(resource, asked)


def _selector(pod: Object) -> str:
    labels = ", ".join(f"{name}={value}" for name, value in (pod["spec"].get("nodeSelector") or {}).items())
    return f" ({labels})" if labels else ""
