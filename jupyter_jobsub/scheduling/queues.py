"""What waits and what is held, as admission sees it."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from ..model.job import JobId, Micros, UserName
from ..model.resources import Resources

NOTHING = Resources()

Rank: TypeAlias = tuple[bool, int]
Key: TypeAlias = tuple[bool, int, Micros, JobId]


@dataclass(frozen=True)
class Candidate:
    """A job as far as the decision needs it."""

    id: JobId
    user: UserName
    group: str
    request: Resources
    queued_at: Micros
    priority: int = 100
    preemptible: bool = False
    not_before: Micros | None = None

    @cached_property
    def key(self) -> Key:
        """Where it stands: the smallest is next. Non-preemptible, then priority, then arrival."""
        return (self.preemptible, -self.priority, self.queued_at, self.id)

    @property
    def rank(self) -> Rank:
        """Its class and priority without its age: only a lower rank can be preempted."""
        return self.key[:2]


class Queue:
    """Jobs of a group in order of K."""

    def __init__(self, jobs: Iterable[Candidate] = ()) -> None:
        self._jobs = sorted(jobs, key=lambda job: job.key)

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self._jobs)

    def __reversed__(self) -> Iterator[Candidate]:
        return reversed(self._jobs)

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
    """Amounts by group, by person in a group, and in all."""

    groups: dict[str, Resources] = field(default_factory=dict)
    users: dict[tuple[str, UserName], Resources] = field(default_factory=dict)
    total: Resources = field(default_factory=Resources)

    def of_group(self, group: str) -> Resources:
        """The amount of a group."""
        return self.groups.get(group, NOTHING)

    def of_user(self, group: str, user: UserName) -> Resources:
        """The amount of a person in a group."""
        return self.users.get((group, user), NOTHING)

    def charge(self, group: str, user: UserName, amount: Resources) -> None:
        """Add an amount; a negative one releases it."""
        self.groups[group] = self.of_group(group) + amount
        self.users[group, user] = self.of_user(group, user) + amount
        self.total = self.total + amount

    def copy(self) -> Ledger:
        """A ledger that can be charged without changing this one."""
        return Ledger(dict(self.groups), dict(self.users), self.total)
