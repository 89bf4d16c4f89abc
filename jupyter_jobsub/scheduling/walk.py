"""The steps of a decision: one group's queue, walked in order, and the machine that all groups share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from ..model.catalog import Group
from ..model.job import JobId, Micros, UserName
from ..model.resources import Quota, Resources
from .preemption import Fits, Room, victims
from .queues import NOTHING, Candidate, Key
from .standing import Bound, Snapshot, Standing, Stop


def never_fits(request: Resources, group: Group, machine: Quota) -> bool:
    """Say whether the request is over a bound even when nothing else runs."""
    fits = group.user_quota.fits(NOTHING, request) and group.quota.fits(NOTHING, request)
    return not (fits and machine.fits(NOTHING, request))


def as_quota(capacity: Resources | None) -> Quota:
    """What a machine has, as a bound; a type of GPU that it lacks is bounded by the total."""
    if capacity is None:
        return Quota()
    return Quota(capacity.cpu, capacity.memory, capacity.gpus, capacity.gpu)


class Machine:
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
        used = self.total + self.room.kept_but(job.group) + more
        if not self.quota.fits(used, job.request):
            return Bound.CAPACITY, None
        asked = job.request.named if self.reserved else {}
        return next(
            ((Bound.RESERVED, waiter) for name, waiter in self.reserved.items() if asked.get(name)), None
        )

    def reserve(self, job: Candidate) -> None:
        """Let no other job start using what this one lacks."""
        if self.capacity and len(self.reserved) < len(self.capacity.named):
            used = self.total + self.room.kept_but("")
            for short in self.quota.shortages(used, job.request):
                self.reserved.setdefault(short.resource, job)

    def share(self, held: Resources) -> float:
        """The largest part of any resource that an amount is."""
        if self.capacity is None:
            return 0.0
        amounts = held.named
        return max((amounts.get(name, 0) / n for name, n in self.capacity.named.items() if n), default=0.0)


class Walk:
    """One group's queue, as far as its quotas let it."""

    def __init__(self, name: str, snapshot: Snapshot, machine: Machine, now: Micros) -> None:
        self.evicted: dict[JobId, JobId] = {}
        self._name = name
        self._group = snapshot.groups.get(name)
        self._snapshot = snapshot
        self._machine = machine
        self._now = now
        self._before = snapshot.standings.get(name, Standing())
        self._promised = {job.id for job in self._before.promised}
        self._held = snapshot.held.of_group(name)
        self._users: dict[UserName, Resources] = {}
        self._blocked: dict[UserName, Stop] = {}
        self._stop: Stop | None = None
        self._fitting = self._walk(self._group) if self._group else iter(())
        self.head = next(self._fitting, None)

    def __lt__(self, other: Walk) -> bool:
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
        return Stop(job, by, since, *self._make_room(job, by), kept_for)

    def _make_room(self, job: Candidate, by: Bound) -> tuple[bool, bool]:
        """Say whether jobs of a lower rank make room, choosing them if nobody does yet; or others do."""
        placed = self._snapshot.placed.get(self._name, ())
        preempting = self._name in self._snapshot.preempting
        if by is Bound.RESERVED or not (placed or preempting):
            return False, False
        if preempting and job.id in self._promised:
            return self._promise(job), False  # what was chosen for it is on its way: no second set
        fits = self._fits_without(job, by)
        if fits(NOTHING):
            return preempting and self._promise(job), not preempting
        pool = self._worst.get(job.user, ()) if by is Bound.USER else reversed(placed)
        chosen = victims(job, (victim for victim in pool if victim.id not in self.evicted), fits)
        for victim in chosen:
            self._machine.room.evict(victim)
            self.evicted[victim.id] = job.id
        return bool(chosen) and self._promise(job), False

    @cached_property
    def _worst(self) -> Mapping[UserName, Sequence[Candidate]]:
        """Whom each person could have make room, the worst first."""
        found: dict[UserName, list[Candidate]] = {}
        for job in reversed(self._snapshot.placed.get(self._name, ())):
            found.setdefault(job.user, []).append(job)
        return found

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
