"""What the dispatcher keeps in memory: the unfinished jobs, their queues and their holds."""

from __future__ import annotations

from ..model.job import Job, JobId, Phase, UserName
from ..scheduling.admission import Block, Candidate, Ledger, Queue, Standing


class Book:
    """Unfinished jobs by id, each group's queue, and the ledger of holds, kept in step."""

    def __init__(self) -> None:
        self.jobs: dict[JobId, Job] = {}
        self.queues: dict[str, Queue] = {}
        self.standings: dict[str, Standing] = {}
        self.held = Ledger()
        self._waiting: dict[UserName, int] = {}

    def put(self, job: Job) -> None:
        """Take in a job as it is stored now; an ended one that holds nothing is dropped."""
        self.drop(job.id)
        if job.phase.final and job.hold is None:
            return
        self.jobs[job.id] = job
        if job.hold is not None:
            self.held.charge(_group(job), job.user, job.hold)
        if job.phase is Phase.PENDING:
            self.queues.setdefault(_group(job), Queue()).add(candidate(job))
            self._waiting[job.user] = self._waiting.get(job.user, 0) + 1

    def put_newer(self, job: Job) -> None:
        """Take in a job unless a later state of it is known."""
        known = self.jobs.get(job.id)
        if known is None or known.version <= job.version:
            self.put(job)

    def drop(self, id: JobId) -> None:
        """Forget a job."""
        job = self.jobs.pop(id, None)
        if job is None:
            return
        if job.hold is not None:
            self.held.charge(_group(job), job.user, job.hold * -1)
        if job.phase is Phase.PENDING:
            self.queues[_group(job)].remove(candidate(job))
            self._waiting[job.user] -= 1

    def waiting_of(self, user: UserName) -> int:
        """How many jobs of a person wait."""
        return self._waiting.get(user, 0)

    def why(self, job: Job) -> tuple[Block | None, int | None]:
        """What a waiting job waits for, and its place in its group's queue, from 1."""
        queue = self.queues.get(_group(job))
        if job.phase is not Phase.PENDING or queue is None or job.id not in self.jobs:
            return None, None
        entry = candidate(job)
        standing = self.standings.get(_group(job))
        return standing.explain(entry) if standing else None, queue.place(entry) + 1


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
        name=job.spec.name or "",
    )


def _group(job: Job) -> str:
    return job.spec.group or ""
