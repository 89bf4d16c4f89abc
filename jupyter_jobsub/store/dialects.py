"""How each database is asked so that it goes the shortest way; the rest of the SQL is the same for both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    case,
    collate,
    column,
    func,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy import table as table_named

from .rows import JOB_COLUMNS, tag
from .tables import jobs

Kinds: TypeAlias = tuple[tuple[str, ...], ...]
"""Which columns of each of some strands have a value; that of the nth's ``user`` is ``user_of_n``."""
INDEXED = 3
"""Characters of a text that a text index can be asked for, at least."""
MAX_TRIGRAMS = 30
FREQUENT = 3000
"""Matches that are looked at one by one sooner than whose they are is asked of the text index."""
SAMPLE = 1000
"""Matches that show how frequent a text is."""

text_index = table_named("jobs_text", column("rowid"))


class Dialect(ABC):
    """How a database is asked so that it goes the shortest way.

    The statements have the parameters ``first``, inclusive, and ``before``, bounds of ``seq``;
    ``size``, a limit; and what is said of each.
    """

    def strand(self, columns: Sequence[str], number: int) -> Select[Any]:
        """Rows whose columns have the values of ``{column}_of_{number}``, newest first."""
        equal = (jobs.c[name] == bindparam(f"{name}_of_{number}") for name in columns)
        return select(jobs.c.seq).where(*equal, *in_span(jobs.c.seq)).order_by(jobs.c.seq.desc())

    @abstractmethod
    def text_values(
        self, connection: Connection, owners: Sequence[Mapping[str, str]], values: Mapping[str, Any]
    ) -> Mapping[str, str]:
        """What is given for a text besides these values, of which ``text`` is folded.

        Wanted are rows of any of these owners, each a group, a user or both; of none is of all.
        """

    @abstractmethod
    def has_text(self) -> ColumnElement[bool]:
        """The condition that a row has ``text``, whatever index led to the row."""

    @abstractmethod
    def may_have_text(self) -> ColumnElement[bool]:
        """The condition that the text index leads to a row, by ``text_values`` of no owners."""

    @abstractmethod
    def folded(self, text: ColumnElement[Any]) -> ColumnElement[str]:
        """The text with A to Z in lower case, sorted by code points."""

    @abstractmethod
    def folded_name(self) -> ColumnElement[str]:
        """The first line of ``search``, sorted by code points."""

    @abstractmethod
    def devices(self) -> ColumnElement[int]:
        """How many devices a job asks for, of all types together."""

    @abstractmethod
    def matches(self, kinds: Kinds) -> Select[Any]:
        """Rows of any of these strands that have the text, found by the text index, newest first."""

    @abstractmethod
    def rarer(self, connection: Connection, share: float, values: Mapping[str, Any]) -> bool:
        """Whether strands with this share of all rows are sooner read than all that have the text."""


