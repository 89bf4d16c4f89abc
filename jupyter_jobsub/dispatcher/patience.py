"""How long jobs are waited for: until they start, and until their back-off is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..model.job import Job, JobId, Phase
from ..model.observation import Waiting
from ..scheduling import lifecycle
from ..settings import Settings
from .timers import Timers


@dataclass
class Patience:
    """At most one timer a job, by its phase.

    Parameters
    ----------
    settings:
        The limits as they are now.
    timers:
        Where the jobs' timers are, by their ids.
    tell:
        Tells a job a fact.
    """

    settings: Callable[[], Settings]
    timers: Timers
    tell: Callable[[JobId, Callable[[Job], Job]], None]

    def watch(self, job: Job) -> None:
        """Wait for a job as it is now."""
        settings = self.settings()
        if job.phase is Phase.PREPARING and not lifecycle.stopping(job):
            self._begin(job, settings.start_timeout, lifecycle.requeue)
        elif job.phase is Phase.PENDING and job.not_before is not None:
            # the clock may have been set back before this service was started
            pause = max(0, min(job.not_before - settings.clock(), lifecycle.back_off(job)))
            self._begin(job, pause / lifecycle.SECOND, lifecycle.backed_off_enough)
        else:
            self.timers.cancel(job.id)

    def learn(self, job: Job | None, fact: Waiting) -> None:
        """Give a start whose image is being pulled the time, from its admission on, that this may take."""
        if not job or job.attempt != fact.key.attempt or not fact.pulling:
            return
        if job.phase is Phase.PREPARING and not lifecycle.stopping(job):
            settings = self.settings()
            since = max(0, settings.clock() - (job.admitted_at or 0))
            self.timers.cancel(job.id)
            self._begin(job, max(0, settings.pull_timeout - since / lifecycle.SECOND), lifecycle.requeue)

    def _begin(self, job: Job, seconds: float, fact: Callable[[Job], Job]) -> None:
        self.timers.keep(job.id, seconds, lambda: self.tell(job.id, fact))
