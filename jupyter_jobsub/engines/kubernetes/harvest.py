"""Brings home what a task writes: its log while it runs, its artifacts when its command has ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..base import Launch
from . import names
from .api import Api
from .collect import Collector
from .collect import lost as fate
from .follower import Follower
from .names import Object


@dataclass(frozen=True)
class Loss:
    """What could not be brought home: a part of the log, and in words what of the artifacts."""

    log: bool = False
    artifacts: str = ""


class Harvest:
    """What one task writes.

    Parameters
    ----------
    launch:
        Says where in the archive it goes.
    limit:
        Bytes that are kept of the log; 0 keeps all.
    """

    def __init__(self, api: Api, collector: Collector, launch: Launch, limit: int) -> None:
        self._pod = names.pod_name(launch.key)
        self._launch = launch
        self._collector = collector
        self._follower = Follower(api, self._pod, launch.log, limit)
        self._following = False
        self._collecting: asyncio.Task[str] | None = None

    def follow(self) -> None:
        """Copy the log from now on; the command has been started."""
        if not self._following:
            self._following = True
            self._follower.start()

    def collect(self) -> None:
        """Fetch the artifacts; the command has ended, and they wait for that."""
        if self._collecting is None:
            self._collecting = asyncio.create_task(self._collector.collect(self._pod, self._launch))

    async def finish(self, pod: Object | None, *, lost: bool) -> Loss:
        """Bring home the rest of a task of which nothing runs any more.

        Parameters
        ----------
        lost:
            Nobody answers who could give more.
        """
        if lost and self._collecting:
            self._collecting.cancel()
        said = await self._collecting if self._collecting and not lost else fate(pod)
        self.follow()
        return Loss(await self._follower.finish(), said or "")

    async def close(self) -> None:
        """Let go of what is under way; whoever takes the task over begins it again."""
        if self._collecting:
            self._collecting.cancel()
            await asyncio.gather(self._collecting, return_exceptions=True)
        await self._follower.close()
