from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import Inspector

from jupyter_jobsub.errors import StoreError
from jupyter_jobsub.store import tables
from jupyter_jobsub.store.database import Database
from jupyter_jobsub.store.databases import database_at
from jupyter_jobsub.store.migrations import MIGRATIONS, Migration, migrate
from jupyter_jobsub.store.sql import SqlStore

from .conftest import Run, opened


@pytest.fixture
def database(url: str, run: Run) -> Iterator[Database]:
    database = database_at(url)
    run(database.open())
    yield database
    run(database.close())


def schema_of(connection: Connection) -> list[tuple[str, ...]]:
    """Everything that there is, as the database itself describes it."""
    described = {
        "sqlite": "SELECT name, sql FROM sqlite_master ORDER BY name",
        "postgresql": """
            SELECT table_name, column_name, data_type FROM information_schema.columns
                WHERE table_schema = 'public'
            UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
            UNION ALL SELECT 'extension', extname, extversion FROM pg_extension WHERE extname <> 'plpgsql'
            ORDER BY 1, 2
        """,
    }
    return [tuple(row) for row in connection.execute(text(described[connection.dialect.name]))]


def names_in(connection: Connection) -> list[str]:
    return list(connection.execute(text("SELECT name FROM migrations ORDER BY name")).scalars())


def run_sql(*statements: str) -> Migration:
    def apply(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    return Migration("0002-next", apply)


def test_the_schema_is_what_the_queries_believe(database: Database) -> None:
    migrate(database)
    inspector: Inspector = inspect(database.read)
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


def test_each_is_applied_once_in_order(database: Database) -> None:
    later = (*MIGRATIONS, run_sql("ALTER TABLE snapshots ADD COLUMN size INTEGER"))
    for migrations in (MIGRATIONS, MIGRATIONS, later, later):
        migrate(database, migrations)
    assert names_in(database.read) == ["0001-first", "0002-next"]


def test_one_that_was_never_released_is_told(database: Database) -> None:
    migrate(database)
    with database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE counters DROP COLUMN bytes")
    with pytest.raises(StoreError, match=r"unreleased .* lacks counters\.bytes\); move it away"):
        migrate(database)


def test_one_that_fails_leaves_the_schema_as_it_was(database: Database) -> None:
    migrate(database)
    before = schema_of(database.read)
    failing = run_sql(
        "CREATE TABLE extra (id INTEGER PRIMARY KEY)",
        "ALTER TABLE jobs ADD COLUMN extra TEXT",
        "DROP INDEX jobs_phase",
        "DROP TABLE idempotency",
        "INSERT INTO no_such_table VALUES (1)",
    )
    with pytest.raises(Exception, match="no_such_table"):
        migrate(database, (*MIGRATIONS, failing))
    assert schema_of(database.read) == before
    assert names_in(database.read) == ["0001-first"]
    migrate(database, (*MIGRATIONS, run_sql("CREATE TABLE extra (id INTEGER)")))
    assert names_in(database.read) == ["0001-first", "0002-next"]


def test_the_first_that_fails_leaves_nothing(database: Database) -> None:
    failing = Migration(
        "0001-first", run_sql("CREATE TABLE jobs (id INTEGER)", "INSERT INTO nowhere VALUES (1)").apply
    )
    with pytest.raises(Exception, match="nowhere"):
        migrate(database, (failing,))
    assert schema_of(database.read) == []


def test_a_newer_store_is_refused_and_not_touched(url: str, run: Run) -> None:
    run(opened(url, run).close())
    database = database_at(url)
    run(database.open())
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO migrations VALUES ('0099-from-the-future')"))
    before = schema_of(database.read)
    run(database.close())
    with pytest.raises(StoreError, match=r"newer release.*0099-from-the-future.*upgrade"):
        run(SqlStore(url).open())
    run(database.open())
    assert schema_of(database.read) == before
    run(database.close())
