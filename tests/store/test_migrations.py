from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, inspect, make_url, text
from sqlalchemy.engine import Inspector

from jupyter_jobsub.errors import StoreError
from jupyter_jobsub.store import sqlite, tables
from jupyter_jobsub.store.migrations import MIGRATIONS, Migration, migrate
from jupyter_jobsub.store.sql import SqlStore

from .conftest import Run, opened


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    engine = sqlite.create(make_url(url))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def schema_of(connection: Connection) -> list[tuple[str, str]]:
    return [
        tuple(row) for row in connection.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name"))
    ]


def names_in(connection: Connection) -> list[str]:
    return list(connection.execute(text("SELECT name FROM migrations ORDER BY name")).scalars())


def run_sql(*statements: str) -> Migration:
    def apply(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    return Migration("0002-next", apply)


def test_the_schema_is_what_the_queries_believe(connection: Connection) -> None:
    migrate(connection, sqlite.transaction)
    inspector: Inspector = inspect(connection)
    for table in tables.metadata.sorted_tables:
        made = inspector.get_columns(table.name)
        assert [(c["name"], c["nullable"]) for c in made] == [(c.name, c.nullable) for c in table.columns]
        assert [str(c["type"].as_generic()) for c in made if c["name"] != "seq" and c["name"] != "id"] == [
            str(c.type.as_generic()) for c in table.columns if c.name not in ("seq", "id")
        ]
        key = inspector.get_pk_constraint(table.name)["constrained_columns"]
        assert key == [c.name for c in table.primary_key]
        parents = {f["referred_table"] for f in inspector.get_foreign_keys(table.name)}
        assert parents == {f.column.table.name for f in table.foreign_keys}


def test_each_is_applied_once_in_order(connection: Connection) -> None:
    later = (*MIGRATIONS, run_sql("ALTER TABLE snapshots ADD COLUMN size INTEGER"))
    for migrations in (MIGRATIONS, MIGRATIONS, later, later):
        migrate(connection, sqlite.transaction, migrations)
    assert names_in(connection) == ["0001-first", "0002-next"]


def test_one_that_fails_leaves_the_schema_as_it_was(connection: Connection) -> None:
    migrate(connection, sqlite.transaction)
    before = schema_of(connection)
    failing = run_sql(
        "CREATE TABLE extra (id INTEGER PRIMARY KEY)",
        "ALTER TABLE jobs ADD COLUMN extra TEXT",
        "DROP TRIGGER jobs_text_add",
        "DROP TABLE idempotency",
        "INSERT INTO no_such_table VALUES (1)",
    )
    with pytest.raises(Exception, match="no_such_table"):
        migrate(connection, sqlite.transaction, (*MIGRATIONS, failing))
    assert schema_of(connection) == before
    assert names_in(connection) == ["0001-first"]
    migrate(connection, sqlite.transaction, (*MIGRATIONS, run_sql("CREATE TABLE extra (id INTEGER)")))
    assert names_in(connection) == ["0001-first", "0002-next"]


def test_the_first_that_fails_leaves_nothing(connection: Connection) -> None:
    failing = Migration(
        "0001-first", run_sql("CREATE TABLE jobs (id INTEGER)", "INSERT INTO nowhere VALUES (1)").apply
    )
    with pytest.raises(Exception, match="nowhere"):
        migrate(connection, sqlite.transaction, (failing,))
    assert schema_of(connection) == []


def test_a_newer_store_is_refused_and_not_touched(url: str, run: Run) -> None:
    run(opened(url, run).close())
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO migrations VALUES ('0099-from-the-future')"))
        before = schema_of(connection)
    with pytest.raises(StoreError, match=r"newer release.*0099-from-the-future.*upgrade"):
        run(SqlStore(url).open())
    with engine.connect() as connection:
        assert schema_of(connection) == before
    engine.dispose()
