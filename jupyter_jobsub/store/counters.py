"""How many jobs there are of each group, user and phase, and what is kept of them, beside the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..model.job import Phase, UserName
from .base import Count


@dataclass(frozen=True)
class Kind:
    """What a counter counts."""

    group: str
    user: str
    phase: str


class Tally(NamedTuple):
    """So many jobs, and bytes that are kept of them; or a change of both."""

    jobs: int = 0
    bytes: int = 0

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(self.jobs + other.jobs, self.bytes + other.bytes)


class Counters:
    """The counters in memory, so that a reader can plan by them."""

    def __init__(self, counts: Iterable[tuple[Kind, Tally]] = ()) -> None:
        self._counts: dict[Kind, Tally] = {}
        self._by_group: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._by_user: dict[str, dict[Kind, int]] = defaultdict(dict)
        self._by_phase: dict[str, int] = defaultdict(int)
        for kind, tally in counts:
            self._change(kind, tally)

    def after(self, changes: Mapping[Kind, Tally]) -> dict[Kind, Tally]:
        """The new values of what changes."""
        return {kind: self._of(kind).plus(change) for kind, change in changes.items() if any(change)}

    def change(self, changes: Mapping[Kind, Tally]) -> None:
        """Add to the counters."""
        for kind, change in changes.items():
            self._change(kind, change)

    def _of(self, kind: Kind) -> Tally:
        return self._counts.get(kind, Tally())

    def _change(self, kind: Kind, change: Tally) -> None:
        tally = self._counts[kind] = self._of(kind).plus(change)
        self._by_user[kind.user][kind] = tally.jobs
        self._by_group[kind.group][kind.phase] += change.jobs
        self._by_phase[kind.phase] += change.jobs
        if not tally.jobs:
            del self._counts[kind], self._by_user[kind.user][kind]

    def of_phases(self) -> list[tuple[str, int]]:
        """Jobs by phase."""
        return [(phase, jobs) for phase, jobs in self._by_phase.items() if jobs]

    def of_group(self, group: str) -> list[tuple[str, int]]:
        """A group's jobs by phase."""
        return [(phase, jobs) for phase, jobs in self._by_group.get(group, {}).items() if jobs]

    def of_user(self, user: str) -> list[tuple[Kind, int]]:
        """A user's jobs by group and phase."""
        return list(self._by_user.get(user, {}).items())

    def all(self) -> list[Count]:
        """Every counter that is not 0."""
        return [
            Count(kind.group, UserName(kind.user), Phase(kind.phase), *tally)
            for kind, tally in self._counts.items()
        ]
