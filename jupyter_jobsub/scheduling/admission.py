"""Who may start now: one pure function over a snapshot of the queues.

Each group's queue is walked in order of K. The user's quota is tested first, and a job that does
not fit it blocks only the same user's later jobs. Then the group's quota, then the engine's
capacity: a job that does not fit these stops the queue behind it, of its group alone. Groups
take turns at the capacity. A job that can't start may have jobs of a lower rank make room.
"""

from __future__ import annotations

import enum
import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..model.catalog import Group
from ..model.job import JobId, Micros, UserName
from ..model.resources import Quota, Resources
from .preemption import Fits, Room, victims
from .queues import NOTHING, Candidate, Key, Ledger, Queue

RESERVE_AFTER = 10 * 60 * 1_000_000  # µs


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
    kept_for:
        The job for which the capacity is reserved.
    """

    job: Candidate
    by: Bound
    since: Micros | None = None
    making_room: bool = False
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
    def waits(self) -> Stop | None:
        """The head, if it waits for capacity."""
        return self.head if self.head and self.head.since is not None else None

    @property
    def promised(self) -> list[Candidate]:
        """The jobs for which room is being made, in order of K."""
        stops = [*self.users.values(), *([self.head] if self.head else [])]
        return [stop.job for stop in stops if stop.making_room]


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


def admit(snapshot: Snapshot, now: Micros) -> Decisions:
    """Decide who starts now; deterministic, and idempotent once applied."""
    decisions = _decide(snapshot, now)
    admitted, evicted = list(decisions.admit), dict(decisions.evict)
    while decisions.evict:  # what is leaving now may be enough for others
        snapshot = _applied(snapshot, decisions)
        decisions = _decide(snapshot, now)
        admitted += decisions.admit
        evicted |= decisions.evict
    return Decisions(admitted, evicted, decisions.standings)


def _applied(snapshot: Snapshot, decisions: Decisions) -> Snapshot:
    """The snapshot after decisions; it shares what they did not change."""
    started, evicted = set(decisions.admit), decisions.evict
    held, leaving, placed = snapshot.held.copy(), snapshot.leaving.copy(), dict(snapshot.placed)
    for queue in snapshot.queues.values():
        for job in (job for job in queue if job.id in started):
            held.charge(job.group, job.user, job.request)
    for name in decisions.standings:
        stay = placed.get(name, Queue())
        for job in (job for job in stay if job.id in evicted):
            leaving.charge(name, job.user, job.request)
        placed[name] = Queue(job for job in stay if job.id not in evicted)
    return replace(
        snapshot,
        queues={n: Queue(job for job in q if job.id not in started) for n, q in snapshot.queues.items()},
        held=held,
        leaving=leaving,
        placed=placed,
        preempting={*snapshot.preempting, *(n for n, s in decisions.standings.items() if s.promised)},
        standings={**snapshot.standings, **decisions.standings},
    )


def _decide(snapshot: Snapshot, now: Micros) -> Decisions:
    machine = _Machine(snapshot)
    walks = {name: _Walk(name, snapshot, machine, now) for name in sorted(snapshot.queues)}
    admitted: list[JobId] = []

    def start(walk: _Walk) -> bool:
        if job := walk.start():
            admitted.append(job.id)
        return job is not None

    for stop in _reservations(snapshot.standings.values(), now):
        walk = walks.get(stop.job.group)
        if walk and (walk.head is None or walk.head.id != stop.job.id):
            continue  # it is not the head any more
        if walk is None or not start(walk):
            machine.reserve(stop.job)
    turns = [(walk.turn, walk) for walk in walks.values() if walk.head]
    heapq.heapify(turns)
    while turns:
        _, walk = turns[0]
        if start(walk) and walk.head:
            heapq.heapreplace(turns, (walk.turn, walk))
        else:
            heapq.heappop(turns)
    evicted = {job.id: waiter for walk in walks.values() for job, waiter in walk.evicted}
    return Decisions(admitted, evicted, {name: walk.standing for name, walk in walks.items()})


def never_fits(request: Resources, group: Group, machine: Quota) -> bool:
    """Say whether the request is over a bound even when nothing else runs."""
    fits = group.user_quota.fits(NOTHING, request) and group.quota.fits(NOTHING, request)
    return not (fits and machine.fits(NOTHING, request))


def as_quota(capacity: Resources | None) -> Quota:
    """What a machine has, as a bound; a type of GPU that it lacks is bounded by the total."""
    if capacity is None:
        return Quota()
    return Quota(capacity.cpu, capacity.memory, capacity.gpus, capacity.gpu)


def _reservations(standings: Iterable[Standing], now: Micros) -> list[Stop]:
    """The heads that have waited for capacity long enough, the longest first."""
    waits = [
        (stop.since, stop.job.key, stop) for s in standings if (stop := s.waits) and stop.since is not None
    ]
    return [stop for since, _, stop in sorted(waits) if now - since >= RESERVE_AFTER]


class _Machine:
    """The capacity that all groups share."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.capacity = snapshot.capacity
        self.quota = as_quota(snapshot.capacity)
        self.total = snapshot.held.total
        self.room = Room(snapshot.leaving, (job for s in snapshot.standings.values() for job in s.promised))
        self.reserved: dict[str, Candidate] = {}

    def charge(self, job: Candidate) -> None:
        """Give a job what it asks."""
        self.total = self.total + job.request
        self.room.taken(job)

    def stops(self, job: Candidate) -> tuple[Bound, Candidate | None] | None:
        """Say what of the machine stops a job, and for whom it is kept."""
        if self.capacity is None:
            return None
        return self._stops(job, self.room.charged(job.group, NOTHING, job.key))

    def stops_without(self, job: Candidate, freed: Resources, afterwards: Resources) -> bool:
        """Say whether it would, once what is leaving has gone and a further amount with it."""
        return self.capacity is not None and self._stops(job, afterwards - freed) is not None

    def _stops(self, job: Candidate, more: Resources) -> tuple[Bound, Candidate | None] | None:
        used = self.total + self.room.kept_in_others(job.group) + more
        if not self.quota.fits(used, job.request):
            return Bound.CAPACITY, None
        asked = job.request.named if self.reserved else {}
        return next(
            ((Bound.RESERVED, waiter) for name, waiter in self.reserved.items() if asked.get(name)), None
        )

    def reserve(self, job: Candidate) -> None:
        """Let no other job start using what this one lacks."""
        if self.capacity and len(self.reserved) < len(self.capacity.named):
            used = self.total + self.room.kept_in_others("")
            for short in self.quota.shortages(used, job.request):
                self.reserved.setdefault(short.resource, job)

    def share(self, held: Resources) -> float:
        """The largest part of any resource that an amount is."""
        if self.capacity is None:
            return 0.0
        amounts = held.named
        return max((amounts.get(name, 0) / n for name, n in self.capacity.named.items() if n), default=0.0)


