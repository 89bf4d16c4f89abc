"""What SQLite may answer, and what a person is told of it."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Select

from jupyter_jobsub.errors import StoreError
from jupyter_jobsub.model.job import JobId, Phase
from jupyter_jobsub.store import pages, queries, sqlite, writes
from jupyter_jobsub.store.base import Idempotency, JobQuery
from jupyter_jobsub.store.sql import SqlStore
from jupyter_jobsub.store.sqlite import Sqlite

from .conftest import New, Run, add, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobsub.db"


@pytest.fixture
def store(path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlStore]:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.0)
    store = opened(f"sqlite:///{path}", run)
    yield store
    run(store.close())


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_commits_are_on_disk(store: SqlStore) -> None:
    for connection in (store._database._write, store._database._read):
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


class TestFailures:
    def check_that_it_goes_on(self, store: SqlStore, run: Run, new: New, stored: int) -> None:
        assert len(run(store.unfinished())) == stored
        job = add(store, run, new(id="job-after"))
        assert job.seq == stored + 1
        assert run(store.get(job.id)) == job
        assert sum(count.jobs for count in run(store.counts())) == stored + 1

    def test_a_full_disk(self, store: SqlStore, run: Run, new: New) -> None:
        add(store, run, new())
        pages_now = store._database._write.exec_driver_sql("PRAGMA page_count").scalar()
        store._database._write.exec_driver_sql(f"PRAGMA max_page_count = {pages_now}")
        with pytest.raises(StoreError, match=r"disk is full; free some space"):
            run(store.add(new(), snapshot=bytes(2**20), idempotency=Idempotency(new().user, "key", "digest")))
        store._database._write.exec_driver_sql("PRAGMA max_page_count = 1000000")
        self.check_that_it_goes_on(store, run, new, 1)
        assert run(store.last_event()) == 2

    def test_a_full_disk_at_the_commit(self, store: SqlStore, path: Path, run: Run, new: New) -> None:
        add(store, run, new())
        with (
            largest_file(path.with_name("jobsub.db-wal").stat().st_size),
            pytest.raises(StoreError, match="disk"),
        ):
            run(store.add(new()))
        self.check_that_it_goes_on(store, run, new, 1)

    def test_one_that_is_too_large_does_not_take_others_with_it(
        self, store: SqlStore, run: Run, new: New
    ) -> None:
        room = store._database._write.exec_driver_sql("PRAGMA page_count").scalar() + 20
        store._database._write.exec_driver_sql(f"PRAGMA max_page_count = {room}")
        answers = run.together(store.add(new()), store.add(new(), snapshot=bytes(2**20)), store.add(new()))
        assert [type(answer) for answer in answers] == [tuple, StoreError, tuple]
        self.check_that_it_goes_on(store, run, new, 2)

    def test_another_process_that_writes(self, store: SqlStore, path: Path, run: Run, new: New) -> None:
        add(store, run, new())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for answer in run.together(store.add(new()), store.add(new())):
            assert isinstance(answer, StoreError)
            assert "another process is writing" in str(answer)
        assert len(run(store.unfinished())) == 1
        with pytest.raises(StoreError, match="another process"):
            run(store.save([(run(store.unfinished())[0],) * 2]))
        other.execute("ROLLBACK")
        other.close()
        self.check_that_it_goes_on(store, run, new, 1)

    def test_another_process_that_wrote(self, store: SqlStore, path: Path, run: Run, new: New) -> None:
        job = add(store, run, new())
        other = opened(f"sqlite:///{path}", run)
        run(other.save([(job, replace(job, phase=Phase.RUNNING))]))
        add(other, run, new())
        run(other.close())
        self.check_that_it_goes_on(store, run, new, 2)
        assert {count.phase: count.jobs for count in run(store.counts())} == {
            Phase.RUNNING: 1,
            Phase.PENDING: 2,
        }

    def test_read_only(self, path: Path, run: Run, new: New) -> None:
        run(opened(f"sqlite:///{path}", run).close())
        with pytest.raises(StoreError, match=r"read-only; make the file and its folder writable"):
            run(SqlStore(f"sqlite:///file:{path}?mode=ro&uri=true").open())

    def test_no_such_folder(self, tmp_path: Path, run: Run) -> None:
        with pytest.raises(StoreError, match=r"can't be opened; check that the folder exists"):
            run(SqlStore(f"sqlite:///{tmp_path}/none/jobsub.db").open())

    def test_not_a_database(self, path: Path, run: Run) -> None:
        path.write_bytes(b"not a database, but long enough to be taken for one" * 100)
        with pytest.raises(StoreError, match=r"not a database; put back a copy"):
            run(SqlStore(f"sqlite:///{path}").open())

    def test_damaged(self, path: Path, run: Run, new: New, monkeypatch: pytest.MonkeyPatch) -> None:
        store = opened(f"sqlite:///{path}", run)
        for _ in range(50):
            add(store, run, new(env={"A": "x" * 3000}))
        run(store.close())
        content = path.read_bytes()
        half = len(content) // 2
        path.write_bytes(content[:half] + b"\xa5" * (len(content) - half))
        with pytest.raises(StoreError, match=r"damaged; put back a copy"):
            run(SqlStore(f"sqlite:///{path}").open())
        monkeypatch.setattr(
            sqlite, "SMALL", 0
        )  # a large one is not read whole: it is found damaged when it is used
        with pytest.raises(StoreError, match=r"damaged; put back a copy"):
            run(_read_everything(f"sqlite:///{path}"))

    def test_a_store_that_did_not_open_can_be_closed(self, tmp_path: Path, run: Run) -> None:
        store = SqlStore(f"sqlite:///{tmp_path}/none/jobsub.db")
        with pytest.raises(StoreError):
            run(store.open())
        run(store.close())

    def test_too_old(self, run: Run, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 26, 0))
        with pytest.raises(StoreError, match=r"need 3\.34 or later: use a newer Python"):
            run(SqlStore(f"sqlite:///{path}").open())

    def test_what_nobody_thought_of(self, store: SqlStore, run: Run) -> None:
        store._database._write.exec_driver_sql("DROP TABLE events")
        with pytest.raises(StoreError, match=r"it answers: no such table: events"):
            run(store.timeline(JobId("job-x")))


async def _read_everything(url: str) -> None:
    store = SqlStore(url)
    try:
        await store.open()
        await store.unfinished()
        await store.page(JobQuery())
    finally:
        await store.close()


class TestPlans:
    """Every statement that is asked often finds its rows by an index, and sorts nothing."""

    @staticmethod
    def steps(store: SqlStore, statement: Select[object]) -> str:
        compiled = statement.compile(
            store._database._read.engine, compile_kwargs={"render_postcompile": True}
        )
        rows = store._database._read.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {compiled}", (1,) * len(compiled.positiontup or ())
        )
        return "; ".join(row.detail for row in rows)

    @pytest.mark.parametrize(
        ("statement", "step"),
        [
            (lambda: pages.strand_by_strand(((),), Sqlite.dialect), "SEARCH jobs USING INTEGER PRIMARY KEY"),
            (lambda: pages.strand_by_strand((("phase",),), Sqlite.dialect), "USING INDEX jobs_phase"),
            (lambda: pages.strand_by_strand((("user",),), Sqlite.dialect), "USING INDEX jobs_owner"),
            (lambda: pages.strand_by_strand((("group", "phase"),), Sqlite.dialect), "USING INDEX jobs_group"),
            (
                lambda: pages.strand_by_strand((("user", "group", "phase"),), Sqlite.dialect, True),
                "USING INDEX jobs_user",
            ),
            (
                lambda: pages.row_by_row((("phase",), ("phase",)), Sqlite.dialect),
                "SEARCH jobs USING INTEGER PRIMARY KEY",
            ),
            (
                lambda: pages.sweep_by_row((("phase",), ("user", "group")), Sqlite.dialect, True),
                "USING INDEX jobs_sweep",
            ),
            (lambda: queries._SWEEP, "USING INDEX jobs_sweep"),
            (
                lambda: pages.match_by_match((("phase",), ("phase",)), Sqlite.dialect),
                "SCAN jobs_text VIRTUAL TABLE",
            ),
            (lambda: pages._FIRST_SINCE, "USING COVERING INDEX jobs_queued_at"),
            (lambda: queries._GET, "SEARCH jobs USING INDEX sqlite_autoindex_jobs_1"),
            (lambda: queries._EXPIRED, "USING INDEX jobs_expires_at"),
            (lambda: queries._NEXT_EXPIRY, "USING COVERING INDEX jobs_expires_at"),
            (lambda: queries._EVENTS_AFTER, "SEARCH events USING INTEGER PRIMARY KEY"),
            (lambda: queries._TIMELINE, "SEARCH events USING INDEX events_job"),
            (lambda: writes._REMOVE_UNUSED_SNAPSHOT, "USING COVERING INDEX jobs_snapshot"),
            (lambda: writes._FORGET_KEYS, "idempotency USING COVERING INDEX idempotency_job"),
        ],
    )
    def test_uses_an_index(self, store: SqlStore, statement: Callable[[], Select[object]], step: str) -> None:
        steps = self.steps(store, statement())
        assert step in steps
        assert "TEMP B-TREE" not in steps
        assert "SCAN jobs;" not in steps + ";"

    def test_several_strands_are_each_read_by_index(self, store: SqlStore) -> None:
        steps = self.steps(
            store, pages.strand_by_strand((("group", "phase"), ("user", "group", "phase")), Sqlite.dialect)
        )
        assert "USING COVERING INDEX jobs_group" in steps
        assert "USING COVERING INDEX jobs_user" in steps
        assert "SEARCH jobs USING INTEGER PRIMARY KEY" in steps
        assert "SCAN jobs" not in steps

    def test_unfinished_jobs_are_found_by_index(self, store: SqlStore) -> None:
        steps = self.steps(store, queries._ALL_UNFINISHED)
        assert "jobs_phase" in steps
        assert "jobs_hold" in steps
        assert "SCAN" not in steps
