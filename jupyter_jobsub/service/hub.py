"""Who reads what happens, and what each of them has not had yet."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import UserError
from ..model.job import Job, JobId
from ..policy import Person
from ..store.base import Committed, Store
from .live import Live

if TYPE_CHECKING:
    from collections.abc import Iterator

KEEP_ALIVE = 15.0  # seconds
BACKLOG = 2000  # commits; a reader that is further behind is cut off and resumes


class TooManyStreams(UserError):
    """One person has too many event streams open."""

    status = 429
    title = "Too many streams"


class Subscription:
    """What a reader has not had yet: commits in their order, then jobs whose row has changed without one.

    Of these only the newest state waits, so that a slow reader is never far behind.

    Parameters
    ----------
    wants:
        Which jobs the reader sees.
    pace:
        Seconds between two changes of a job without a commit; None: the reader wants none of them.
    """

    def __init__(self, wants: Callable[[Job], bool], pace: float | None = None) -> None:
        self.wants = wants
        self.pace = pace
        self._commits: deque[Committed | None] = deque()
        self._changed: dict[JobId, Job] = {}
        self._arrived = asyncio.Event()

    def put(self, change: Committed | None) -> None:
        """Take a commit; None, also after too many of them, ends the reader."""
        if len(self._commits) <= BACKLOG:
            self._commits.append(change if len(self._commits) < BACKLOG else None)
        if change is not None:
            self._changed.pop(change.job.id, None)  # the commit's row says it too
        self._arrived.set()

    def tell(self, job: Job) -> None:
        """Take a job whose row has changed without a commit."""
        self._changed[job.id] = job
        self._arrived.set()

    async def next(self, timeout: float = KEEP_ALIVE) -> Committed | None:
        """The next commit, or a job as it was when it was told.

        Raises
        ------
        asyncio.TimeoutError
            If there is none for a while.
        """
        while not (self._commits or self._changed):
            self._arrived.clear()
            await asyncio.wait_for(self._arrived.wait(), timeout)
        if self._commits:
            return self._commits.popleft()
        return Committed(self._changed.pop(next(iter(self._changed))))


class Hub:
    """Spreads what happens to subscriptions."""

    def __init__(self, store: Store, live: Live) -> None:
        self.live = live
        self._subscriptions: set[Subscription] = set()
        self._stirred: set[asyncio.Event] = set()
        self._by_person: dict[str, int] = {}
        self.passive = 0  # readers that don't need the service
        self.changed: Callable[[], None] = lambda: None  # is told when that number changes
        store.listeners.append(self._spread)

    def __len__(self) -> int:
        return len(self._subscriptions)

    @contextmanager
    def subscribe(self, wants: Callable[[Job], bool], pace: float | None = None) -> Iterator[Subscription]:
        """Collect what happens from now on."""
        subscription = Subscription(wants, pace)
        self._subscriptions.add(subscription)
        self.live.join(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            self.live.leave(subscription)

    @contextmanager
    def stirring(self) -> Iterator[asyncio.Event]:
        """Set an event at each commit: what other jobs wait for may have changed with it."""
        stirred = asyncio.Event()
        self._stirred.add(stirred)
        try:
            yield stirred
        finally:
            self._stirred.discard(stirred)

    @contextmanager
    def admitted(self, person: Person, limit: int) -> Iterator[None]:
        """Count a person's stream while it is open.

        Raises
        ------
        TooManyStreams
            Over the limit.
        """
        count = self._by_person.get(person.name, 0)
        if count >= limit:
            raise TooManyStreams(
                f"you follow {limit} jobs or events already",
                remedy="close some: live views in notebooks count, and logs that are followed",
            )
        self._by_person[person.name] = count + 1
        try:
            yield
        finally:
            self._by_person[person.name] -= 1

    @contextmanager
    def counted(self, *, passive: bool) -> Iterator[None]:
        """Count a passive reader while it is there."""
        self.passive += passive
        self.changed()
        try:
            yield
        finally:
            self.passive -= passive
            self.changed()

    def close(self) -> None:
        """End every reader."""
        for subscription in self._subscriptions:
            subscription.put(None)
        self.live.close()

    def _spread(self, changes: Sequence[Committed]) -> None:
        for stirred in self._stirred:
            stirred.set()
        for change in changes:
            self.live.take(change.job, deleted=change.deleted)
            for subscription in self._subscriptions:
                if subscription.wants(change.job):
                    subscription.put(change)
