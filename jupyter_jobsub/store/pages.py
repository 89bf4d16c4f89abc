"""Pages of the list, newest first: every filter becomes strands, and a page is what is newest of them.

A strand is a set of rows with equal values under one index, where they lie in order of
arrival. The strands of a filter never overlap, and the counters say which exist and how long
they are; so a page reads about as many entries as it shows, however many jobs there are.

Text that is frequent fills a page with the newest rows of the strands. If it doesn't, there are two
plans: the text index gives candidates, and the strands do where they are the rarer of the two. Text that is
too short for the index is looked for in all rows of the strands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select, union_all

from .base import JobQuery, Page
from .cursor import make_cursor, parse_cursor
from .dialects import INDEXED, Dialect, Kinds, any_of, in_span
from .rows import JOB_COLUMNS, read_job, searchable
from .strands import Asked
from .tables import jobs

MAX_STRANDS = 64
LOOK = 5_000
"""Newest rows of the strands that are looked through before the text index is asked."""

_FIRST_SINCE = (
    select(jobs.c.seq)
    .where(jobs.c.queued_at >= bindparam("since"))
    .order_by(jobs.c.queued_at, jobs.c.seq)
    .limit(1)
)


@dataclass(frozen=True)
class Span:
    """Where a page may lie, in seq: from the first, inclusive, and before the last, exclusive."""

    first: int
    before: int


def is_long(query: JobQuery) -> bool:
    """Whether a page may take as long as it takes to read all rows that may be on it."""
    return query.text is not None and len(searchable(query.text)) < INDEXED


@dataclass(frozen=True)
class Pages:
    """Reads pages of one store.

    Parameters
    ----------
    store:
        The store's name, which its cursors bear.
    """

    connection: Connection
    dialect: Dialect
    store: str

    def read(self, query: JobQuery, asked: Asked, last_seq: int) -> Page:
        """Read the page that the query asks for."""
        span = self._span(query, last_seq)
        if not asked.possible or span.first >= span.before:
            return Page((), None, asked.total)
        values = asked.values | {"first": span.first, "before": span.before, "size": query.limit + 1}
        if query.sweep is None:
            rows = self._rows(asked, values, last_seq)
        else:
            of_sweep = sweep_by_row(asked.kinds, self.dialect, asked.text is not None)
            rows = self._ask(of_sweep, values | {"sweep_of_0": query.sweep})
        items = [read_job(row) for row in rows[: query.limit]]
        after = make_cursor(self.store, items[-1].seq) if len(rows) > query.limit else None
        return Page(items, after, asked.total)

    def _span(self, query: JobQuery, last_seq: int) -> Span:
        before = last_seq + 1 if query.cursor is None else self._seq_of(query.cursor)
        if query.until is not None:
            before = min(before, self._first_since(query.until, last_seq))
        return Span(1 if query.since is None else self._first_since(query.since, last_seq), before)

    def _first_since(self, since: int, last_seq: int) -> int:
        found: int | None = self.connection.execute(_FIRST_SINCE, {"since": since}).scalar()
        return last_seq + 1 if found is None else found

    def _rows(self, asked: Asked, values: dict[str, Any], last_seq: int) -> Sequence[Row[Any]]:
        strands, kinds, text = asked.strands, asked.kinds, asked.text
        dialect = self.dialect
        few = len(strands) <= MAX_STRANDS
        in_order = (strand_by_strand if few else row_by_row)(kinds, dialect, text is not None)
        if text is None or len(text) < INDEXED:
            return self._ask(in_order, values)
        rows = sum(strand.rows for strand in strands)
        near = max(values["first"], values["before"] - LOOK * last_seq // rows)
        found = self._ask(in_order, values | {"first": near})
        if len(found) == values["size"] or near == values["first"]:
            return found
        values |= dialect.text_values(self.connection, asked.owners, values)
        if few and () not in kinds and dialect.rarer(self.connection, rows / last_seq, values):
            return self._ask(in_order, values)
        return self._ask(match_by_match(kinds, dialect), values)

    def _ask(self, statement: Select[Any], values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        return self.connection.execute(statement, values).all()

    def _seq_of(self, cursor: str) -> int:
        store, order, seq = parse_cursor(cursor)
        if (store, order) != (self.store, ""):
            raise ValueError("the cursor is another store's, or another order's")
        return seq


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
