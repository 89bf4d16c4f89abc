"""The vocabulary: ids, phases, reasons, jobs and tasks."""

from __future__ import annotations

import enum
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import NewType

from .resources import Resources
from .spec import JobSpec

JobId = NewType("JobId", str)
SweepId = NewType("SweepId", str)
UserName = NewType("UserName", str)
Micros = NewType("Micros", int)
"""Microseconds since 1970, UTC: the only time that is stored."""

JOB_ID = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
"""What an id can be."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Phase(str, enum.Enum):
    """Where a job stands."""

    PENDING = "Pending"  # waits in its group's queue
    PREPARING = "Preparing"  # admitted; the engine is starting it
    RUNNING = "Running"  # every task has started once in this attempt
    PAUSED = "Paused"  # stopped by its person, holds nothing
    UNKNOWN = "Unknown"  # its node does not answer; still holds
    SUCCEEDED = "Succeeded"  # final
    FAILED = "Failed"  # final
    CANCELLED = "Cancelled"  # final

    @property
    def final(self) -> bool:
        """Final phases never change."""
        return self in FINAL

    @property
    def placed(self) -> bool:
        """The engine has, or is about to have, tasks of it."""
        return self in (Phase.PREPARING, Phase.RUNNING, Phase.UNKNOWN)


FINAL = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED})
UNFINISHED = frozenset(Phase) - FINAL


class Reason(str, enum.Enum):
    """Why a job is in its phase, one word for programs; the message is for people."""

    # waiting
    QUEUED = "Queued"  # behind other jobs of its group
    QUOTA = "QuotaExceeded"  # its group's or user's quota is in use
    EXCEEDS_QUOTA = "ExceedsQuota"  # the quota was lowered below what it asks
    CAPACITY = "InsufficientCapacity"  # the machine's capacity is in use
    BACK_OFF = "BackOff"  # did not start in time, waits before the next try
    RETRYING = "Retrying"  # failed, waits for its next attempt
    RESUMED = "Resumed"
    DRAINING = "Draining"  # the service admits no more
    UNAVAILABLE = "EngineUnavailable"  # what is to run it does not answer
    EDITED = "Edited"  # in the timeline alone: a person changed what was asked for
    # asked for by intent, phase kept until it is done, by the engine if it has tasks
    CANCELLING = "Cancelling"
    PAUSING = "Pausing"
    RESUMING = "Resuming"
    PREEMPTING = "Preempting"
    REQUEUING = "Requeuing"  # did not start in time
    ENDING = "Ending"  # a task has decided how it ends; the others are being halted
    # placed
    STARTING = "Starting"
    STARTED = "Started"
    # ended
    COMPLETED = "Completed"  # exit code 0
    ERROR = "Error"  # exit code not 0
    DEADLINE_EXCEEDED = "DeadlineExceeded"
    EXIT_UNKNOWN = "ExitUnknown"  # its supervisor was killed
    HOST_LOST = "HostLost"  # the machine was restarted
    LAUNCH_FAILED = "LaunchFailed"
    CANCELLED = "Cancelled"
    PAUSED = "Paused"
    HALTED = "Halted"  # a task ended because its job was told to


class Intent(str, enum.Enum):
    """What a person wants of a job; surfaces write it, the dispatcher acts on it."""

    RUN = "run"
    PAUSE = "pause"
    CANCEL = "cancel"


@dataclass(frozen=True)
class TaskKey:
    """Names one try at one task, everywhere: run folder, pod, log."""

    job: JobId
    attempt: int
    role: str = "main"
    index: int = 0

    def __str__(self) -> str:
        return f"{self.job}.{self.attempt}.{self.role}.{self.index}"

    @classmethod
    def parse(cls, text: str) -> TaskKey:
        """Read back what ``str`` makes; ValueError if it is no such text."""
        job, attempt, rest = text.split(".", 2)
        role, index = rest.rsplit(".", 1)
        return cls(JobId(job), int(attempt), role, int(index))


@dataclass(frozen=True)
class Task:
    """One process tree or pod of the newest attempt."""

    key: TaskKey
    started_at: Micros | None = None
    finished_at: Micros | None = None
    exit_code: int | None = None
    reason: Reason | None = None
    message: str = ""
    host: str = ""
    note: str = ""


@dataclass(frozen=True)
class Job:
    """A row of the store, whole.

    Parameters
    ----------
    seq:
        Order of arrival in this store, 1 and up; lists and queues sort by it.
    request:
        What it asks for: the sum over its tasks.
    shares:
        What one task of each role asks for; a plain job has none, its one task asks for all.
    version:
        Goes up with every change; a write names the version that it changes.
    queued_at:
        Arrival; never before that of an earlier job, kept for the job's whole life.
    not_before:
        In back-off until then.
    failures:
        Attempts that ended in failure, each of which has spent a retry.
    requeues:
        Times it did not start in time, in a row.
    sweep:
        The parameter sweep that it was made by; a rerun of it belongs to none.
    hold:
        What it is charged for, from admission until no task is left.
    log_expired:
        The log and all else that was kept of it are gone, as after the TTL.
    kept_bytes:
        What is kept of an ended job: log, metrics and artifacts; None before its end.
    """

    id: JobId
    user: UserName
    spec: JobSpec
    request: Resources
    queued_at: Micros
    shares: Mapping[str, Resources] = field(default_factory=dict)
    seq: int = 0
    version: int = 1
    phase: Phase = Phase.PENDING
    reason: Reason = Reason.QUEUED
    message: str = ""
    intent: Intent = Intent.RUN
    intent_by: str = ""
    attempt: int = 0
    failures: int = 0
    requeues: int = 0
    not_before: Micros | None = None
    hold: Resources | None = None
    admitted_at: Micros | None = None
    started_at: Micros | None = None
    finished_at: Micros | None = None
    exit_code: int | None = None
    tasks: tuple[Task, ...] = ()
    snapshot: str | None = None
    rerun_of: JobId | None = None
    sweep: SweepId | None = None
    log_expired: bool = False
    kept_bytes: int | None = None

    def share(self, role: str) -> Resources:
        """What one task of a role is charged for."""
        return self.shares.get(role, self.request)


@dataclass(frozen=True)
class Event:
    """One line of a job's timeline, and of the event stream (``id`` is its Last-Event-ID)."""

    id: int
    job: JobId
    at: Micros
    phase: Phase
    reason: Reason
    message: str
    attempt: int
    user: UserName = field(default=UserName(""))
    group: str = ""


def new_job_id(now: Micros) -> JobId:
    """Make an id that is a DNS label and says its day, such as ``job-20261121-k7x2mp9w``."""
    return JobId(_new_id("job", now))


def new_sweep_id(now: Micros) -> SweepId:
    """Make an id like a job's, such as ``sweep-20261121-k7x2mp9w``."""
    return SweepId(_new_id("sweep", now))


def _new_id(kind: str, now: Micros) -> str:
    day = from_micros(now).strftime("%Y%m%d")
    return f"{kind}-{day}-" + "".join(secrets.choice(_ALPHABET) for _ in range(8))


def from_micros(at: Micros) -> datetime:
    """The stored time as an aware UTC datetime."""
    return datetime.fromtimestamp(at / 1e6, tz=timezone.utc)