class _Walk:
    """One group's queue, as far as its quotas let it."""

    def __init__(self, name: str, snapshot: Snapshot, machine: _Machine, now: Micros) -> None:
        self.evicted: list[tuple[Candidate, JobId]] = []
        self._name = name
        self._group = snapshot.groups.get(name)
        self._snapshot = snapshot
        self._machine = machine
        self._now = now
        self._before = snapshot.standings.get(name, Standing())
        self._held = snapshot.held.of_group(name)
        self._users: dict[UserName, Resources] = {}
        self._blocked: dict[UserName, Stop] = {}
        self._stop: Stop | None = None
        self._fitting = self._walk(self._group) if self._group else iter(())
        self.head = next(self._fitting, None)

    def __lt__(self, other: _Walk) -> bool:
        return self._name < other._name

    @property
    def turn(self) -> tuple[float, Key]:
        """When it is this group's turn: the smallest share first, then the best head."""
        assert self.head
        return self._machine.share(self._held), self.head.key

    @property
    def standing(self) -> Standing:
        """How the queue stands in the end."""
        return Standing(self._stop, self._blocked)

    def start(self) -> Candidate | None:
        """Admit the head and go on to the next, unless the machine stops it, and so the queue."""
        job, self.head = self.head, None
        assert job
        if stop := self._machine.stops(job):
            self._stop = self._stopped(job, *stop)
            return None
        self._machine.charge(job)
        self._held = self._held + job.request
        self._users[job.user] = self._of_user(job.user) + job.request
        self.head = next(self._fitting, None)
        return job

    def _walk(self, group: Group) -> Iterator[Candidate]:
        """Yield each job that its quotas let start; it is started before the next is asked for."""
        blocked, now, machine = self._blocked, self._now, self._machine.quota
        for job in self._snapshot.queues[self._name]:
            if job.user in blocked or (job.not_before is not None and now < job.not_before):
                continue
            if never_fits(job.request, group, machine):
                continue  # it waits aside: its quota was lowered, or the machine is a smaller one now
            bound = self._over(job, group)
            if bound is Bound.GROUP:
                self._stop = self._stopped(job, bound)
                return
            if bound is Bound.USER:
                blocked[job.user] = self._stopped(job, bound)
            else:
                yield job

    def _over(self, job: Candidate, group: Group) -> Bound | None:
        if not group.user_quota.fits(self._of_user(job.user), job.request):
            return Bound.USER
        held = self._machine.room.charged(self._name, self._held, job.key)
        return None if group.quota.fits(held, job.request) else Bound.GROUP

    def _of_user(self, user: UserName) -> Resources:
        mine = self._users.get(user)
        return self._snapshot.held.of_user(self._name, user) if mine is None else mine

    def _stopped(self, job: Candidate, by: Bound, kept_for: Candidate | None = None) -> Stop:
        since = None
        if by in (Bound.CAPACITY, Bound.RESERVED):
            before = self._before.waits
            since = before.since if before and before.job.id == job.id else self._now
        return Stop(job, by, since, self._make_room(job, by), kept_for)

    def _make_room(self, job: Candidate, by: Bound) -> bool:
        """Say whether jobs of a lower rank make room, choosing them if nobody does yet."""
        placed = self._snapshot.placed.get(self._name, ())
        preempting = self._name in self._snapshot.preempting
        if by is Bound.RESERVED or not (placed or preempting):
            return False
        if preempting and any(job.id == other.id for other in self._before.promised):
            return self._promise(job)  # what was chosen for it is on its way: no second set
        fits = self._fits_without(job, by)
        if fits(NOTHING):
            return preempting and self._promise(job)
        taken = {victim.id for victim, _ in self.evicted}
        pool = (
            v for v in reversed(placed) if v.id not in taken and (by is not Bound.USER or v.user == job.user)
        )
        chosen = victims(job, pool, fits)
        for victim in chosen:
            self._machine.room.evict(victim)
            self.evicted.append((victim, job.id))
        return bool(chosen) and self._promise(job)

    def _fits_without(self, job: Candidate, by: Bound) -> Fits:
        """A test whether a job fits once what is leaving has gone, and a further amount with it.

        Whom only her own make room for leaves what was promised behind her as it is; whoever else
        is stopped stops those behind, and fits the user's quota as it is.
        """
        group, machine, asked = self._snapshot.groups[self._name], self._machine, job.request
        own = by is Bound.USER
        mine = self._of_user(job.user) - self._snapshot.leaving.of_user(self._name, job.user)
        afterwards = machine.room.afterwards(job, behind=own)
        ours = self._held + afterwards
        return lambda freed: (
            (not own or group.user_quota.fits(mine - freed, asked))
            and group.quota.fits(ours - freed, asked)
            and not machine.stops_without(job, freed, afterwards)
        )

    def _promise(self, job: Candidate) -> bool:
        """Keep the room that is being made for a job from everyone behind it."""
        self._machine.room.promise(job)
        return True
