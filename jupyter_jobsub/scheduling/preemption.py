"""Who makes room for a job that may not wait: the worst placed, and no more of them than it takes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

from ..model.resources import Resources
from .queues import NOTHING, Candidate, Key, Ledger

Fits = Callable[[Resources], bool]
"""Says whether the waiter fits once an amount has been given back."""


def victims(waiter: Candidate, placed: Iterable[Candidate], fits: Fits) -> list[Candidate]:
    """Choose whom to evict.

    Parameters
    ----------
    placed:
        Preemptible jobs that hold something, the worst by K first.

    Returns
    -------
    list
        None of which can be spared; empty if the waiter would not fit even then. All are of a lower
        rank than the waiter: age alone never preempts, so that no two jobs evict each other.
    """
    chosen: list[Candidate] = []
    freed = NOTHING
    for job in placed:
        if job.rank <= waiter.rank:
            break
        chosen.append(job)
        freed = freed + job.request
        if fits(freed):
            return _pruned(chosen, freed, fits)
    return []


def _pruned(chosen: list[Candidate], freed: Resources, fits: Fits) -> list[Candidate]:
    needed = []
    for job in reversed(chosen):  # the best placed is spared first
        without = freed - job.request
        if fits(without):
            freed = without
        else:
            needed.append(job)
    return needed


class Room:
    """Room that is being made: what is leaving, and for whom it is kept, by group.

    A promise is charged beyond what is leaving, so that nobody takes what becomes free. It binds
    other groups and whoever stands behind in the same queue, which is asked about in its order.
    """

    def __init__(self, leaving: Ledger, promised: Iterable[Candidate]) -> None:
        self._ledger = leaving
        self._groups: dict[str, _Kept] = {}
        self._kept = NOTHING  # beyond the holds of all groups
        for job in promised:
            self.promise(job)

    def promise(self, job: Candidate) -> None:
        """Keep room for a job."""
        self._count(self._of(job.group), lambda kept: kept.add(job))

    def taken(self, job: Candidate) -> None:
        """Let a job have what was promised to it."""
        if job.group in self._groups:
            self._count(self._groups[job.group], lambda kept: kept.discard(job))

    def evict(self, job: Candidate) -> None:
        """Count a job as leaving."""
        self._count(self._of(job.group), lambda kept: kept.leave(job))

    def charged(self, group: str, held: Resources, before: Key) -> Resources:
        """What a group is charged: its holds, and beyond them what was promised before a key."""
        kept = self._groups.get(group)
        return held + kept.before(before).above(kept.leaving) if kept and kept.jobs else held

    def kept_but(self, group: str) -> Resources:
        """What all groups but one are charged beyond their holds."""
        kept = self._groups.get(group)
        return self._kept - kept.beyond if kept else self._kept

    def afterwards(self, job: Candidate, *, behind: bool) -> Resources:
        """How a group's holds will have changed when all that is leaving has gone and the promised have come.

        Parameters
        ----------
        behind:
            Also those behind the job.
        """
        kept = self._of(job.group)
        return (kept.but(job) if behind else kept.before(job.key)) - kept.leaving

    def _of(self, group: str) -> _Kept:
        if group not in self._groups:
            self._groups[group] = _Kept(self._ledger.of_group(group))
        return self._groups[group]

    def _count(self, kept: _Kept, change: Callable[[_Kept], None]) -> None:
        before = kept.beyond
        change(kept)
        kept.beyond = kept.total.above(kept.leaving)
        self._kept = self._kept + kept.beyond - before


class _Kept:
    """What is leaving in a group, and its promises in order of K."""

    def __init__(self, leaving: Resources) -> None:
        self.leaving = leaving
        self.jobs: list[Candidate] = []
        self.total = NOTHING
        self.beyond = NOTHING
        self._passed = 0  # of the jobs, those whose sum is kept
        self._sum = NOTHING

    def add(self, job: Candidate) -> None:
        place = self._place(job)
        if self.jobs[place : place + 1] != [job]:
            self.jobs.insert(place, job)
            self.total = self.total + job.request

    def discard(self, job: Candidate) -> None:
        place = self._place(job)
        if self.jobs[place : place + 1] == [job]:
            del self.jobs[place]
            self.total = self.total - job.request

    def leave(self, job: Candidate) -> None:
        self.leaving = self.leaving + job.request

    def before(self, key: Key) -> Resources:
        """The sum of what was promised before a key, which never goes back."""
        while self._passed < len(self.jobs) and self.jobs[self._passed].key < key:
            self._sum = self._sum + self.jobs[self._passed].request
            self._passed += 1
        return self._sum

    def but(self, job: Candidate) -> Resources:
        """The sum of all that was promised to others."""
        mine = self.jobs[(place := self._place(job)) : place + 1] == [job]
        return self.total - job.request if mine else self.total

    def _place(self, job: Candidate) -> int:
        return bisect_left(self.jobs, job.key, key=lambda other: other.key)
