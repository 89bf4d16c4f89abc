"""Why a Pod does not start, in words, and whether it ever will."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import placing, pulls
from .containers import KEEPER, MAIN, NEVER_RAN, Object, containers, started, state, terminated
from .words import last

_PASSING = ("timed out", "failed to sync", "not yet been read", "have not yet", "context deadline")
_NO_SHELL = re.compile(r"exec: .*(executable file not found|no such file or directory)")
_STARTING = {"", "ContainerCreating", "PodInitializing"}


@dataclass(frozen=True)
class Delay:
    """Why a Pod has not started.

    Parameters
    ----------
    message:
        For people; "" if it is simply starting.
    pulling:
        Its image is being pulled.
    hopeless:
        It never will start.
    """

    message: str = ""
    pulling: bool = False
    hopeless: bool = False

    def __bool__(self) -> bool:
        return bool(self.message)


def delay(pod: Object, events: Sequence[Object]) -> Delay:
    """Say why a Pod that has not started does not.

    Parameters
    ----------
    events:
        Those of the Pod that are known, in any order.
    """
    if failed := unstartable(pod):
        return failed
    if message := placing.unplaced(pod):
        return Delay(message)
    refused = [told for each in containers(pod) if (told := _refused(pod, each, events))]
    if refused:
        return next((told for told in refused if told.hopeless), refused[0])
    if message := _mounting(events):
        return Delay(message)
    if message := _fetching(pod):
        return Delay(message, pulling=True)
    image = pulls.pulling(events)
    pulled = [each["image"] for each in containers(pod) if "waiting" not in state(pod, each["name"])]
    return Delay(f"pulling the image {image}", pulling=True) if image and image not in pulled else Delay()


def _refused(pod: Object, container: Object, events: Sequence[Object]) -> Delay | None:
    """Why the node does not make a container; None if it has not said that it can't."""
    wait = state(pod, container["name"]).get("waiting") or {}
    reason, text = str(wait.get("reason", "")), str(wait.get("message", ""))
    if reason not in pulls.REASONS:
        return None if reason in _STARTING else _misconfigured(reason, text)
    failure = pulls.failed(container["image"], reason, text, pulls.tries(events))
    return Delay(failure.message, hopeless=failure.hopeless) if failure.hopeless or text else None


def unstartable(pod: Object) -> Delay:
    """Why a container could not be started though its image is there; none may have been tried in vain."""
    for container in containers(pod):
        told, image = terminated(pod, container["name"]), container["image"]
        if told.get("reason") in NEVER_RAN and started(pod, container["name"]) is None:
            return _no_start(image, str(told.get("message", "")))
        if told.get("exitCode") and container["name"] not in (MAIN, KEEPER):
            said = str(told.get("message") or f"exit code {told['exitCode']}").strip()
            return Delay(f"the dataset {_dataset(container)} could not be fetched: {said}", hopeless=True)
    return Delay()


def stuck(pod: Object) -> bool:
    """Whether the command can't be started as it is, and what stands beside it waits for it."""
    wait = state(pod, MAIN).get("waiting") or {}
    never = terminated(pod, MAIN).get("reason") in NEVER_RAN or wait.get("reason", "") not in _STARTING
    return never and "running" in state(pod, KEEPER)


def _fetching(pod: Object) -> str:
    """Say which dataset is being fetched before anything starts."""
    for container in containers(pod):
        if container["name"] not in (MAIN, KEEPER) and "running" in state(pod, container["name"]):
            return f"fetching the dataset {_dataset(container)}"
    return ""


def _dataset(container: Object) -> str:
    paths = [str(mount["mountPath"]) for mount in container.get("volumeMounts") or ()]
    return next((path.rpartition("/")[2] for path in paths), str(container["name"]))


def _no_start(image: str, message: str) -> Delay:
    """Say why a container could not be started; what is no fault of its image's may be none next time."""
    if _NO_SHELL.search(message):
        text = f"the image {image} has no shell (sh), which commands need: choose another"
        return Delay(text, hopeless=True)
    if "exec format error" in message:
        text = f"the image {image} is made for another kind of processor than its node has: choose another"
        return Delay(text, hopeless=True)
    return Delay(f"its node could not start a container of the image {image}: {last(message)}")


def _misconfigured(reason: str, text: str) -> Delay:
    passing = any(sign in text for sign in _PASSING)
    if "runAsNonRoot" in text or "run as root" in text:
        text = "its Pod may not run as root, and its image does: set run_as_user in the configuration"
        return Delay(text, hopeless=True)
    remedy = "it is tried again" if passing else "see that it is there, then rerun the job"
    said = f"its node can't make its container ({reason}): {last(text)}; {remedy}"
    return Delay(said, hopeless=reason == "CreateContainerConfigError" and not passing)


def _mounting(events: Sequence[Object]) -> str:
    """Say which volume can't be mounted, if that is what was seen last."""
    newest = max(events, key=pulls.when, default={})
    if newest.get("reason") not in ("FailedMount", "FailedAttachVolume", "FailedMapVolume"):
        return ""
    message = str(newest.get("message", ""))
    volume = message.partition('"')[2].partition('"')[0]
    name = f"the volume {volume}" if volume else "a volume"
    return f"{name} can't be mounted: {last(message)}; it is tried again, see that it is there"
