"""Bring a store's schema up to this release: ordered, named, each whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Connection, MetaData, Table, Text, insert, inspect, select

from ..errors import StoreError
from . import schema, tables
from .database import Database

applied = Table("migrations", MetaData(), Column("name", Text, primary_key=True))


@dataclass(frozen=True)
class Migration:
    """One step of the schema; its name is kept in the store for ever."""

    name: str
    apply: Callable[[Connection], None]


def _first(connection: Connection) -> None:
    for statement in schema.FIRST[connection.dialect.name]:
        connection.exec_driver_sql(statement)
    values = {"id": secrets.token_hex(8), "last_seq": 0, "last_event": 0, "last_queued_at": 0}
    connection.execute(insert(tables.head), values)


MIGRATIONS: tuple[Migration, ...] = (Migration("0001-first", _first),)


def migrate(database: Database, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Apply what is pending, in order, one transaction each.

    Raises
    ------
    StoreError
        If another version has made the store.
    """
    names = refuse_other(database.read, migrations)
    for migration in migrations:
        if migration.name not in names:
            with database.transaction() as connection:
                applied.create(connection, checkfirst=True)
                migration.apply(connection)
                connection.execute(insert(applied), {"name": migration.name})


def refuse_other(connection: Connection, migrations: Sequence[Migration] = MIGRATIONS) -> set[str]:
    """Answer which migrations a store has had.

    Raises
    ------
    StoreError
        If a newer release has been here, or made it before its tables were as they were released.
    """
    names = _applied(connection)
    if unknown := sorted(names - {m.name for m in migrations}):
        raise StoreError(
            f"the store was made by a newer release of jupyter-jobsub (it has {', '.join(unknown)}); "
            "upgrade jupyter-jobsub, or give this one a store of its own"
        )
    if len(names) == len(migrations) and (lacking := _lacking(connection)):
        raise StoreError(
            f"the store was made by an unreleased jupyter-jobsub (it lacks {', '.join(lacking)}); "
            "move it away, or give this one a store of its own"
        )
    return names


def _lacking(connection: Connection) -> list[str]:
    """Name what queries ask for and no table has."""
    found = inspect(connection)
    columns = {name: {c["name"] for c in made} for (_, name), made in found.get_multi_columns().items()}
    wanted = [column for table in tables.metadata.sorted_tables for column in table.columns]
    return [str(column) for column in wanted if column.name not in columns.get(column.table.name, ())]


def _applied(connection: Connection) -> set[str]:
    if not inspect(connection).has_table(applied.name):
        return set()
    return set(connection.execute(select(applied.c.name)).scalars())
