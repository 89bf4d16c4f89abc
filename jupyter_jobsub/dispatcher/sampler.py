"""Looks at what tasks use, every few seconds while anything runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping

from ..archive import MetricsArchive
from ..engines.base import Engine
from ..model.job import Job, JobId, Micros, TaskKey
from ..model.metrics import PERIOD, Sample, Usage, at_start, usage
from ..scheduling.lifecycle import SECOND
from .timers import Timers

log = logging.getLogger(__name__)

BATCH = 50  # jobs that listeners hear of at once: each may have a row to make, and requests come between
SHORTEST = 1.0  # seconds: in less than that too little is used to tell a rate


class Sampler:
    """Keeps the newest usage of every task that runs, and its archive.

    Looks fall on the clock's tens of seconds, so that each has a step of its own in the archive. What
    takes time is done in threads; while nothing runs there is no timer.

    Parameters
    ----------
    placed:
        The jobs that may have running tasks, as they are now.
    """

    def __init__(
        self,
        engine: Engine,
        archive: MetricsArchive,
        clock: Callable[[], Micros],
        timers: Timers,
        placed: Mapping[JobId, Job],
    ) -> None:
        self._engine = engine
        self._archive = archive
        self._clock = clock
        self._timers = timers
        self._placed = placed
        self._samples: dict[TaskKey, Sample] = {}
        self._newest: dict[TaskKey, Usage] = {}
        self._look: asyncio.Task[None] | None = None
        self._writes = True
        self.listeners: list[Callable[[Iterable[JobId]], None]] = []  # told whose usage is new

    def begin(self) -> None:
        """See that what runs is looked at from now on."""
        if self._look is None:
            pause = PERIOD - self._clock() / SECOND % PERIOD
            self._timers.keep("sample", pause if pause > SHORTEST else pause + PERIOD, self._start)

    def usage(self, id: JobId) -> list[Usage]:
        """The newest usage of each of a job's running tasks, as far as it is known."""
        job = self._placed.get(id)
        running = (task.key for task in job.tasks if task.finished_at is None) if job else ()
        return [self._newest[key] for key in running if key in self._newest]

    async def close(self) -> None:
        """Look no more."""
        self._placed = {}
        self._timers.cancel("sample")
        if self._look:
            self._look.cancel()
            await asyncio.wait([self._look])

    def _start(self) -> None:
        self._look = asyncio.create_task(self._run(), name="sample")

    async def _run(self) -> None:
        try:
            await self._sample()
        except Exception:
            log.exception("what tasks use can't be told; trying again in %d s", PERIOD)
        finally:
            self._look = None
            if self._placed:
                self.begin()
            else:
                self._samples, self._newest = {}, {}

    async def _sample(self) -> None:
        started = {
            task.key: task.started_at
            for job in self._placed.values()
            for task in job.tasks
            if task.started_at is not None and task.finished_at is None
        }
        samples = await self._engine.sample(list(started)) if started else {}
        before = {key: self._before(key, sample, started[key]) for key, sample in samples.items()}
        self._samples = {key: self._samples[key] for key in started if key in self._samples} | dict(samples)
        self._newest = await asyncio.to_thread(self._keep, before, samples)
        jobs = list({key.job for key in samples})
        for begin in range(0, len(jobs), BATCH):
            for listener in self.listeners:
                listener(jobs[begin : begin + BATCH])
            await asyncio.sleep(0)

    def _before(self, key: TaskKey, sample: Sample, started: Micros) -> Sample | None:
        """The sample before; for a task that was started since, that of its start."""
        recent = sample.at - started < 1.5 * PERIOD * SECOND
        return self._samples.get(key) or (at_start(started) if recent else None)

    def _keep(
        self, before: Mapping[TaskKey, Sample | None], samples: Mapping[TaskKey, Sample]
    ) -> dict[TaskKey, Usage]:
        """Work out and write, in a thread, what was used since; a full disk hides nothing but the past."""
        found = {key: usage(before[key], sample) for key, sample in samples.items()}
        failure = None
        for key, one in found.items():
            try:
                self._archive.append(key, one)
            except FileNotFoundError:  # nothing of its job is kept any more
                continue
            except OSError as error:
                failure = error
        if failure and self._writes:
            log.error("what tasks use can't be written, trying again every %d s: %s", PERIOD, failure)
        self._writes = failure is None
        return found
