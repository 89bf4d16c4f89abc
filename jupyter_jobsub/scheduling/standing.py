"""What admission is given, and what it answers."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ..model.catalog import Group
from ..model.job import JobId, Micros, UserName
from ..model.resources import Resources
from .queues import Candidate, Ledger, Queue


class Bound(enum.Enum):
    """What stops a job."""

    USER = "user"
    GROUP = "group"
    CAPACITY = "capacity"
    RESERVED = "reserved"  # there is capacity, kept for a job that has waited long


@dataclass(frozen=True)
class Stop:
    """A job that can't start now, and what stops it.

    Parameters
    ----------
    since:
        From when on it has been the head that waits for capacity, or None.
    making_room:
        Jobs of a lower rank are being halted, and then it fits.
    expects_room:
        It fits once what is being halted anyway has gone, so that nobody is evicted for it; unless
        somebody else takes that.
    kept_for:
        The job for which the capacity is reserved.
    """

    job: Candidate
    by: Bound
    since: Micros | None = None
    making_room: bool = False
    expects_room: bool = False
    kept_for: Candidate | None = None


@dataclass(frozen=True)
class Standing:
    """How a group's queue came out of a decision.

    Parameters
    ----------
    head:
        What stops the queue behind it, or None.
    users:
        What stops a person's later jobs: the first of theirs that their own quota stops.
    """

    head: Stop | None = None
    users: Mapping[UserName, Stop] = field(default_factory=dict)

    @property
    def stops(self) -> list[Stop]:
        """All that stops somebody, in order of K."""
        return [*self.users.values(), *([self.head] if self.head else [])]

    @property
    def waits(self) -> Stop | None:
        """The head, if it waits for capacity."""
        return self.head if self.head and self.head.since is not None else None

    @property
    def promised(self) -> list[Candidate]:
        """The jobs for which room is being made, in order of K."""
        return [stop.job for stop in self.stops if stop.making_room]

    @property
    def expects_room(self) -> bool:
        """Somebody counts on what is being halted, which nobody keeps for them."""
        return any(stop.expects_room for stop in self.stops)

    @property
    def claims(self) -> frozenset[tuple[str, JobId]]:
        """What others must heed: who waits for capacity, and to whom room is promised."""
        waits = [("waits", self.waits.job.id)] if self.waits else []
        return frozenset([*waits, *(("promised", job.id) for job in self.promised)])


@dataclass(frozen=True)
class Snapshot:
    """All that the decision depends on.

    Parameters
    ----------
    queues:
        By group; only these are looked at.
    held:
        What is charged now, of what is being halted too.
    groups:
        As configured.
    capacity:
        What the engine has in all, or None where placing is the cluster's.
    leaving:
        What of ``held`` is being halted.
    placed:
        By group, the preemptible jobs that hold and are not being halted.
    preempting:
        Groups of which a preempted job is being halted.
    standings:
        How the groups of which a job waits for capacity, or for room, came out last.
    """

    queues: Mapping[str, Queue]
    held: Ledger
    groups: Mapping[str, Group]
    capacity: Resources | None = None
    leaving: Ledger = field(default_factory=Ledger)
    placed: Mapping[str, Queue] = field(default_factory=dict)
    preempting: Collection[str] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)


@dataclass(frozen=True)
class Decisions:
    """Who starts, in order; who is evicted, and for whom; how each queue stands."""

    admit: Sequence[JobId]
    evict: Mapping[JobId, JobId]
    standings: Mapping[str, Standing]

    def lapsed(self, before: Mapping[str, Standing]) -> list[str]:
        """The groups of which a claim stands no more, so that others may start that it stopped."""
        return [n for n, s in self.standings.items() if n in before and before[n].claims - s.claims]

    def taken(self, before: Mapping[str, Standing]) -> bool:
        """Say whether something was given or promised that others may have counted on."""
        nothing = Standing()
        return bool(self.admit) or any(
            s.claims - before.get(n, nothing).claims for n, s in self.standings.items()
        )
