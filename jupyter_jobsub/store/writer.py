"""Share commits: what waits in one turn of the event loop is one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeAlias, TypeVar

from .writes import Batch

T = TypeVar("T")
Work: TypeAlias = Callable[[Batch], T]
Waiting: TypeAlias = tuple[Work[Any], "asyncio.Future[Any]"]


class Writer:
    """Runs writes in groups, each of which commits whole.

    A write that fails takes nobody with it: its group is rolled back and each runs alone.

    Parameters
    ----------
    transaction:
        Begins, and commits at the end of the ``with`` block or rolls back.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[Batch]]) -> None:
        self._transaction = transaction
        self._waiting: list[Waiting] = []

    async def run(self, work: Work[T]) -> T:
        """Do the work in the next transaction; return when that is committed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self.flush)
        self._waiting.append((work, future))
        return await future

    def flush(self) -> None:
        """Commit whatever waits, now."""
        waiting, self._waiting = self._waiting, []
        if group := [(work, future) for work, future in waiting if not future.done()]:
            self._settle(group)

    def _settle(self, group: Sequence[Waiting]) -> None:
        begun = False
        try:
            with self._transaction() as batch:
                begun = True
                answers = [work(batch) for work, _ in group]
        except Exception as error:
            self._settle_failed(group, error, begun)
        else:
            for (_, future), answer in zip(group, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

    def _settle_failed(self, group: Sequence[Waiting], error: Exception, begun: bool) -> None:
        if begun and len(group) > 1:
            for one in group:
                self._settle([one])
            return
        for _, future in group:
            future.set_exception(error)
