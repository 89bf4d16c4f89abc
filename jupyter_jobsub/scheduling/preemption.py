"""Who makes room for a job that may not wait: the worst placed, and no more of them than it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..model.resources import Resources
from .queues import NOTHING, Candidate

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
