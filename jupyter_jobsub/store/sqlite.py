"""What is particular to SQLite: connections, transactions, the text index, and its failures in words."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from ..errors import StoreError, StoreUnavailable
from .database import Database
from .dialects import SqliteDialect

T = TypeVar("T")

OLDEST = (3, 34)  # has the trigram tokenizer
BUSY_SECONDS = 2.0
SMALL = 32 * 2**20  # bytes of a store that is read whole before it is used, in less than 0.1 s

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -8192",
)
DAMAGED = "put back a copy, without the -wal and -shm beside it, or move all three away to start anew"
_LOCKED = "database is locked"
_FAILURES = {
    _LOCKED: "another process is writing to it; end that process and try again",
    "database or disk is full": "the disk is full; free some space and try again",
    "disk I/O error": "the disk is full, or does not work; free some space, or check it, and try again",
    "attempt to write a readonly database": "it is read-only; make the file and its folder writable",
    "unable to open database file": "it can't be opened; check that the folder exists and is yours",
    "database disk image is malformed": f"it is damaged; {DAMAGED}",
    "Could not decode to UTF-8": f"it is damaged; {DAMAGED}",
    "file is not a database": f"it is not a database; {DAMAGED}",
}


class Sqlite(Database):
    """A file; a read is shorter than a change of thread, so that all is done in the event loop's.

    Reads have a connection of their own and see only what is committed; long ones take another.
    """

    dialect = SqliteDialect()
    _engine: Engine
    _read: Connection
    _write: Connection

    def __init__(self, url: URL) -> None:
        self._url = url
        self._opened = ExitStack()

    @property
    def where(self) -> str:
        """The file."""
        return self._url.database or ""

    @property
    def read(self) -> Connection:
        """Sees what is committed."""
        return self._read

    async def open(self) -> None:
        """Connect; the service's own lock keeps others away."""
        with explained(self.where), ExitStack() as opened:
            engine = create(self._url)
            opened.callback(engine.dispose)
            self._engine = engine
            self._write = opened.enter_context(engine.connect())
            if _size(self._write) <= SMALL:
                refuse_damaged(self._write, self.where)
            self._read = opened.enter_context(engine.connect())
            self._opened = opened.pop_all()

    async def close(self) -> None:
        """Let go of the file."""
        self._opened.close()

    async def run(self, work: Callable[[], T]) -> T:
        """Do the work here and now."""
        with explained(self.where):
            return work()

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Connect once more, and only look."""
        with explained(self.where), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
            yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Take the write lock, then commit, or roll back whatever was done, tables included."""
        connection = self._write
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.exec_driver_sql("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself after some failures
            if connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
                connection.exec_driver_sql("ROLLBACK")
            raise


def _size(connection: Connection) -> int:
    asked = (
        connection.exec_driver_sql(f"PRAGMA {what}").scalar_one() for what in ("page_count", "page_size")
    )
    return math.prod(asked)


def refuse_damaged(connection: Connection, where: str) -> None:
    """Read the store whole: to write into one that is damaged would damage it more.

    Raises
    ------
    StoreError
        If it does not hold together.
    """
    if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one() != "ok":
        raise StoreError(f"can't use the store {where}: it is damaged; {DAMAGED}")


def create(url: URL) -> Engine:
    """Make an engine whose connections are durable and begin nothing by themselves."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise StoreError(
            f"Python's SQLite is {sqlite3.sqlite_version}; jobs need {OLDEST[0]}.{OLDEST[1]} or later: "
            "use a newer Python, such as conda's"
        )
    engine = create_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS},
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn the database's failures into StoreError, with what to do."""
    try:
        yield
    except DBAPIError as error:
        text = str(error.orig)
        why = next((words for sign, words in _FAILURES.items() if sign in text), f"it answers: {text}")
        kind = StoreUnavailable if _LOCKED in text else StoreError
        raise kind(f"can't use the store {where}: {why}") from error
