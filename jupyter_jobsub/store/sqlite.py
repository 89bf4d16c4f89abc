"""What is particular to SQLite: connections, transactions, the text index, and its failures in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    bindparam,
    column,
    create_engine,
    event,
    literal_column,
)
from sqlalchemy import table as table_named
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from ..errors import StoreError

OLDEST = (3, 34)  # has the trigram tokenizer
BUSY_SECONDS = 2.0
MAX_TRIGRAMS = 30

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -8192",
)
DAMAGED = "put back a copy, or move it away to start anew"
_FAILURES = {
    "database is locked": "another process is writing to it; end that process and try again",
    "database or disk is full": "the disk is full; free some space and try again",
    "disk I/O error": "the disk is full, or does not work; free some space, or check it, and try again",
    "attempt to write a readonly database": "it is read-only; make the file and its folder writable",
    "unable to open database file": "it can't be opened; check that the folder exists and is yours",
    "database disk image is malformed": f"it is damaged; {DAMAGED}",
    "file is not a database": f"it is not a database; {DAMAGED}",
}

text_index = table_named("jobs_text", column("rowid"))


def matches() -> ColumnElement[bool]:
    """The condition that a row of the text index has all trigrams of ``trigrams``."""
    return literal_column("jobs_text").op("MATCH", is_comparison=True)(bindparam("trigrams"))


def trigrams(text: str) -> str:
    """Ask for every row that may have the text; whether it has, the row itself must say."""
    # trigrams side by side, and the last: those between would cost more than they rule out
    starts = (*range(0, len(text) - 3, 3), len(text) - 3)
    found = dict.fromkeys(text[start : start + 3] for start in starts[-MAX_TRIGRAMS:])
    return " AND ".join('"' + trigram.replace('"', '""') + '"' for trigram in found)


def create(url: URL) -> Engine:
    """Make an engine whose connections are durable and begin nothing by themselves."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise StoreError(
            f"Python's SQLite is {sqlite3.sqlite_version}; jobs need {OLDEST[0]}.{OLDEST[1]} or later: "
            "use a newer Python, such as conda's"
        )
    engine = create_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"timeout": BUSY_SECONDS}
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Take the write lock, then commit, or roll back whatever was done, tables included."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some failures
        if connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
            connection.exec_driver_sql("ROLLBACK")
        raise


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turn the database's failures into StoreError, with what to do."""
    try:
        yield
    except DBAPIError as error:
        text = str(error.orig)
        why = next((words for sign, words in _FAILURES.items() if sign in text), f"it answers: {text}")
        raise StoreError(f"can't use the store {where}: {why}") from error
