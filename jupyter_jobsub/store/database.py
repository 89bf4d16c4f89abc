"""What the store needs of a database; one class for each kind.

- Work that is short is given to ``run``, one piece at a time. It may be done more than once, until it
  has gone through: it changes nothing outside its transaction, and its last doing is the one that counts.
- A transaction is whole and on the disk when its ``with`` block is left, or it has changed nothing
  and raises. An acknowledgement that was lost is looked up before anyone is told of a failure.
- While the store is open no second service can write to the same database.
- Failures are StoreErrors, with what to do, and without passwords; StoreUnavailable if the same
  work may go through later.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import ClassVar, TypeVar

from sqlalchemy import Connection

from ..errors import StoreUnavailable
from .dialects import Dialect

T = TypeVar("T")


class CommitInDoubt(StoreUnavailable):
    """A commit was not acknowledged, and what became of it can't be asked now."""


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
    def looking(self) -> AbstractContextManager[Connection]:
        """Connect once more, in any thread, and only look: for what takes long, and for strangers."""

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
