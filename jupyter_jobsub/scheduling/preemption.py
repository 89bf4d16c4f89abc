"""Who makes room for a job that may not wait: the worst placed, and no more of them than it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..model.job import JobId
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
    other groups and whoever stands behind in the same queue.
    """

    def __init__(self, leaving: Ledger, promised: Iterable[Candidate]) -> None:
        self._before = leaving
        self._evicted: dict[str, Resources] = {}
        self._promised: dict[str, dict[JobId, Candidate]] = {}
        for job in promised:
            self.promise(job)

    def promise(self, job: Candidate) -> None:
        """Keep room for a job."""
        self._promised.setdefault(job.group, {})[job.id] = job

    def taken(self, job: Candidate) -> None:
        """Let a job have what was promised to it."""
        if job.group in self._promised:
            self._promised[job.group].pop(job.id, None)

    def evict(self, job: Candidate) -> None:
        """Count a job as leaving."""
        self._evicted[job.group] = self._evicted.get(job.group, NOTHING) + job.request

    def charged(self, group: str, held: Resources, before: Key | None = None) -> Resources:
        """What a group is charged: its holds, and beyond them what it was promised, or was before a key."""
        if not self._promised.get(group):
            return held
        return held + self._sum(group, before).above(self._leaving(group))

    def kept_in_others(self, group: str) -> Resources:
        """What all other groups are charged beyond their holds."""
        return sum((self.charged(name, NOTHING) for name in self._promised if name != group), NOTHING)

    def afterwards(self, job: Candidate, *, behind: bool) -> Resources:
        """How a group's holds will have changed when all that is leaving has gone and the promised have come.

        Parameters
        ----------
        behind:
            Also those behind the job.
        """
        return self._sum(job.group, None if behind else job.key, job) - self._leaving(job.group)

    def _leaving(self, group: str) -> Resources:
        return self._before.of_group(group) + self._evicted.get(group, NOTHING)

    def _sum(self, group: str, before: Key | None, but: Candidate | None = None) -> Resources:
        return sum((job.request for job in self._those(group, before) if job != but), NOTHING)

    def _those(self, group: str, before: Key | None) -> Iterator[Candidate]:
        for job in self._promised.get(group, {}).values():
            if before is None or job.key < before:
                yield job
