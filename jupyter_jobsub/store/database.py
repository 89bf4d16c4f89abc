"""What the store needs of a database; one class for each kind.

- Work is given to ``run``, one piece at a time. It may be done more than once, until it has gone
  through: it changes nothing outside its transaction, and its last doing is the one that counts.
- A transaction is whole and on the disk when its ``with`` block is left, or it has changed nothing
  and raises. An acknowledgement that was lost is looked up before anyone is told of a failure.
- While the store is open no second service can write to the same database.
- Failures are StoreErrors, with what to do, and without passwords; StoreUnavailable if the same
  work may go through later.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, literal_column, or_, select

from ..errors import StoreUnavailable
from .tables import jobs

T = TypeVar("T")
Kinds: TypeAlias = tuple[tuple[str, ...], ...]
"""Which columns of each of some strands have a value; that of the nth's ``user`` is ``user_of_n``."""


class CommitInDoubt(StoreUnavailable):
    """A commit was not acknowledged, and what became of it can't be asked now."""


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


class Database(ABC):
    """One database, closed until it is opened."""

    dialect: ClassVar[Dialect]

    @property
    @abstractmethod
    def where(self) -> str:
        """What people are told; it has no password."""

    @property
    @abstractmethod
    def read(self) -> Connection:
        """Sees what is committed."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Connection]:
        """Begin; commit at the end of the block, or roll back whatever was done, tables included."""

    @abstractmethod
    async def open(self) -> None:
        """Connect, and be the only one that writes."""

    @abstractmethod
    async def close(self) -> None:
        """Let go."""

    @abstractmethod
    async def run(self, work: Callable[[], T]) -> T:
        """Do the work in the database's thread, with its failures explained."""
