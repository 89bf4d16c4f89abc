"""Admission as the rule is written, without a thought for its cost; nobody makes room here."""

from __future__ import annotations

from jupyter_jobsub.model.job import JobId, Micros
from jupyter_jobsub.model.resources import Quota, Resources
from jupyter_jobsub.scheduling.admission import RESERVE_AFTER
from jupyter_jobsub.scheduling.queues import Candidate, Ledger
from jupyter_jobsub.scheduling.standing import Snapshot

NOTHING = Resources()


def admit(snapshot: Snapshot, now: Micros) -> list[JobId]:
    """The ids of those that start, in order."""
    return _Reference(snapshot, now).run()


class _Reference:
    def __init__(self, snapshot: Snapshot, now: Micros) -> None:
        self.snapshot = snapshot
        self.now = now
        held = snapshot.held
        self.held = Ledger(dict(held.groups), dict(held.users), held.total)
        self.admitted: list[JobId] = []
        self.stopped: set[str] = set()
        capacity = snapshot.capacity
        self.machine = (
            Quota(capacity.cpu, capacity.memory, capacity.gpus, capacity.gpu) if capacity else Quota()
        )
        self.reserved: list[tuple[str, JobId]] = []

    def run(self) -> list[JobId]:
        for job in self.long_waiting():
            if job.group in self.snapshot.queues:
                if self.head(job.group) != job:
                    continue
                self.give(job)
            if job.id not in self.admitted:
                lacks = self.machine.shortages(self.held.total, job.request)
                self.reserved += [(short.resource, job.id) for short in lacks]
        while heads := [
            head for g in self.snapshot.queues if g not in self.stopped and (head := self.head(g))
        ]:
            self.give(min(heads, key=lambda job: (self.share(job.group), job.key, job.group)))
        return self.admitted

    def long_waiting(self) -> list[Candidate]:
        if not self.snapshot.capacity:
            return []
        waits = [s.head for s in self.snapshot.standings.values() if s.head and s.head.since is not None]
        long = [w for w in waits if w.since is not None and self.now - w.since >= RESERVE_AFTER]
        return [w.job for w in sorted(long, key=lambda w: (w.since, w.job.key))]

    def head(self, name: str) -> Candidate | None:
        """The first job of a group that its quotas let start."""
        group = self.snapshot.groups[name]
        blocked = set()
        for job in self.snapshot.queues[name]:
            if job.id in self.admitted or (job.not_before is not None and self.now < job.not_before):
                continue
            bounds = (group.user_quota, group.quota, self.machine)
            if job.user in blocked or any(quota.shortages(NOTHING, job.request) for quota in bounds):
                continue
            if group.user_quota.shortages(self.held.of_user(name, job.user), job.request):
                blocked.add(job.user)
            elif group.quota.shortages(self.held.of_group(name), job.request):
                return None
            else:
                return job
        return None

    def give(self, job: Candidate) -> None:
        kept = {resource for resource, waiter in self.reserved if waiter != job.id}
        asked = {"cpu": job.request.cpu, "gpu": job.request.gpus, **job.request.gpu}
        if self.machine.shortages(self.held.total, job.request) or any(asked.get(name) for name in kept):
            self.stopped.add(job.group)
        else:
            self.held.charge(job.group, job.user, job.request)
            self.admitted.append(job.id)

    def share(self, name: str) -> float:
        capacity, held = self.snapshot.capacity, self.held.of_group(name)
        if capacity is None:
            return 0.0
        parts = [(held.cpu, capacity.cpu), (held.gpus, capacity.gpus), (held.memory, capacity.memory)]
        parts += [(held.gpu.get(t, 0), n) for t, n in capacity.gpu.items()]
        return max((used / have for used, have in parts if have), default=0.0)