def in_span(seq: ColumnElement[Any]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The condition that a number is within the bounds."""
    return seq < bindparam("before"), seq >= bindparam("first")


def any_of(kinds: Kinds, *, by_index: bool) -> list[ColumnElement[bool]]:
    """The condition that a row is of one of the strands; an index of theirs may lead to it or not."""
    if () in kinds:
        return []

    def column(name: str) -> ColumnElement[str]:
        # joined to anything, it has no index
        return jobs.c[name] if by_index else jobs.c[name].concat(literal_column("''"))

    return [
        or_(
            *(
                and_(*(column(name) == bindparam(f"{name}_of_{number}") for name in columns))
                for number, columns in enumerate(kinds)
            )
        )
    ]


def _devices(summed: str) -> ColumnElement[int]:
    """Most jobs ask for none, which needs no parsing."""
    return case((jobs.c.request_gpu == "{}", 0), else_=literal_column(f"coalesce(({summed}), 0)"))


class SqliteDialect(Dialect):
    """Text has an index of trigrams, read in order of arrival."""

    def text_values(
        self, connection: Connection, owners: Sequence[Mapping[str, str]], values: Mapping[str, Any]
    ) -> Mapping[str, str]:
        """The trigrams that every row with the text has and, of a frequent one, those of its owners."""
        found = {"trigrams": trigrams(values["text"])}
        if not owners or _nth_match(connection, {**values, **found}, FREQUENT) is None:
            return found
        wanted = " OR ".join(f"({tags})" for tags in _tags(owners))
        return {"trigrams": f"{found['trigrams']} AND ({wanted})"}

    def has_text(self) -> ColumnElement[bool]:
        """The condition that a row has ``text``."""
        return func.instr(jobs.c.search, bindparam("text")) > 0

    def may_have_text(self) -> ColumnElement[bool]:
        """The condition that a row has the trigrams."""
        return jobs.c.seq.in_(select(text_index.c.rowid).where(_MATCH))

    def folded(self, text: ColumnElement[Any]) -> ColumnElement[str]:
        """The text with A to Z in lower case; SQLite sorts bytes of UTF-8, as code points."""
        return func.lower(text)

    def folded_name(self) -> ColumnElement[str]:
        """The first line of ``search``."""
        return func.substr(jobs.c.search, 1, func.instr(jobs.c.search, literal_column("char(10)")) - 1)

    def devices(self) -> ColumnElement[int]:
        """How many devices a job asks for."""
        return _devices("SELECT sum(value) FROM json_each(jobs.request_gpu)")

    def matches(self, kinds: Kinds) -> Select[Any]:
        """Rows of any of these strands that have the text, found by the text index, newest first."""
        rows = select(*JOB_COLUMNS).select_from(text_index.join(jobs, jobs.c.seq == text_index.c.rowid))
        rows = rows.where(*_FOUND, *any_of(kinds, by_index=False), self.has_text())
        return rows.order_by(text_index.c.rowid.desc()).limit(bindparam("size"))

    def rarer(self, connection: Connection, share: float, values: Mapping[str, Any]) -> bool:
        """Compare the share with that of the newest matches."""
        nth = _nth_match(connection, values, SAMPLE)
        return nth is not None and share < SAMPLE / (values["before"] - nth)


_MATCH = literal_column("jobs_text").op("MATCH", is_comparison=True)(bindparam("trigrams"))
_FOUND = (_MATCH, *in_span(text_index.c.rowid))
_NTH_MATCH = (
    select(text_index.c.rowid)
    .where(*_FOUND)
    .order_by(text_index.c.rowid.desc())
    .limit(1)
    .offset(bindparam("nth"))
)


def _nth_match(connection: Connection, values: Mapping[str, Any], number: int) -> int | None:
    nth: int | None = connection.execute(_NTH_MATCH, {**values, "nth": number}).scalar()
    return nth


def _tags(owners: Sequence[Mapping[str, str]]) -> Iterable[str]:
    """What the index is asked for each owner; a user's groups say nothing more, and have more rows."""
    if len(owners) > 1:
        owners = [{"user": owner["user"]} if "user" in owner else owner for owner in owners]
    return dict.fromkeys(" AND ".join(_quoted(tag(*each)) for each in owner.items()) for owner in owners)


def trigrams(text: str) -> str:
    """Ask for every row that may have the text; whether it has, the row itself must say."""
    # trigrams side by side, and the last: those between would cost more than they rule out
    starts = (*range(0, len(text) - 3, 3), len(text) - 3)
    found = dict.fromkeys(text[start : start + 3] for start in starts[-MAX_TRIGRAMS:])
    return " AND ".join(map(_quoted, found))


def _quoted(trigram: str) -> str:
    return '"' + trigram.replace('"', '""') + '"'


class PostgresqlDialect(Dialect):
    """The index of trigrams has no order."""

    def strand(self, columns: Sequence[str], number: int) -> Select[Any]:
        """Rows of equal columns, newest first, in the order of their index."""
        # of equal columns the planner would leave out the order, and then their index
        index = [jobs.c[name] for name in columns]
        equal = [bindparam(f"{name}_of_{number}", type_=Text) for name in columns]
        key = tuple_(*index, jobs.c.seq)
        before = key < tuple_(*equal, bindparam("before", type_=BigInteger))
        first = key >= tuple_(*equal, bindparam("first", type_=BigInteger))
        order = (column.desc() for column in (*index, jobs.c.seq))
        return select(jobs.c.seq).where(before, first).order_by(*order)

    def text_values(
        self, connection: Connection, owners: Sequence[Mapping[str, str]], values: Mapping[str, Any]
    ) -> Mapping[str, str]:
        """The pattern that every row with the text fits."""
        plain = values["text"].replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        return {"pattern": f"%{plain}%"}

    def has_text(self) -> ColumnElement[bool]:
        """The condition that a row has ``text``."""
        return func.strpos(jobs.c.search, bindparam("text")) > 0

    def may_have_text(self) -> ColumnElement[bool]:
        """The condition that a row fits the pattern."""
        return jobs.c.search.like(bindparam("pattern"))

    def folded(self, text: ColumnElement[Any]) -> ColumnElement[str]:
        """The text with A to Z in lower case."""
        return func.lower(collate(text, "C"))

    def folded_name(self) -> ColumnElement[str]:
        """The first line of ``search``."""
        return func.split_part(collate(jobs.c.search, "C"), literal_column("chr(10)"), 1)

    def devices(self) -> ColumnElement[int]:
        """How many devices a job asks for."""
        return _devices(
            "SELECT sum(CAST(value AS bigint)) FROM jsonb_each_text(CAST(jobs.request_gpu AS jsonb))"
        )

    def matches(self, kinds: Kinds) -> Select[Any]:
        """Rows of any of these strands that have the text, newest first; several indexes may be met."""
        found = select(jobs.c.seq).where(
            self.may_have_text(), *in_span(jobs.c.seq), *any_of(kinds, by_index=True)
        )
        # apart, or the limit would tempt the planner to look through all rows for a rare text
        apart = found.cte("found").prefix_with("MATERIALIZED")
        newest = select(apart.c.seq).order_by(apart.c.seq.desc()).limit(bindparam("size"))
        return select(*JOB_COLUMNS).where(jobs.c.seq.in_(newest)).order_by(jobs.c.seq.desc())

    def rarer(self, connection: Connection, share: float, values: Mapping[str, Any]) -> bool:
        """Leave that to the planner, which can meet both indexes."""
        return False
