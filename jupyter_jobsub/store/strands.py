"""What a query asks for: strands, sets of rows with equal values under one index, which the counters know."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from .base import JobQuery
from .counters import Counters
from .dialects import Kinds
from .rows import searchable

MAX_OWNERS = 64


@dataclass(frozen=True)
class Strand:
    """Rows of equal values: a phase's, a user's, a group's in a phase, or a user's in a group and phase."""

    rows: int
    phase: str | None = None
    group: str | None = None
    user: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Which columns are equal."""
        return tuple(name for name in ("user", "group", "phase") if getattr(self, name) is not None)


@dataclass(frozen=True)
class Asked:
    """What a query asks for.

    Parameters
    ----------
    total:
        How many jobs match; None where the counters don't know it.
    text:
        What names and ids are searched for, as they are stored for that.
    """

    strands: Sequence[Strand]
    total: int | None
    text: str | None

    @classmethod
    def of(cls, query: JobQuery, counters: Counters) -> Asked:
        """Look up what the counters know."""
        strands = _strands_of(query, counters)
        return cls(strands, _total_of(query, strands), None if query.text is None else searchable(query.text))

    @property
    def possible(self) -> bool:
        """Whether any job can match: names and ids are of one line each, without lone surrogates."""
        text = self.text or ""
        return bool(self.strands) and not any(c in "\0\n" or "\ud800" <= c <= "\udfff" for c in text)

    @property
    def kinds(self) -> Kinds:
        """Which columns are equal in each strand."""
        return tuple(strand.columns for strand in self.strands)

    @property
    def values(self) -> dict[str, str | None]:
        """Values of the text and of the strands' columns, by their parameters."""
        values = {
            f"{name}_of_{number}": getattr(strand, name)
            for number, strand in enumerate(self.strands)
            for name in strand.columns
        }
        return values | {"text": self.text}

    @property
    def owners(self) -> list[dict[str, str]]:
        """Whose rows the strands are: groups, users or both; nothing if everyone's, or too many's."""
        owners = {
            tuple((name, getattr(strand, name)) for name in strand.columns if name != "phase"): None
            for strand in self.strands
        }
        everyones = () in owners or len(owners) > MAX_OWNERS
        return [] if everyones else [dict(owner) for owner in owners]


def _strands_of(query: JobQuery, counters: Counters) -> list[Strand]:
    """Turn all filters but text and time into strands."""
    groups = query.visible.groups if query.visible else None
    me = query.visible.user if query.visible else None
    if query.user is not None:
        groups = None if query.user == me else groups
        found = _of_user(query.user, query, counters)
        if groups is None and not query.groups and not query.phases:
            return [Strand(sum(strand.rows for strand in found), user=query.user)] if found else []
        return [strand for strand in found if groups is None or strand.group in groups]
    if groups is None and not query.groups:
        phases = [Strand(rows, phase) for phase, rows in _in(counters.of_phases(), query)]
        everything = [Strand(sum(strand.rows for strand in phases))] if phases else []
        return phases if query.phases else everything
    found = _of_groups(query.groups if groups is None else groups, query, counters)
    if me is None or groups is None:
        return found
    return found + [strand for strand in _of_user(me, query, counters) if strand.group not in groups]


def _total_of(query: JobQuery, strands: Sequence[Strand]) -> int | None:
    """How many jobs match, where the counters know it: not of a text, a time or a sweep."""
    others = (query.text, query.since, query.until, query.sweep)
    return sum(strand.rows for strand in strands) if others == (None,) * 4 else None


def _of_groups(groups: Set[str], query: JobQuery, counters: Counters) -> list[Strand]:
    wanted = sorted(groups & query.groups if query.groups else groups)
    return [
        Strand(rows, phase, group) for group in wanted for phase, rows in _in(counters.of_group(group), query)
    ]


def _of_user(user: str, query: JobQuery, counters: Counters) -> list[Strand]:
    phases = {phase.value for phase in query.phases}
    return [
        Strand(rows, kind.phase, kind.group, user)
        for kind, rows in counters.of_user(user)
        if (not query.groups or kind.group in query.groups) and (not phases or kind.phase in phases)
    ]


def _in(found: Sequence[tuple[str, int]], query: JobQuery) -> list[tuple[str, int]]:
    """Leave out other phases than are asked for."""
    phases = {phase.value for phase in query.phases}
    return [(phase, rows) for phase, rows in found if not phases or phase in phases]
