"""How fast the API server is asked: a token bucket that rests when the server says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic


class Throttle:
    """At most ``burst`` requests at once and ``rate`` a second from then on, in the order of asking.

    Parameters
    ----------
    rate:
        Requests a second.
    burst:
        How many may go together after a pause.
    """

    def __init__(
        self,
        rate: float,
        burst: int,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate = rate
        self._credit = (burst - 1) / rate  # seconds that may be caught up
        self._clock = clock
        self._sleep = sleep
        self._next = clock() - self._credit

    async def take(self) -> None:
        """Wait for one's turn; the turn of who gives up waiting is lost."""
        now = self._clock()
        turn = max(self._next, now - self._credit)
        self._next = turn + 1 / self._rate
        if turn > now:
            await self._sleep(turn - now)

    def rest(self, seconds: float) -> None:
        """Let nobody ask for so long, and then not all at once."""
        self._next = max(self._next, self._clock() + seconds)
