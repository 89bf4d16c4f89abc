"""Pods of tasks that are over: nobody settled them before a crash, or their creation came late."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from ...model.job import JobId, TaskKey
from ..base import Over
from .errors import ApiError
from .names import Object
from .record import Records

log = logging.getLogger(__name__)


class Strays:
    """Removes them; of a job that is over, all that there is."""

    def __init__(self, records: Records, over: Over) -> None:
        self._records = records
        self.over = over
        self._removals: dict[JobId | TaskKey, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """Give up; what is left is found again at the next start."""
        for removal in self._removals.values():
            removal.cancel()
        await asyncio.gather(*self._removals.values(), return_exceptions=True)

    def remove(self, key: TaskKey, pod: Object) -> None:
        """Have a task's Pod removed; once is enough."""
        what = key.job if self.over(key.job) else key
        if what not in self._removals:
            self._removals[what] = asyncio.create_task(self._remove(what, pod))
            self._removals[what].add_done_callback(lambda _: self._removals.pop(what, None))

    async def _remove(self, what: JobId | TaskKey, pod: Object) -> None:
        log.info("%s is over, and is removed from the cluster", what)
        with contextlib.suppress(ApiError):  # else it goes with its job, or at the next start
            await (self._records.release(pod) if isinstance(what, TaskKey) else self._records.purge(what))
