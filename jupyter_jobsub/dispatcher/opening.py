"""Opens the engine; one that is away is waited for, while people list, submit and read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ..engines.base import Engine, Observer, Over
from ..errors import EngineError, EngineUnavailable

log = logging.getLogger(__name__)

PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds until it is tried again


class Opening:
    """Tries until the engine is open.

    Parameters
    ----------
    opened:
        Is called once it is.
    """

    def __init__(self, engine: Engine, observe: Observer, over: Over, opened: Callable[[], None]) -> None:
        self._engine = engine
        self._told = observe, over
        self._opened = opened
        self._task: asyncio.Task[None] | None = None
        self.trouble = ""
        """Why it is not open yet, for people."""

    async def begin(self) -> None:
        """Open it, or go on trying.

        Raises
        ------
        EngineError
            If jobs can't run at all.
        """
        try:
            await self._engine.open(*self._told)
        except EngineUnavailable as error:
            log.warning("no job can be started for now: %s", error)
            self.trouble = str(error)
            self._task = asyncio.create_task(self._again(), name="opening")
        else:
            self._opened()

    async def close(self) -> None:
        """Try no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _again(self) -> None:
        pause = PAUSE
        while self.trouble:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
            try:
                await self._engine.open(*self._told)
                self.trouble = ""
            except EngineError as error:
                self.trouble = str(error)
        log.warning("jobs can be started again")
        self._opened()
