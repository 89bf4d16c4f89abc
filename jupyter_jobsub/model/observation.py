"""What an engine sees of a task: the facts that move jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .job import Micros, Reason, TaskKey


@dataclass(frozen=True)
class Started:
    """The task's command has been executed."""

    key: TaskKey
    at: Micros
    host: str = ""


@dataclass(frozen=True)
class Ended:
    """Nothing of the task is left.

    Parameters
    ----------
    exit_code:
        The command's; 128 + n if signal n ended it; None if nobody knows.
    reason:
        COMPLETED, ERROR, DEADLINE_EXCEEDED, HALTED, EXIT_UNKNOWN, HOST_LOST or LAUNCH_FAILED.
    message:
        For people, "" if there is nothing to say.
    note:
        What is to be known of it however its job ends: what of it was lost, or that it may still run.
    """

    key: TaskKey
    at: Micros
    exit_code: int | None
    reason: Reason
    message: str = ""
    note: str = ""


@dataclass(frozen=True)
class Waiting:
    """The task can't start yet, and why (an image is being pulled, no node fits)."""

    key: TaskKey
    message: str
    pulling: bool = False


@dataclass(frozen=True)
class Reachable:
    """The task's node stopped answering, or answers again."""

    key: TaskKey
    reachable: bool
    message: str = ""


Observation: TypeAlias = Started | Ended | Waiting | Reachable
