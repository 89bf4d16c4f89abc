"""Why a Pod does not start, in words, and whether it ever will."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import placing, pulls
from .containers import KEEPER, MAIN, NEVER_RAN, Object, started, state, terminated
from .words import last

_PASSING = ("timed out", "failed to sync", "not yet been read", "have not yet", "context deadline")
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


def delay(pod: Object, events: Sequence[Object]) -> Delay:
    """Say why a Pod that has not started does not.

    Parameters
    ----------
    events:
        Those of the Pod that are known, in any order.
    """
    if message := unstartable(pod):
        return Delay(message, hopeless=True)
    if message := placing.unplaced(pod):
        return Delay(message)
    image = _image(pod)
    waits = [state(pod, name).get("waiting") or {} for name in (MAIN, KEEPER)]
    for wait in waits:
        reason, text = str(wait.get("reason", "")), str(wait.get("message", ""))
        if reason in pulls.REASONS:
            said = pulls.failed(image, reason, text, pulls.tries(events))
            if said.hopeless or text:
                return Delay(said.message, hopeless=said.hopeless)
        elif reason not in _STARTING:
            return _misconfigured(reason, text)
    if message := _mounting(events):
        return Delay(message)
    if "running" not in state(pod, KEEPER) and pulls.pulling(events):
        return Delay(f"pulling the image {image}", pulling=True)
    return Delay()


def unstartable(pod: Object) -> str:
    """Why a container could not be started though its image is there; "" if none was tried in vain."""
    for name in (MAIN, KEEPER):
        told = terminated(pod, name)
        if told.get("reason") in NEVER_RAN and started(pod, name) is None:
            return _no_start(_image(pod), str(told.get("message", "")))
    return ""


def _no_start(image: str, message: str) -> str:
    if "executable file not found" in message or "no such file or directory" in message:
        return f"the image {image} has no shell (sh), which commands need: choose another"
    if "exec format error" in message:
        return f"the image {image} is made for another kind of processor than its node has: choose another"
    return f"its node could not start a container of the image {image}: {last(message)}"


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


def _image(pod: Object) -> str:
    return next((str(each["image"]) for each in pod["spec"]["containers"] if each["name"] == MAIN), "")
