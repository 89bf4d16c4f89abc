"""What objects in the cluster are called, and how they say whose they are."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from ...model.job import JobId, TaskKey

Object: TypeAlias = Mapping[str, Any]
"""An object of the API server, as it is in JSON."""

PREFIX = "jupyter-jobsub/"
STORE, JOB, ATTEMPT = f"{PREFIX}store", f"{PREFIX}job", f"{PREFIX}attempt"
ROLE, INDEX, USER, GROUP = f"{PREFIX}role", f"{PREFIX}index", f"{PREFIX}user", f"{PREFIX}group"
VOID = f"{PREFIX}void"  # a Pod that only keeps its task from ever running
KEY = f"{PREFIX}key"
ENDED_BY = f"{PREFIX}ended-by"
SAID = f"{PREFIX}said"  # why it was given up, for people
GRACE = f"{PREFIX}grace"  # seconds that it has to end by itself
FINALIZER = f"{PREFIX}record"  # a Pod stays until the end of its task is stored
MANAGED_BY = {"app.kubernetes.io/managed-by": "jupyter-jobsub"}

MAIN, KEEPER = "main", "keeper"  # the containers of a Pod

_LONGEST = 63  # characters of a DNS label, and of a label's value
_DIGEST = 10  # hexadecimal digits: longer than any index, so that what is made up is like nothing given
_NOT_OF_A_NAME = re.compile(r"[^-a-z0-9]+")
_NOT_OF_A_VALUE = re.compile(r"[^-A-Za-z0-9_.]+")


def pod_name(key: TaskKey) -> str:
    """Name a task's Pod: no two tasks of a job alike, all attempts at one task alike.

    The first task of ``main``, as which a plain job counts, has the job's own name.
    """
    return (
        str(key.job) if (key.role, key.index) == ("main", 0) else _name(f"{key.job}-{key.role}-{key.index}")
    )


def host_name(key: TaskKey) -> str:
    """Name a task among those of its attempt."""
    return _name(f"{key.role}-{key.index}")


def attempt_name(key: TaskKey) -> str:
    """Name what all tasks of an attempt share: its Service, the beginning of its Secrets' names."""
    return _name(f"{key.job}-{key.attempt}")


def labels(key: TaskKey, store: str, user: str = "", group: str = "") -> dict[str, str]:
    """Say whose a task's Pod is; what can be no label's value is changed until it can."""
    return {
        **attempt_labels(key, store),
        ROLE: _value(key.role),
        INDEX: str(key.index),
        USER: _value(user),
        GROUP: _value(group),
    }


def attempt_labels(key: TaskKey, store: str) -> dict[str, str]:
    """Say whose the things are that all tasks of an attempt share."""
    return {**MANAGED_BY, STORE: _value(store), JOB: key.job, ATTEMPT: str(key.attempt)}


def selector(store: str, job: JobId | None = None) -> str:
    """Choose what is a store's, or a job's alone."""
    return f"{STORE}={_value(store)}" + (f",{JOB}={job}" if job else "")


def key_of(pod: Object) -> TaskKey | None:
    """Say which task's a Pod is; None if it is nobody's."""
    with contextlib.suppress(ValueError):
        return TaskKey.parse((pod["metadata"].get("annotations") or {}).get(KEY, ""))
    return None


def store_of(pod: Object) -> str:
    """Say which store's a Pod is, as its label has it."""
    found: str = (pod["metadata"].get("labels") or {}).get(STORE, "")
    return found


def is_of(pod: Object, store: str) -> bool:
    """Say whether a Pod is of this store."""
    return store_of(pod) == _value(store)


def _name(text: str) -> str:
    """Make a DNS label; what is none, or too long, gets an end that is its own."""
    return _fitting(text, _NOT_OF_A_NAME.sub("-", text.lower()).strip("-"))


def _value(text: str) -> str:
    return _fitting(text, _NOT_OF_A_VALUE.sub("-", text).strip("-_."))


def _fitting(text: str, like: str) -> str:
    if text == like and len(text) <= _LONGEST:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
    return f"{like[: _LONGEST - _DIGEST - 1]}-{digest}".lstrip("-_.")
