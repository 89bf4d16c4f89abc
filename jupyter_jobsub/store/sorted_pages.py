"""Pages in any order and from any place, which the database sorts; what is cheaper is in ``pages``.

The sort reads every row that matches, and a place in order of arrival every entry before it: it is done
beside the store's other work, by a connection that only looks. What is nearer to the end is looked for from
there: a database that is to leave out few keeps few while it sorts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, bindparam, case, func, null, or_, select

from ..model.job import FINAL, Job, Micros, Phase
from .base import JobQuery, Page
from .counters import Counters
from .cursor import make_cursor, parse_cursor
from .dialects import INDEXED, Dialect, Kinds, any_of
from .orders import LIFECYCLE, NEWEST_FIRST, Order, Sort
from .rows import JOB_COLUMNS, read_job
from .strands import Asked
from .tables import jobs

_ROWS = select(*JOB_COLUMNS).where(jobs.c.seq.in_(bindparam("seqs", expanding=True)))
_CONDITIONS = {
    "since": jobs.c.queued_at >= bindparam("since"),
    "until": jobs.c.queued_at < bindparam("until"),
    "sweep": jobs.c.sweep == bindparam("sweep"),
}
_COLUMNS = {Sort.STARTED: "started_at", Sort.FINISHED: "finished_at"}
_PLACES = {phase.value: place for place, phase in enumerate(LIFECYCLE)}


def is_sorted(query: JobQuery) -> bool:
    """Whether the page is none that follows from its cursor alone."""
    counted = bool(query.text or query.sweep) or query.since is not None or query.until is not None
    return query.order != NEWEST_FIRST or bool(query.offset) or (query.offset == 0 and counted)


@dataclass(frozen=True)
class SortedPage:
    """A page that is still to be read, with all that is wanted of the store's memory for it.

    Parameters
    ----------
    store:
        The store's name, which its cursors bear.
    asked:
        What it asks for, whose total is None if the jobs are to be counted.
    """

    query: JobQuery
    store: str
    offset: int
    asked: Asked
    now: Micros

    @classmethod
    def of(cls, query: JobQuery, counters: Counters, store: str, now: Micros) -> SortedPage:
        """Look up what the counters know.

        Raises
        ------
        ValueError
            If the cursor is not one of this store's, and of this order.
        """
        return cls(query, store, _offset(query, store), Asked.of(query, counters), now)

    def read(self, connection: Connection, dialect: Dialect) -> Page:
        """Read the page."""
        query, asked = self.query, self.asked
        if not asked.possible:
            return Page((), None, 0)
        given = self._given(connection, dialect)
        values = asked.values | given | {"now": self.now}
        conditions = _conditions(asked.kinds, dialect, frozenset(given), asked.text is not None)
        total = _count(connection, conditions, values) if asked.total is None else asked.total
        found = self._found(connection, dialect, conditions, values, total) if self.offset < total else []
        return Page(_jobs(connection, found[: query.limit]), self._next(found), total)

    def _given(self, connection: Connection, dialect: Dialect) -> dict[str, Any]:
        """Values of what is asked besides the strands, by their parameters."""
        text = self.asked.text
        given = {name: getattr(self.query, name) for name in _CONDITIONS}
        by_index = text is not None and len(text) >= INDEXED
        of_text = dialect.text_values(connection, (), {"text": text}) if by_index else {}
        return {name: value for name, value in given.items() if value is not None} | dict(of_text)

    def _found(
        self,
        connection: Connection,
        dialect: Dialect,
        conditions: Sequence[ColumnElement[bool]],
        values: dict[str, Any],
        total: int,
    ) -> Sequence[int]:
        """The jobs of the page and the one after it, looked for from the nearer end."""
        everything = any(not strand.columns for strand in self.asked.strands)
        size, far = min(self.query.limit + 1, total - self.offset), self.offset > total // 2
        offset = total - self.offset - size if far else self.offset
        keys = _keys(self.query.order, everything, dialect, far)
        found = _sorted(connection, conditions, keys, values | {"size": size, "offset": offset})
        return found[::-1] if far else found

    def _next(self, found: Sequence[int]) -> str | None:
        if len(found) <= self.query.limit:
            return None
        if self.query.order == NEWEST_FIRST:
            return make_cursor(self.store, found[self.query.limit - 1])
        return make_cursor(self.store, self.offset + self.query.limit, str(self.query.order))


def _offset(query: JobQuery, store: str) -> int:
    if query.cursor is None:
        return query.offset or 0
    of_store, order, offset = parse_cursor(query.cursor)
    if (of_store, order) != (store, str(query.order)):
        raise ValueError("the cursor is another store's, or another order's")
    return offset


def _count(
    connection: Connection, conditions: Sequence[ColumnElement[bool]], values: Mapping[str, Any]
) -> int:
    counted: int = connection.execute(
        select(func.count()).select_from(jobs).where(*conditions), values
    ).scalar_one()
    return counted


def _sorted(
    connection: Connection,
    conditions: Sequence[ColumnElement[bool]],
    keys: Sequence[ColumnElement[Any]],
    values: Mapping[str, Any],
) -> Sequence[int]:
    statement = select(jobs.c.seq).where(*conditions).order_by(*keys)
    return (
        connection.execute(statement.limit(bindparam("size")).offset(bindparam("offset")), values)
        .scalars()
        .all()
    )


def _jobs(connection: Connection, seqs: Sequence[int]) -> list[Job]:
    rows = {row.seq: row for row in connection.execute(_ROWS, {"seqs": seqs})}
    return [read_job(rows[seq]) for seq in seqs if seq in rows]


@lru_cache(maxsize=512)
def _conditions(
    kinds: Kinds, dialect: Dialect, given: frozenset[str], text: bool
) -> tuple[ColumnElement[bool], ...]:
    found = [*any_of(kinds, by_index=True), *(_CONDITIONS[name] for name in given & set(_CONDITIONS))]
    if text:
        found += [dialect.has_text()]
    if given - set(_CONDITIONS):
        found += [dialect.may_have_text()]
    return tuple(found)


@lru_cache(maxsize=512)
def _keys(
    order: Order, everything: bool, dialect: Dialect, backwards: bool
) -> tuple[ColumnElement[Any], ...]:
    """What to sort by; what has no value there comes last in both directions. Backwards it is the reverse."""
    up = order.ascending != backwards
    if order.by is Sort.SUBMITTED:
        # of all rows, the index of times is the shortest that has the order
        keys: list[ColumnElement[Any]] = [*([jobs.c.queued_at] if everything else []), jobs.c.seq]
        return tuple(key.asc() if up else key.desc() for key in keys)
    value = _value(order.by, dialect)
    sorted_by = value.asc() if up else value.desc()
    if backwards:
        return sorted_by.nulls_first(), jobs.c.seq.asc()
    return sorted_by.nulls_last(), jobs.c.seq.desc()


def _value(by: Sort, dialect: Dialect) -> ColumnElement[Any]:
    match by:
        case Sort.NAME:
            return case((jobs.c.name.is_not(None), dialect.folded_name()))
        case Sort.GROUP:
            return dialect.folded(func.nullif(jobs.c.group, ""))
        case Sort.ID | Sort.USER:
            return dialect.folded(jobs.c[by.value])
        case Sort.PHASE:
            return case(_PLACES, value=jobs.c.phase)
        case Sort.DURATION:
            return _duration()
        case Sort.GPUS:
            return dialect.devices()
    of_its_own: ColumnElement[Any] = jobs.c[_COLUMNS.get(by, by.value)]
    return of_its_own


def _duration() -> ColumnElement[Any]:
    now = bindparam("now", type_=BigInteger)
    final = jobs.c.phase.in_(sorted(phase.value for phase in FINAL))
    end = case((final, func.coalesce(jobs.c.finished_at, now)), else_=now)
    not_begun = or_(jobs.c.started_at.is_(None), jobs.c.phase == Phase.PENDING.value)
    return case((not_begun, null()), (end < jobs.c.started_at, 0), else_=end - jobs.c.started_at)
