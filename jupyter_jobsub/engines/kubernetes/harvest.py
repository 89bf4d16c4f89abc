"""Brings home what a task writes: its log while it runs, its artifacts when its command has ended."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from ..base import Launch
from . import names
from .api import Api
from .collect import Collector
from .errors import ApiError
from .follower import Follower
from .names import Object

LOG_GAP = "a part of its log was lost: a mark in the log says where"
PATIENCE = 600.0  # seconds that a node may not answer after all has ended there


@dataclass(frozen=True)
class Loss:
    """What could not be brought home: a part of the log, and in words what of the artifacts."""

    log: bool = False
    artifacts: str = ""

    def __str__(self) -> str:
        return "; ".join(filter(None, [LOG_GAP if self.log else "", self.artifacts]))


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
        self._api = api
        self._pod = names.pod_name(launch.key)
        self._launch = launch
        self._limit = limit
        self._collector = collector
        self._follower: Follower | None = None
        self._collecting: asyncio.Task[str] | None = None
        self._over = asyncio.Event()

    def follow(self) -> Follower:
        """Copy the log from now on; the command has been started."""
        if self._follower is None:
            self._follower = Follower(self._api, self._pod, self._launch.log, self._limit)
            self._follower.start()
        return self._follower

    def collect(self) -> None:
        """Fetch the artifacts as soon as the command has ended; it has, or is told to."""
        if self._collecting is None:
            collect = self._collector.collect(self._pod, self._launch, self._over)
            self._collecting = asyncio.create_task(collect)

    async def finish(self, pod: Object | None, *, lost: bool) -> Loss:
        """Bring home the rest of a task of which nothing runs any more.

        Parameters
        ----------
        lost:
            Its node does not answer.
        """
        self._over.set()
        if lost and self._collecting:
            self._collecting.cancel()
        collecting = self._collecting if not lost else None
        said = await (collecting or self._collector.fate(pod, self._launch))
        return Loss(await self._rest(lost), said or "")

    async def close(self) -> None:
        """Let go of what is under way; whoever takes the task over begins it again."""
        if self._collecting:
            self._collecting.cancel()
            await asyncio.gather(self._collecting, return_exceptions=True)
        if self._follower:
            await self._follower.close()
        self._collecting = self._follower = None

    async def _rest(self, lost: bool) -> bool:
        """Read the log to its end; a node that does not answer for long, while the cluster does, is lost."""
        while not lost:
            try:
                return await asyncio.wait_for(self.follow().finish(), PATIENCE)
            except asyncio.TimeoutError:
                with contextlib.suppress(ApiError):
                    await self._api.get("pods", self._pod)
                    lost = True
        return await self.follow().abandon()
