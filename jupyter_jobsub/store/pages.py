"""Pages of the list, newest first: every filter becomes strands, and a page is what is newest of them.

A strand is a set of rows with equal values under one index, where they lie in order of
arrival. The strands of a filter never overlap, and the counters say which exist and how long
they are; so a page reads about as many entries as it shows, however many jobs there are.

Text that is frequent fills a page with the newest rows of the strands. If it doesn't, there are two
plans: the text index gives candidates, and the strands do where they are the rarer of the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select, union_all

from .base import JobQuery, Page
from .counters import Counters
from .cursor import make_cursor, parse_cursor
from .database import Database
from .dialects import Dialect, Kinds, any_of, in_span
from .rows import JOB_COLUMNS, read_job, searchable
from .tables import jobs

MAX_STRANDS = 64
MAX_OWNERS = 64
LOOK = 5_000
"""Newest rows of the strands that are looked through before the text index is asked."""

_FIRST_SINCE = (
    select(jobs.c.seq)
    .where(jobs.c.queued_at >= bindparam("since"))
    .order_by(jobs.c.queued_at, jobs.c.seq)
    .limit(1)
)


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
class Span:
    """Where a page may lie, in seq: from the first, inclusive, and before the last, exclusive."""

    first: int
    before: int


@dataclass(frozen=True)
class Pages:
    """Reads pages of one store.

    Parameters
    ----------
    store:
        The store's name, which its cursors bear.
    """

    database: Database
    store: str

    @property
    def _connection(self) -> Connection:
        return self.database.read

    def read(self, query: JobQuery, counters: Counters, last_seq: int) -> Page:
        """Read the page that the query asks for."""
        span = self._span(query, last_seq)
        text = None if query.text is None else searchable(query.text)
        strands = strands_of(query, counters)
        total = total_of(query, strands)
        if not strands or span.first >= span.before or (text is not None and not can_match(text)):
            return Page((), None, total)
        values = {"first": span.first, "before": span.before, "size": query.limit + 1, "text": text}
        values |= strand_values(strands)
        if query.sweep is None:
            rows = self._rows(strands, values, last_seq)
        else:
            kinds = tuple(strand.columns for strand in strands)
            asked = sweep_by_row(kinds, self.database.dialect, text is not None)
            rows = self._ask(asked, values | {"sweep_of_0": query.sweep})
        items = [read_job(row) for row in rows[: query.limit]]
        after = make_cursor(self.store, items[-1].seq) if len(rows) > query.limit else None
        return Page(items, after, total)

    def _span(self, query: JobQuery, last_seq: int) -> Span:
        before = last_seq + 1 if query.cursor is None else self._seq_of(query.cursor)
        if query.until is not None:
            before = min(before, self._first_since(query.until, last_seq))
        return Span(1 if query.since is None else self._first_since(query.since, last_seq), before)

    def _first_since(self, since: int, last_seq: int) -> int:
        found: int | None = self._connection.execute(_FIRST_SINCE, {"since": since}).scalar()
        return last_seq + 1 if found is None else found

    def _rows(self, strands: Sequence[Strand], values: dict[str, Any], last_seq: int) -> Sequence[Row[Any]]:
        kinds = tuple(strand.columns for strand in strands)
        dialect, text = self.database.dialect, values["text"]
        few = len(strands) <= MAX_STRANDS
        in_order = (strand_by_strand if few else row_by_row)(kinds, dialect, text is not None)
        if text is None or len(text) < 3:
            return self._ask(in_order, values)
        rows = sum(strand.rows for strand in strands)
        near = max(values["first"], values["before"] - LOOK * last_seq // rows)
        found = self._ask(in_order, values | {"first": near})
        if len(found) == values["size"] or near == values["first"]:
            return found
        values |= dialect.text_values(self._connection, owners_of(strands), values)
        if few and () not in kinds and dialect.rarer(self._connection, rows / last_seq, values):
            return self._ask(in_order, values)
        return self._ask(match_by_match(kinds, dialect), values)

    def _ask(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        return self._connection.execute(statement, values).all()

    def _seq_of(self, cursor: str) -> int:
        store, order, seq = parse_cursor(cursor)
        if (store, order) != (self.store, ""):
            raise ValueError("the cursor is another store's, or another order's")
        return seq


def strands_of(query: JobQuery, counters: Counters) -> list[Strand]:
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


def total_of(query: JobQuery, strands: Sequence[Strand]) -> int | None:
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


def owners_of(strands: Sequence[Strand]) -> list[dict[str, str]]:
    """Whose rows the strands are: groups, users or both; nothing if everyone's, or too many's."""
    owners = {
        tuple((name, getattr(strand, name)) for name in strand.columns if name != "phase"): None
        for strand in strands
    }
    return [dict(owner) for owner in owners] if () not in owners and len(owners) <= MAX_OWNERS else []


def can_match(text: str) -> bool:
    """Whether a name or id can have the text: they are of one line each, without lone surrogates."""
    return not any(c in "\0\n" or "\ud800" <= c <= "\udfff" for c in text)


def strand_values(strands: Sequence[Strand]) -> dict[str, str]:
    """Values of the strands' columns, by their parameters."""
    return {
        f"{name}_of_{number}": getattr(strand, name)
        for number, strand in enumerate(strands)
        for name in strand.columns
    }


@lru_cache(maxsize=512)
def strand_by_strand(kinds: Kinds, dialect: Dialect, text: bool = False) -> Select[Any]:
    """The newest of each strand, then the newest of those."""
    has_text = [dialect.has_text()] if text else []
    branches = [
        dialect.strand(columns, number).where(*has_text).limit(bindparam("size"))
        for number, columns in enumerate(kinds)
    ]
    if len(branches) == 1:
        return branches[0].with_only_columns(*JOB_COLUMNS)
    all_of_them = union_all(*(select(branch.subquery().c.seq) for branch in branches)).subquery()
    newest = select(all_of_them.c.seq).order_by(all_of_them.c.seq.desc()).limit(bindparam("size"))
    return select(*JOB_COLUMNS).where(jobs.c.seq.in_(newest)).order_by(jobs.c.seq.desc())


@lru_cache(maxsize=512)
def row_by_row(kinds: Kinds, dialect: Dialect, text: bool = False) -> Select[Any]:
    """Whatever fits, read from the newest row down."""
    # the order of arrival is to be read, whatever index a planner thinks of
    conditions = [
        *in_span(jobs.c.seq),
        *any_of(kinds, by_index=False),
        *([dialect.has_text()] if text else []),
    ]
    return select(*JOB_COLUMNS).where(*conditions).order_by(jobs.c.seq.desc()).limit(bindparam("size"))


@lru_cache(maxsize=512)
def sweep_by_row(kinds: Kinds, dialect: Dialect, text: bool = False) -> Select[Any]:
    """Whatever fits of a sweep, which is short enough to look at each of its rows."""
    conditions = [*any_of(kinds, by_index=False), *([dialect.has_text()] if text else [])]
    rows = dialect.strand(("sweep",), 0).where(jobs.c.sweep.is_not(None), *conditions)
    return rows.with_only_columns(*JOB_COLUMNS).limit(bindparam("size"))


@lru_cache(maxsize=512)
def match_by_match(kinds: Kinds, dialect: Dialect) -> Select[Any]:
    """Whatever fits, read from the newest match of the text index down."""
    return dialect.matches(kinds)
