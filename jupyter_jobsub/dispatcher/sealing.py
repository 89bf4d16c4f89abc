"""Seals the artifacts of an attempt before its end is told, off the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from ..archive import Archive, ArtifactLimits
from ..model.job import Job, JobId
from ..scheduling import lifecycle
from ..settings import Settings
from .timers import Timers

log = logging.getLogger(__name__)

AT_ONCE = 2  # attempts whose artifacts are sealed: a job's folder may be slow to walk
RETRY = 1.0  # seconds until what failed is tried again
UNSEALED = "its artifacts could not be sealed: see the service's log"

Attempt: TypeAlias = tuple[JobId, int]


@dataclass(frozen=True)
class Kept:
    """What is kept of a job: bytes in all, and what is to be said of its artifacts."""

    bytes: int
    note: str = ""


@dataclass
class Sealing:
    """Finds out what is kept of jobs, once for each attempt.

    Parameters
    ----------
    settings:
        The limits as they are now.
    """

    archive: Archive
    settings: Callable[[], Settings]
    timers: Timers
    _kept: dict[Attempt, Kept] = field(default_factory=dict)
    _waiting: dict[Attempt, list[Callable[[], None]]] = field(default_factory=dict)
    _under_way: set[asyncio.Future[Kept]] = field(default_factory=set)
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sealing")
    )

    def sealed(self, before: Job, after: Job, again: Callable[[], None]) -> Job | None:
        """Answer a job that has moved, with what is kept of it if an attempt of it has ended.

        None: that is not known yet, and ``again`` is called when it is.
        """
        over = before.phase.placed and not after.phase.placed
        if not (over or after.phase.final):
            return after
        kept = self._find(before, again)
        if kept is None:
            return None
        return lifecycle.archived(after, kept.bytes, kept.note if over else "")

    def forget(self, job: Job) -> None:
        """Let go of what was found of an attempt whose end is stored."""
        self._kept.pop((job.id, job.attempt), None)

    def close(self) -> None:
        """Tell no more; what is under way is done again at the next start."""
        for future in self._under_way:
            future.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _find(self, job: Job, again: Callable[[], None]) -> Kept | None:
        attempt = job.id, job.attempt
        if found := self._kept.get(attempt) or self._at_once(job):
            return found
        waiting = self._waiting.setdefault(attempt, [])
        waiting.append(again)
        if len(waiting) == 1:
            self._begin(attempt)
        return None

    def _at_once(self, job: Job) -> Kept | None:
        """What there is where that costs nothing: nearly every job leaves a log alone."""
        try:
            if self.archive.artifacts.none(job.id, job.attempt) and self.archive.small(job.id):
                return Kept(self.archive.size(job.id))
        except Exception as error:  # is met again by the thread, for this job alone
            log.debug("%s can't be looked at: %s", job.id, error)
        return None

    def _begin(self, attempt: Attempt) -> None:
        limits = self.settings().artifacts
        future = asyncio.get_running_loop().run_in_executor(self._threads, self._seal, attempt, limits)
        self._under_way.add(future)
        future.add_done_callback(partial(self._done, attempt))

    def _seal(self, attempt: Attempt, limits: ArtifactLimits) -> Kept:
        note = self.archive.artifacts.seal(*attempt, limits).note
        return Kept(self.archive.size(attempt[0]), note)

    def _done(self, attempt: Attempt, future: asyncio.Future[Kept]) -> None:
        self._under_way.discard(future)
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, OSError):  # such as a full disk: this job waits, the others go on
            log.error(
                "the artifacts of %s.%d can't be sealed, trying again in %g s: %s", *attempt, RETRY, error
            )
            self.timers.set(f"artifacts of {attempt}", RETRY, partial(self._begin, attempt))
            return
        if error:
            log.error("the artifacts of %s.%d can't be sealed", *attempt, exc_info=error)
        self._kept[attempt] = Kept(0, UNSEALED) if error else future.result()
        for again in self._waiting.pop(attempt):
            again()
