"""The pull of a Pod's image: whether it goes on, and what went wrong, in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .containers import Object, micros
from .words import last

TRIES = 4  # of a pull that may go through another time; the node waits 10, 20, 40 s between them
REASONS = {
    "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
    "RegistryUnavailable", "SignatureValidationFailed",
}  # fmt: skip

_NOT_THERE = re.compile(
    r"not found|manifest unknown|name unknown|repository does not exist(?! or may require)", re.IGNORECASE
)
_DENIED = re.compile(r"\b40[13]\b|denied|unauthorized|authorization failed|authentication required", re.I)
_PLATFORM = re.compile(r"no match for platform|no image found .* for architecture")
_BUSY = re.compile(r"\b429\b|toomanyrequests|too many requests", re.I)
_AWAY = re.compile(
    r"connection refused|no such host|i/o timeout|no route to host|deadline exceeded|connection reset"
    r"|network is unreachable|timeout|EOF|\b50[0234]\b"
)
_FULL = "no space left on device"
_TLS = re.compile(r"x509: ([^\"]*)|tls: ")
_EVENTS = {"Pulling", "Failed", "BackOff"}


@dataclass(frozen=True)
class Failure:
    """What is wrong with a pull, and whether trying again is of no use."""

    message: str
    hopeless: bool


def failed(image: str, reason: str, text: str, tries: int) -> Failure:
    """Put a failed pull into words.

    Parameters
    ----------
    reason, text:
        The container's, while it waits.
    tries:
        How often it was tried.
    """
    if reason == "InvalidImageName":
        return Failure(f"{image} is no name of a container image: correct it, then rerun the job", True)
    if reason == "ErrImageNeverPull":
        return Failure(
            f"the image {image} is not on the node and may not be pulled there (image_pull_policy is Never)",
            True,
        )
    if _PLATFORM.search(text):
        return Failure(f"the image {image} has no version for its node's kind of processor", True)
    if _DENIED.search(text):
        may = "see its name; an image that is not public needs image_pull_secrets in the configuration"
        return Failure(f"the image {image} is not there or may not be pulled: {may}", True)
    if _NOT_THERE.search(text) and not _AWAY.search(text):
        return Failure(f"there is no image {image}: see its name and tag, then rerun the job", True)
    again = f"tried {tries} times; rerun the job when it can" if tries >= TRIES else "it is tried again"
    return Failure(f"the image {image} can't be pulled: {_trouble(image, text)}; {again}", tries >= TRIES)


def _trouble(image: str, text: str) -> str:
    registry = _registry(image)
    if found := _AWAY.search(text):
        return f"its registry {registry} does not answer: {found[0]}"
    if _BUSY.search(text):
        return f"its registry {registry} answers no more requests of this cluster for a while"
    if _FULL in text:
        return "its node has no room for it"
    if found := _TLS.search(text):
        return f"its node does not trust the registry {registry}: {found[1] or 'no TLS'}"
    return last(text)


def _registry(image: str) -> str:
    first, slash, _ = image.partition("/")
    return first if slash and (set(first) & set(".:") or first == "localhost") else "docker.io"


def tries(events: Sequence[Object]) -> int:
    """How often a pull of the Pod's image was begun."""
    return sum(count(event) for event in events if event.get("reason") == "Pulling")


def pulling(events: Sequence[Object]) -> str:
    """Which image a pull was begun of, and has not failed; "" if none. That it is over is not told."""
    told = [event for event in events if event.get("reason") in _EVENTS]
    newest = max(told, key=when, default={})
    begun = newest.get("reason") == "Pulling"
    return str(newest.get("message", "")).partition('"')[2].partition('"')[0] if begun else ""


def count(event: Object) -> int:
    """How often something happened that is told in one event."""
    series = event.get("series") or {}
    return int(series.get("count") or event.get("count") or 1)


def when(event: Object) -> tuple[int, int]:
    """When it happened last; of the same second, the one that was told later."""
    series = event.get("series") or {}
    at = (
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
    )
    version = str(event["metadata"].get("resourceVersion") or 0)
    return (micros(at) if at else 0, int(version) if version.isdigit() else 0)
