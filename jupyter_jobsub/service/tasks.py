"""Which task of a job is asked about."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BaseModel, Field

from ..archive import Archive
from ..errors import NotFound, UserError
from ..model.job import Job, TaskKey

Attempt: TypeAlias = Annotated[int, Field(ge=1, lt=10**9)]


class TaskQuery(BaseModel, extra="forbid", populate_by_name=True):
    """Which task, of which attempt."""

    role: str | None = Field(
        None, max_length=64, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", description="The first if missing."
    )
    task: Annotated[int, Field(ge=0, lt=10**6)] = Field(0, description="Which of the role's tasks.")
    attempt: Attempt | None = Field(None, description="The newest if missing.")

    def key(self, job: Job) -> TaskKey:
        """Name the task.

        Raises
        ------
        NotFound
            If the job has no such task or attempt.
        """
        role = self.role or next(iter(job.spec.roles))
        if self.task >= job.spec.roles.get(role, 0):
            names = ", ".join(f"{role} (tasks 0 to {n - 1})" for role, n in job.spec.roles.items())
            raise NotFound(f"{job.id} has no task {self.task} of {role}", remedy=f"there are: {names}")
        if self.attempt is not None:
            refuse_missing(job, self.attempt)
        return TaskKey(job.id, self.attempt or max(job.attempt, 1), role, self.task)


class Gone(UserError):
    """The time to live is over."""

    status = 410
    title = "Gone"


def refuse_missing(job: Job, attempt: int) -> None:
    """Refuse an attempt that there never was.

    Raises
    ------
    NotFound
        Saying which there are.
    """
    newest = max(job.attempt, 1)
    if not 1 <= attempt <= newest:
        there = "there is 1" if newest == 1 else f"there are 1 to {newest}"
        raise NotFound(f"{job.id} has no attempt {attempt}", remedy=there)


def refuse_gone(job: Job, archive: Archive, key: TaskKey) -> None:
    """Refuse what was kept of a task and is no longer.

    Raises
    ------
    Gone
        If the job's time to live is over, or it was purged.
    """
    # a task that has ended has a log, if only an empty one: its removal may not be noted yet
    if job.log_expired or (job.phase.final and job.attempt > 0 and archive.logs.info(key) is None):
        raise Gone(
            f"nothing is kept of {job.id} any more: its time to live is over, or it was purged",
            remedy="rerun the job to get its log, metrics and artifacts anew",
        )
