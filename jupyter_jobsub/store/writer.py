"""Share commits: what waits at the same moment is one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from ..errors import StoreUnavailable
from .writes import Batch

T = TypeVar("T")
Work: TypeAlias = Callable[[Batch], T]
Waiting: TypeAlias = tuple[Work[Any], "asyncio.Future[Any]"]


class Writer:
    """Runs writes in groups, each of which commits whole.

    A write that fails takes nobody with it: its group is rolled back and each runs alone.

    Parameters
    ----------
    commit:
        Does all of it in one transaction and gives their answers, or raises and has changed nothing.
    """

    def __init__(self, commit: Callable[[Sequence[Work[Any]]], Awaitable[list[Any]]]) -> None:
        self._commit = commit
        self._waiting: list[Waiting] = []
        self._flushing: asyncio.Task[None] | None = None

    async def run(self, work: Work[T]) -> T:
        """Do the work in the next transaction; return when that is committed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((work, future))
        if self._flushing is None:
            self._flushing = loop.create_task(self._flush())
        return await future

    async def finish(self) -> None:
        """Commit whatever waits."""
        if self._flushing:
            await self._flushing

    async def _flush(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            if group := [(work, future) for work, future in waiting if not future.done()]:
                await self._settle(group)
        self._flushing = None

    async def _settle(self, group: Sequence[Waiting]) -> None:
        try:
            answers = await self._commit([work for work, _ in group])
        except Exception as error:
            await self._settle_failed(group, error)
        else:
            for (_, future), answer in zip(group, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    async def _settle_failed(self, group: Sequence[Waiting], error: Exception) -> None:
        if len(group) > 1 and not isinstance(error, StoreUnavailable):
            for one in group:
                await self._settle([one])
            return
        for _, future in group:
            if not future.done():
                future.set_exception(error)
