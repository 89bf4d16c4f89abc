"""What changes of a running job without a commit: its progress, and what it uses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from ..archive import LogArchive, LogInfo
from ..archive.changes import Change
from ..model.job import Job, JobId, Micros, Phase, TaskKey
from ..model.progress import Progress, parse_progress, remaining

log = logging.getLogger(__name__)

TAIL = 65536  # bytes of a running job's log in which its progress is looked for
LOG_PACE, EVENTS_PACE = 1.0, 2.0  # seconds between two changes of a job, for its follower and for a list


class Reader(Protocol):
    """Who is told."""

    pace: float | None

    def wants(self, job: Job, /) -> bool:
        """Whether the reader sees the job."""

    def tell(self, job: Job) -> None:
        """Take a running job whose row has changed."""


def progress_log(job: Job) -> TaskKey:
    """Name the log that the job's progress is read from: that of its first task."""
    return TaskKey(job.id, job.attempt, next(iter(job.spec.roles)), 0)


def _read(archive: LogArchive, key: TaskKey, info: LogInfo | None) -> Progress | None:
    if info is None:
        return None
    start = max(0, info.size - TAIL, *(gap.end for gap in info.gaps))
    return parse_progress(archive.read(key, start, TAIL).data)


class Live:
    """Tells readers when the row of a running job changes without a commit.

    A job is looked at only while somebody reads, when its log has grown or when `touch` says so,
    and no more often than the reader's pace; what came meanwhile is told after it.
    """

    def __init__(self, archive: LogArchive) -> None:
        self.running: dict[JobId, Job] = {}
        self._archive = archive
        self._readers: set[Reader] = set()
        self._watches: dict[tuple[JobId, float], _Watch] = {}
        self._reached: dict[JobId, tuple[Progress, float]] = {}  # and when, in seconds of running

    def progress(self, job: Job, now: Micros) -> tuple[Progress, int | None] | None:
        """Read how far a running job says it is, and estimate how many seconds are left."""
        key = progress_log(job)
        try:
            found = _read(self._archive, key, self._archive.info(key))
        except OSError:  # a log that can't be read now is no reason to show no job
            return None
        if found is None or job.started_at is None:
            return None
        ran = max(0, now - job.started_at) / 1e6
        known, reached = self._reached.get(job.id, (found, ran))
        if known.fraction != found.fraction:
            reached = ran
        if job.id in self.running:
            self._reached[job.id] = found, reached
        return found, remaining(found.fraction, reached, ran)

    def touch(self, ids: Iterable[JobId]) -> None:
        """Have the rows of these jobs told again: something else than their progress has changed."""
        wanted = set(ids)
        for (id, _), watch in self._watches.items():
            if id in wanted:
                watch.touch()

    def take(self, job: Job, *, deleted: bool = False) -> None:
        """Learn what a commit has made of a job."""
        if job.phase is Phase.RUNNING and not deleted:
            self.running[job.id] = job
            for reader in self._readers:
                self._watch(job, reader)
        elif self.running.pop(job.id, None):
            self._reached.pop(job.id, None)
            self._drop(lambda id, pace: id == job.id)

    def join(self, reader: Reader) -> None:
        """Tell a reader from now on."""
        if reader.pace is not None:
            self._readers.add(reader)
            for job in self.running.values():
                self._watch(job, reader)

    def show(self, reader: Reader) -> None:
        """Tell a reader every running job as it is now."""
        for job in filter(reader.wants, self.running.values()):
            reader.tell(job)

    def leave(self, reader: Reader) -> None:
        """Tell a reader nothing more."""
        self._readers.discard(reader)
        self._drop(lambda id, pace: pace == reader.pace and not self._of(self.running[id], pace))

    def close(self) -> None:
        """Tell nobody anything more."""
        self._readers.clear()
        self._drop(lambda id, pace: True)

    def _watch(self, job: Job, reader: Reader) -> None:
        assert reader.pace is not None
        place = job.id, reader.pace
        if place not in self._watches and reader.wants(job):
            self._watches[place] = _Watch(self._archive, job, reader.pace, lambda: self._tell(*place))

    def _tell(self, id: JobId, pace: float) -> None:
        for reader in self._of(self.running[id], pace):
            reader.tell(self.running[id])

    def _of(self, job: Job, pace: float) -> list[Reader]:
        return [reader for reader in self._readers if reader.pace == pace and reader.wants(job)]

    def _drop(self, unwanted: Callable[[JobId, float], bool]) -> None:
        for place in [place for place in self._watches if unwanted(*place)]:
            self._watches.pop(place).close()


class _Watch:
    """Looks at one job at one pace."""

    def __init__(self, archive: LogArchive, job: Job, pace: float, tell: Callable[[], None]) -> None:
        self._archive = archive
        self._key = progress_log(job)
        self._pace = pace
        self._tell = tell
        self._touched = False
        self._change: Change | None = None
        self._seen = self._look()
        self._task = asyncio.create_task(self._run(), name=f"live {job.id}")

    def touch(self) -> None:
        """Tell at the next occasion."""
        self._touched = True
        if self._change is not None and not self._change.done():
            self._change.set_result(None)

    def close(self) -> None:
        """End."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            before, progress = self._seen
            if not self._touched:
                with self._archive.expect(self._key, before) as self._change:
                    await self._change
            try:
                self._seen = self._look()
            except OSError as error:
                log.warning("the progress of %s can't be read: %s", self._key.job, error)
            if self._touched or self._seen[1] != progress:
                self._touched = False
                self._tell()
            await asyncio.sleep(self._pace)

    def _look(self) -> tuple[LogInfo | None, Progress | None]:
        info = self._archive.info(self._key)
        return info, _read(self._archive, self._key, info)
