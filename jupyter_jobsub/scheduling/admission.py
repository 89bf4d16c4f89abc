"""Who may start now: one pure function over a snapshot of the queues.

Order within a group, key K: non-preemptible first, then higher priority, then arrival. Each
group's queue is walked in that order. The user's quota is tested first, and a job that does
not fit it blocks only the same user's later jobs. Then the group's quota, then the engine's
capacity: a job that does not fit these stops the queue behind it, of its group alone.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ..model.catalog import Group
from ..model.job import JobId, Micros, Reason, UserName
from ..model.resources import Quota, Resources, Shortage

NOTHING = Resources()

Key: TypeAlias = tuple[bool, int, Micros, JobId]


@dataclass(frozen=True)
class Candidate:
    """A job in a queue, as far as the decision needs it."""

    id: JobId
    user: UserName
    group: str
    request: Resources
    queued_at: Micros
    priority: int = 100
    preemptible: bool = False
    not_before: Micros | None = None
    name: str = ""

    @property
    def key(self) -> Key:
        """Where it stands: the smallest is next."""
        return (self.preemptible, -self.priority, self.queued_at, self.id)


class Queue:
    """A group's waiting jobs in order of K."""

    def __init__(self, jobs: Iterable[Candidate] = ()) -> None:
        self._jobs = sorted(jobs, key=lambda job: job.key)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, job: Candidate) -> None:
        """Put a job into its place."""
        insort(self._jobs, job, key=lambda other: other.key)

    def remove(self, job: Candidate) -> None:
        """Take a job out."""
        place = self.place(job)
        if place < len(self._jobs) and self._jobs[place].id == job.id:
            del self._jobs[place]

    def place(self, job: Candidate) -> int:
        """How many stand before it."""
        return bisect_left(self._jobs, job.key, key=lambda other: other.key)


@dataclass
class Ledger:
    """What is held: by group, by person in a group, and in all."""

    groups: dict[str, Resources] = field(default_factory=dict)
    users: dict[tuple[str, UserName], Resources] = field(default_factory=dict)
    total: Resources = field(default_factory=Resources)

    def charge(self, group: str, user: UserName, amount: Resources) -> None:
        """Add a hold; a negative amount releases it."""
        self.groups[group] = self.groups.get(group, NOTHING) + amount
        self.users[group, user] = self.users.get((group, user), NOTHING) + amount
        self.total = self.total + amount

    def copy(self) -> Ledger:
        """A ledger that can be charged without changing this one."""
        return Ledger(dict(self.groups), dict(self.users), self.total)


@dataclass(frozen=True)
class Snapshot:
    """All that the decision depends on.

    Parameters
    ----------
    queues:
        By group; only these are looked at.
    capacity:
        What the engine has in all, or None where placing is the cluster's.
    """

    queues: Mapping[str, Queue]
    held: Ledger
    groups: Mapping[str, Group]
    capacity: Resources | None = None


@dataclass(frozen=True)
class Block:
    """What a job waits for."""

    job: JobId
    reason: Reason
    message: str


@dataclass(frozen=True)
class Standing:
    """How a group's queue came out of a decision.

    Parameters
    ----------
    head:
        The job that stops the queue behind it, or None.
    users:
        People whose own quota stops their later jobs, by the first such job.
    aside:
        Jobs that wait beside the queue and block nobody.
    """

    head: Block | None = None
    users: Mapping[UserName, Block] = field(default_factory=dict)
    aside: Mapping[JobId, Block] = field(default_factory=dict)

    def explain(self, job: Candidate) -> Block:
        """Say what a waiting job of this group waits for."""
        if aside := self.aside.get(job.id):
            return aside
        if block := self.users.get(job.user):
            return block if block.job == job.id else _behind(job, block)
        if self.head:
            return self.head if self.head.job == job.id else _behind(job, self.head)
        return Block(job.id, Reason.QUEUED, "next in turn")


@dataclass(frozen=True)
class Decisions:
    """Who starts, in order, and how each group's queue stands."""

    admit: Sequence[JobId]
    standings: Mapping[str, Standing]


def admit(snapshot: Snapshot, now: Micros) -> Decisions:
    """Decide who starts now; deterministic, and idempotent once applied."""
    held = snapshot.held.copy()
    admitted: list[JobId] = []
    standings = {
        name: _walk(snapshot.groups.get(name), queue, held, snapshot.capacity, now, admitted)
        for name, queue in sorted(snapshot.queues.items())
    }
    return Decisions(admitted, standings)


def never_fits(request: Resources, group: Group, capacity: Resources | None) -> list[tuple[str, Shortage]]:
    """Name each bound that the request is over even when nothing else runs."""
    bounds = [
        (f"your quota in {group.name}", group.user_quota),
        (f"the quota of {group.name}", group.quota),
        ("this machine", _as_quota(capacity)),
    ]
    return [(whose, short) for whose, quota in bounds for short in quota.shortages(NOTHING, request)]


def _walk(
    group: Group | None,
    queue: Queue,
    held: Ledger,
    capacity: Resources | None,
    now: Micros,
    admitted: list[JobId],
) -> Standing:
    users: dict[UserName, Block] = {}
    aside: dict[JobId, Block] = {}
    for job in queue:
        if block := _set_aside(job, group, now):
            aside[job.id] = block
        elif job.user in users or group is None:
            continue
        elif short := group.user_quota.shortages(held.users.get((job.group, job.user), NOTHING), job.request):
            users[job.user] = Block(job.id, Reason.QUOTA, f"quota of {job.user} in {job.group}: {short[0]}")
        elif short := group.quota.shortages(held.groups.get(job.group, NOTHING), job.request):
            head = Block(job.id, Reason.QUOTA, f"quota of {job.group}: {short[0]}")
            return Standing(head, users, aside)
        elif short := _as_quota(capacity).shortages(held.total, job.request):
            return Standing(Block(job.id, Reason.CAPACITY, f"this machine: {short[0]}"), users, aside)
        else:
            held.charge(job.group, job.user, job.request)
            admitted.append(job.id)
    return Standing(None, users, aside)


def _set_aside(job: Candidate, group: Group | None, now: Micros) -> Block | None:
    if group is None:
        return Block(job.id, Reason.EXCEEDS_QUOTA, f"the group {job.group} is no longer configured")
    if job.not_before is not None and now < job.not_before:
        seconds = (job.not_before - now) // 1_000_000 + 1
        return Block(job.id, Reason.BACK_OFF, f"did not start in time; next try in {seconds} s")
    if short := never_fits(job.request, group, None):
        whose, first = short[0]
        return Block(job.id, Reason.EXCEEDS_QUOTA, f"over {whose}: {first}")
    return None


def _behind(job: Candidate, block: Block) -> Block:
    return Block(job.id, Reason.QUEUED, f"behind {block.job}, which waits for the {block.message}")


def _as_quota(capacity: Resources | None) -> Quota:
    if capacity is None:
        return Quota()
    return Quota(capacity.cpu, capacity.memory, capacity.gpus, capacity.gpu)
