"""When a task's time is over, on the event loop's clock, which no step of the wall clock moves."""

from __future__ import annotations

import asyncio

from ...model.job import Micros
from .verdict import Seen

SECOND = 1_000_000  # µs; also how exactly a Pod says when its command was started
AGAIN = 5.0  # seconds until what was killed, and is still there, is killed again


class Dues:
    """A task's deadline, and the end of its grace."""

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._idle: float | None = None  # when it was last seen not to have been started
        self._late: float | None = None
        self._grace: float | None = None
        self._graced: float | None = None

    @property
    def late(self) -> bool:
        """Its command has run for as long as it may."""
        return self._late is not None and self._now() >= self._late

    @property
    def graced(self) -> bool:
        """It was told to end, and has had its grace."""
        return self._graced is not None and self._now() >= self._graced

    def look(self, seen: Seen, grace: float | None, deadline: float | None, now: Micros) -> None:
        """Take in how a task stands.

        Parameters
        ----------
        grace:
            Seconds that its Pod says it has to end, if it was told to; the least of them counts.
        deadline:
            Seconds that its command may run.
        now:
            The wall clock; with what its node's says it tells how long a command has run that was not
            seen to start.
        """
        if seen.started_at is not None and deadline is not None and self._late is None:
            ran = max(0, now - seen.started_at - SECOND) / SECOND
            at_most = ran if self._idle is None else self._now() - self._idle
            self._late = self._now() + deadline - min(ran, at_most)
        if grace is not None and (self._grace is None or grace < self._grace):
            self._grace = grace
            self._graced = min(self._now() + grace, self._graced or float("inf"))
        if seen.started_at is None:
            self._idle = self._now()

    def killed(self) -> None:
        """Give what was killed the time to be gone."""
        self._graced = self._now() + AGAIN

    def pause(self) -> float | None:
        """Seconds until something is due that is not yet."""
        now = self._now()
        return min(
            (due - now for due in (self._late, self._graced) if due is not None and due > now), default=None
        )
