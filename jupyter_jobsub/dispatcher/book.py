"""What the dispatcher keeps in memory: the unfinished jobs, their queues and their holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ..model.catalog import Group
from ..model.job import Job, JobId, Micros, Phase, Reason, UserName
from ..model.resources import Resources
from ..scheduling import lifecycle
from ..scheduling.queues import Candidate, Ledger, Queue
from ..scheduling.reasons import Why, explain
from ..scheduling.standing import Decisions, Snapshot, Standing


class Book:
    """Unfinished jobs by id, and what admission looks at, kept in step.

    It knows of which groups something changed since they were last decided, so that an event costs
    a look at its own group and, where it frees capacity, at those that wait for capacity.
    """

    def __init__(self) -> None:
        self.jobs: dict[JobId, Job] = {}
        self.placed: dict[JobId, Job] = {}
        self.queues: dict[str, Queue] = {}
        self.held = Ledger()
        self._leaving = Ledger()
        self._placed: dict[str, Queue] = {}
        self._preempting: Counter[str] = Counter()
        self._standings: dict[str, Standing] = {}
        self._at_machine: dict[str, Standing] = {}  # those with a claim that other groups must heed
        self._expecting: set[str] = set()  # those who count on capacity that is kept for nobody
        self._changed: set[str] = set()
        self._waiting: Counter[UserName] = Counter()

    def put(self, job: Job) -> None:
        """Take in a job as it is stored now; an ended one that holds nothing is dropped."""
        before = self.jobs.get(job.id)
        if before is None or _seen(before) != _seen(job):
            self.drop(job.id)
            self._enter(job, 1)
        self.jobs[job.id] = job
        self.placed.pop(job.id, None)
        if job.phase.placed:
            self.placed[job.id] = job
        if job.phase.final and job.hold is None:
            del self.jobs[job.id]

    def put_newer(self, job: Job) -> None:
        """Take in a job unless a later state of it is known."""
        known = self.jobs.get(job.id)
        if known is None or known.version <= job.version:
            self.put(job)

    def drop(self, id: JobId) -> None:
        """Forget a job."""
        self.placed.pop(id, None)
        if job := self.jobs.pop(id, None):
            self._enter(job, -1)

    def _enter(self, job: Job, sign: int) -> None:
        """Write a job into the queues and ledgers, or strike it out of them."""
        entry, group = candidate(job), _group(job)
        self._changed.add(group)
        if job.phase is Phase.PENDING:
            self._move(self.queues, entry, sign)
            self._waiting[job.user] += sign
        if job.hold is None:
            return
        self.held.charge(group, job.user, job.hold * sign)
        if lifecycle.stopping(job):
            self._leaving.charge(group, job.user, job.hold * sign)
            self._preempting[group] += sign * (job.reason is Reason.PREEMPTING)
        elif job.spec.preemptible:
            self._move(self._placed, entry, sign)
        if sign < 0:  # there may be capacity now
            self._freed()
        else:
            self._changed.update(self._expecting)

    def _move(self, queues: dict[str, Queue], entry: Candidate, sign: int) -> None:
        queue = queues.setdefault(entry.group, Queue())
        if sign > 0:
            queue.add(entry)
        else:
            queue.remove(entry)

    def waiting_of(self, user: UserName) -> int:
        """How many jobs of a person wait."""
        return self._waiting[user]

    def touch(self, groups: Sequence[str] | None = None) -> None:
        """Have groups decided again, or all."""
        self._changed.update(self.queues if groups is None else groups)

    @property
    def undecided(self) -> bool:
        """Some group is to be decided."""
        return not self._changed.isdisjoint(self.queues)

    def take(self) -> list[str]:
        """The groups to decide; each is answered once."""
        changed, self._changed = self._changed & self.queues.keys(), set()
        return sorted(changed)

    def snapshot(
        self, names: Sequence[str], groups: Mapping[str, Group], capacity: Resources | None
    ) -> Snapshot:
        """What admission needs to decide some groups."""
        return Snapshot(
            queues={name: self.queues[name] for name in names},
            held=self.held,
            groups=groups,
            capacity=capacity,
            leaving=self._leaving,
            placed=self._placed,
            preempting={name for name in names if self._preempting[name]},
            standings=self._at_machine,
        )

    def decided(self, decisions: Decisions) -> None:
        """Keep how queues stand; where a claim stands no more others look again."""
        if lapsed := decisions.lapsed(self._at_machine):
            self._changed.update(lapsed)
            self._freed()
        if self._expecting and decisions.taken(self._at_machine):
            self._changed.update(self._expecting - decisions.standings.keys())
        self._standings.update(decisions.standings)
        for name, standing in decisions.standings.items():
            self._expecting.discard(name)
            if standing.expects_room:
                self._expecting.add(name)
            self._at_machine.pop(name, None)
            if standing.claims:
                self._at_machine[name] = standing

    def _freed(self) -> None:
        """Have all look again who wait for capacity, or could evict somebody if there were more of it."""
        self._changed.update(self._at_machine)
        self._changed.update(name for name, placed in self._placed.items() if len(placed))

    def why(
        self, job: Job, groups: Mapping[str, Group], capacity: Resources | None, now: Micros
    ) -> tuple[Why | None, int | None]:
        """What a waiting job waits for, and its place in its group's queue, from 1."""
        name = _group(job)
        if job.phase is not Phase.PENDING or name not in self.queues or job.id not in self.jobs:
            return None, None
        entry, standing = candidate(job), self._standings.get(name)
        why = explain(entry, standing, self.snapshot((), groups, capacity), now) if standing else None
        return why, self.queues[name].place(entry) + 1


def candidate(job: Job) -> Candidate:
    """The job as admission sees it."""
    return Candidate(
        id=job.id,
        user=job.user,
        group=_group(job),
        request=job.request,
        queued_at=job.queued_at,
        priority=job.spec.priority,
        preemptible=job.spec.preemptible,
        not_before=job.not_before,
    )


def _seen(job: Job) -> tuple[object, ...]:
    """All of a job that admission depends on."""
    pending = job.phase is Phase.PENDING
    return (
        pending,
        candidate(job),
        job.hold,
        job.hold and lifecycle.stopping(job),
        job.reason is Reason.PREEMPTING,
    )


def _group(job: Job) -> str:
    return job.spec.group or ""
