"""What PostgreSQL may do to the store, and what a person is told of it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, Select, make_url
from sqlalchemy.exc import OperationalError

from jupyter_jobsub.errors import StoreError, StoreUnavailable
from jupyter_jobsub.model.job import Phase
from jupyter_jobsub.store import pages, postgresql, queries, writes
from jupyter_jobsub.store.base import Committed, JobQuery, Store
from jupyter_jobsub.store.databases import database_at
from jupyter_jobsub.store.postgresql import Postgresql
from jupyter_jobsub.store.sql import SqlStore
from tests.postgresql import Cluster
from tests.postgresql import running as running_cluster

from .conftest import New, Run, add, make_job, opened, save


@pytest.fixture
def url(postgresql: Cluster) -> str:
    return postgresql.new_database()


@pytest.fixture
def store(url: str, run: Run) -> Iterator[SqlStore]:
    store = opened(url, run)
    yield store
    run(store.close())


@pytest.fixture
def administrator(postgresql: Cluster, url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with postgresql.connect(make_url(url).database or "") as connection:
        yield connection


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "PATIENCE", 0.0)


def database_of(store: Store) -> Postgresql:
    assert isinstance(store, SqlStore)
    assert isinstance(store._database, Postgresql)
    return store._database


def session(store: SqlStore) -> int:
    return int(database_of(store).read.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def test_commits_are_on_disk_whatever_the_role_is_set_to(
    administrator: psycopg.Connection[tuple[object, ...]], url: str, run: Run
) -> None:
    administrator.execute(f"ALTER DATABASE {make_url(url).database} SET synchronous_commit = off")
    store = opened(url, run)
    assert database_of(store).read.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    run(store.close())


class TestOneService:
    def test_a_second_is_refused_and_told_who_the_first_is(
        self, store: SqlStore, url: str, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgresql, "_SETTINGS", (*postgresql._SETTINGS, "SET lock_timeout = 50"))
        with pytest.raises(StoreError, match=r"another service uses.*jupyter-jobsub \d+ on .*; end it, or"):
            run(SqlStore(url).open())

    def test_the_next_one_waits_for_the_end_of_the_first(self, store: SqlStore, url: str, run: Run) -> None:
        second = SqlStore(url)

        async def change_over() -> None:
            opening = asyncio.create_task(second.open())
            await asyncio.sleep(0)
            await store.close()
            await opening

        run(change_over())
        assert second.id == store.id
        run(second.close())

    def test_two_that_start_at_once_on_an_empty_database_make_one_schema(self, url: str, run: Run) -> None:
        first, second = SqlStore(url), SqlStore(url)

        async def begin(store: SqlStore) -> str:
            await store.open()
            await store.close()
            return store.id

        ids = run.together(begin(first), begin(second))
        assert ids[0] == ids[1] != ""


class TestLostConnections:
    def test_reads_and_writes_connect_again(
        self, store: SqlStore, postgresql: Cluster, url: str, run: Run, new: New
    ) -> None:
        job = add(store, run, new())
        for _ in range(3):
            assert postgresql.cut(make_url(url).database or "") == 1
            assert run(store.get(job.id)) == job
            assert postgresql.cut(make_url(url).database or "") == 1
            job = save(store, run, job, message=job.message + "x")
        assert run(store.get(job.id)) == job
        assert [event.id for event in run(store.timeline(job.id))] == [1, 2, 3, 4]

    def test_a_session_that_the_server_still_holds_is_ended(
        self, store: SqlStore, run: Run, new: New
    ) -> None:
        job, lost = add(store, run, new()), session(store)
        database_of(store)._connection = None  # as after a cable was pulled: the server knows of nothing
        assert run(store.get(job.id)) == job
        assert session(store) != lost

    def test_what_was_begun_is_begun_again(
        self, store: SqlStore, postgresql: Cluster, run: Run, new: New
    ) -> None:
        database, cuts = database_of(store), 0
        execute = database.read.__class__.execute

        def cut_once(connection: object, statement: object, *arguments: object, **options: object) -> object:
            nonlocal cuts
            if statement is writes._ADD_EVENT and not cuts:
                cuts = postgresql.cut(database._url.database or "")
            return execute(connection, statement, *arguments, **options)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(database.read.__class__, "execute", cut_once)
            job = add(store, run, new(), snapshot=b"text")
        assert cuts == 1
        assert run(store.unfinished()) == [job]
        assert [event.id for event in run(store.timeline(job.id))] == [1]

    def test_a_server_that_is_started_again_is_waited_for(self, run: Run, new: New) -> None:
        with running_cluster() as cluster:
            store = opened(cluster.new_database(), run)
            jobs = [add(store, run, new())]
            for how in (signal.SIGINT, signal.SIGQUIT):
                cluster.stop(how)
                run.loop.run_in_executor(None, cluster.start)
                jobs.append(add(store, run, new()))
            assert run(store.unfinished()) == jobs
            run(store.close())

    @pytest.mark.usefixtures("impatient")
    def test_one_that_stays_away_is_said(self, run: Run, new: New) -> None:
        with running_cluster() as cluster:
            store = opened(cluster.new_database(), run)
            job = add(store, run, new())
            cluster.stop()
            for answer in run.together(store.add(new()), store.add(new()), store.get(job.id)):
                assert isinstance(answer, StoreUnavailable)
                assert "; check that its server runs" in str(answer)
            cluster.start()
            assert run(store.unfinished()) == [job]
            run(store.close())


class TestCommitsInDoubt:
    """The connection is lost at the very commit: before the server got it, or before its answer came."""

    @pytest.fixture(params=["not arrived", "not acknowledged"])
    def arrives(self, request: pytest.FixtureRequest) -> bool:
        return bool(request.param == "not acknowledged")

    @pytest.fixture
    def losing(self, store: SqlStore, postgresql: Cluster, arrives: bool) -> Iterator[list[str]]:
        """Lose the connection at the next commit."""
        lost: list[str] = []
        cls = database_of(store).read.__class__
        execute = cls.exec_driver_sql

        def lose(connection: object, statement: str, *arguments: object) -> object:
            if statement == "COMMIT" and not lost:
                lost.append(statement)
                if arrives:
                    execute(connection, statement)  # type: ignore[arg-type]
                postgresql.cut(database_of(store)._url.database or "")
            return execute(connection, statement, *arguments)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cls, "exec_driver_sql", lose)
            yield lost

    def test_is_neither_lost_nor_done_twice(
        self, store: SqlStore, run: Run, new: New, losing: list[str]
    ) -> None:
        told: list[Committed] = []
        store.listeners.append(told.extend)
        answers = run.together(*(store.add(new()) for _ in range(3)))
        assert losing
        jobs = [job for job, _ in answers]
        assert [job.seq for job in jobs] == [1, 2, 3]
        assert run(store.unfinished()) == jobs == [change.job for change in told]
        assert [count.jobs for count in run(store.counts())] == [3]

    def test_that_nobody_can_ask_after_is_told_when_it_is_known(
        self,
        store: SqlStore,
        run: Run,
        new: New,
        losing: list[str],
        arrives: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        told: list[Committed] = []
        store.listeners.append(told.extend)
        connect, down = database_of(store)._connect, [True]

        def refuse() -> object:
            if down:
                raise psycopg_error()
            return connect()

        monkeypatch.setattr(database_of(store), "_connect", refuse)
        monkeypatch.setattr(postgresql, "PATIENCE", 0.0)
        with pytest.raises(StoreUnavailable, match="may be stored or not"):
            run(store.add(new()))
        down.clear()

        async def until_told() -> None:
            assert store._catching_up
            await store._catching_up

        run(until_told())
        assert [change.job.seq for change in told if change.event] == ([1] if arrives else [])
        assert len(run(store.unfinished())) == len({change.job.seq for change in told}) == int(arrives)
        assert add(store, run, new()).seq == 1 + int(arrives)


def psycopg_error() -> Exception:
    return OperationalError("connect", None, psycopg.OperationalError("Connection refused"))


class TestSerialisationFailures:
    def test_are_tried_again(
        self, store: SqlStore, administrator: psycopg.Connection[tuple[object, ...]], run: Run, new: New
    ) -> None:
        administrator.execute(FAIL_TWICE)
        jobs = [add(store, run, new()) for _ in range(3)]
        jobs[0] = save(store, run, jobs[0], phase=Phase.RUNNING)
        assert run(store.unfinished()) == jobs
        assert administrator.execute("SELECT last_value FROM failures").fetchone() == (12,)

    def test_that_do_not_end_are_said(
        self,
        store: SqlStore,
        administrator: psycopg.Connection[tuple[object, ...]],
        run: Run,
        new: New,
        impatient: None,
    ) -> None:
        administrator.execute(FAIL_TWICE)
        with pytest.raises(StoreError, match="injected"):
            run(store.add(new()))
        assert run(store.unfinished()) == []


FAIL_TWICE = """
    CREATE SEQUENCE failures;
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('failures') % 3 > 0 THEN RAISE 'injected' USING ERRCODE = '40001'; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER fail BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION fail();
"""


class TestFailures:
    def refusal(self, url: str, run: Run) -> str:
        with pytest.raises(StoreError) as caught:
            run(SqlStore(url).open())
        return str(caught.value)

    def test_nobody_there(self, tmp_path: Path, run: Run) -> None:
        told = self.refusal(f"postgresql://me:secret@/jobs?host={tmp_path}", run)
        assert "; check that its server runs, and the host and port in JobsubS" in told
        assert "secret" not in told

    def test_an_unknown_database(self, postgresql: Cluster, run: Run) -> None:
        told = self.refusal(postgresql.url("none"), run)
        assert "check the database's name in JobsubService.database_url, or make it: createdb NAME" in told

    def test_an_unknown_user(self, url: str, run: Run) -> None:
        assert "or make it: createuser NAME" in self.refusal(url.replace("jobsub@", "nobody:secret@"), run)

    def test_a_wrong_password(self, run: Run) -> None:
        with running_cluster() as cluster:
            cluster.require_passwords()
            url = cluster.url("postgres").replace("jobsub@", "jobsub:secret@")
            told = self.refusal(url, run)
        assert "check the user and the password in JobsubService.database_url" in told
        assert "secret" not in told

    def test_no_extension_and_no_right_to_make_it(
        self, administrator: psycopg.Connection[tuple[object, ...]], url: str, run: Run
    ) -> None:
        administrator.execute("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN")
        administrator.execute("GRANT ALL ON SCHEMA public TO guest")
        told = self.refusal(url.replace("jobsub@", "guest@"), run)
        assert "; install PostgreSQL's contrib package" in told
        assert "CREATE EXTENSION pg_trgm" in told
        administrator.execute("CREATE EXTENSION pg_trgm")
        run(opened(url.replace("jobsub@", "guest@"), run).close())

    def test_no_right_to_make_tables(
        self, administrator: psycopg.Connection[tuple[object, ...]], url: str, run: Run
    ) -> None:
        administrator.execute("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN")
        told = self.refusal(url.replace("jobsub@", "reader@"), run)
        assert "; make the user the database's owner" in told

    def test_a_standby(
        self, administrator: psycopg.Connection[tuple[object, ...]], url: str, run: Run
    ) -> None:
        run(opened(url, run).close())
        administrator.execute(
            f"ALTER DATABASE {make_url(url).database} SET default_transaction_read_only = on"
        )
        assert "; name a server that can be written" in self.refusal(url, run)

    def test_another_encoding(
        self, postgresql: Cluster, administrator: psycopg.Connection[tuple[object, ...]], run: Run
    ) -> None:
        administrator.execute("CREATE DATABASE old TEMPLATE template0 ENCODING 'LATIN1'")
        assert "its encoding is LATIN1; make one with" in self.refusal(postgresql.url("old"), run)

    def test_an_old_server(self, url: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgresql, "OLDEST", 99)
        assert "jobs need 99 or later" in self.refusal(url, run)

    def test_no_driver(self, url: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*_: object, **__: object) -> None:
            raise ModuleNotFoundError("No module named 'psycopg'")

        monkeypatch.setattr(postgresql, "create_engine", fail)
        assert "run: pip install 'jupyter-jobsub[postgresql]'" in self.refusal(url, run)

    @pytest.mark.parametrize(
        "url", ["mysql://me:secret@here/jobs", "secret", "postgresql://me:secret@here:x/jobs"]
    )
    def test_a_url_of_something_else(self, url: str) -> None:
        with pytest.raises(ValueError, match="write postgresql://USER:PASSWORD@HOST:PORT/DATABASE") as caught:
            database_at(url)
        assert "secret" not in str(caught.value)

    def test_what_nobody_thought_of(
        self, store: SqlStore, run: Run, new: New, caplog: pytest.LogCaptureFixture
    ) -> None:
        database_of(store).read.exec_driver_sql("DROP TABLE events CASCADE")
        with (
            pytest.raises(StoreError, match=r'"events" does not exist'),
            caplog.at_level(logging.INFO),
        ):
            run(store.add(new(env={"TOKEN": "secret"})))
        assert "secret" not in caplog.text


def test_a_server_that_does_not_answer_holds_up_nobody_else(store: SqlStore, run: Run, new: New) -> None:
    job, backend = add(store, run, new()), session(store)
    told: list[str] = []

    async def ask() -> None:
        assert await store.get(job.id) == job
        told.append("its answer")

    async def meanwhile() -> None:
        os.kill(backend, signal.SIGSTOP)
        try:
            asking = asyncio.create_task(ask())
            for _ in range(100):
                await asyncio.sleep(0)
            assert await store.last_event() == 1
            assert len(await store.counts()) == 1
            told.append("what needs no server")
        finally:
            os.kill(backend, signal.SIGCONT)
        await asking

    run(meanwhile())
    assert told == ["what needs no server", "its answer"]


def test_what_was_read_at_one_moment_is_of_one_moment(store: SqlStore, run: Run, new: New) -> None:
    job = add(store, run, new())

    async def both() -> None:
        saving = asyncio.create_task(store.save([(job, replace(job, phase=Phase.RUNNING))]))
        await asyncio.sleep(0)  # it waits for the next turn, and so do these
        for page in await asyncio.gather(
            *(store.page(JobQuery(groups=frozenset({"default"}))) for _ in range(5))
        ):
            assert len(page.items) == 1
        await saving

    run(both())


@pytest.fixture(scope="module")
def large(postgresql: Cluster) -> Iterator[Connection]:
    run = Run()
    store = opened(postgresql.new_database(), run)
    add(store, run, make_job(1))
    connection = database_of(store).read
    for statement in FILL:
        connection.exec_driver_sql(statement)
    yield connection
    run(store.close())
    run.loop.close()


class TestPlans:
    """Every statement that is asked often finds its rows by an index, however many there are."""

    @pytest.mark.parametrize(
        ("statement", "step"),
        [
            (lambda: pages.strand_by_strand(((),), D), "Index Scan Backward using jobs_pkey"),
            (lambda: pages.strand_by_strand((("phase",),), D), "Index Scan Backward using jobs_phase"),
            (lambda: pages.strand_by_strand((("user",),), D), "Index Scan Backward using jobs_owner"),
            (
                lambda: pages.strand_by_strand((("group", "phase"),), D),
                "Index Scan Backward using jobs_group",
            ),
            (
                lambda: pages.strand_by_strand((("user", "group", "phase"),), D, True),
                "Index Scan Backward using jobs_user",
            ),
            (
                lambda: pages.sweep_by_row((("phase",), ("user", "group")), D, True),
                "jobs_sweep",
            ),
            (lambda: queries._SWEEP, "jobs_sweep"),
            (lambda: pages.match_by_match(((),), D), "Bitmap Index Scan on jobs_text"),
            (lambda: pages._FIRST_SINCE, "using jobs_queued_at"),
            (lambda: queries._GET, "using jobs_id_key"),
            (lambda: queries._EXPIRED, "using jobs_expires_at"),
            (lambda: queries._NEXT_EXPIRY, "using jobs_expires_at"),
            (lambda: queries._EVENTS_AFTER, "using events_pkey"),
            (lambda: queries._TIMELINE, "events_job"),
            (lambda: queries._ALL_UNFINISHED, "jobs_hold"),
        ],
    )
    def test_uses_an_index(
        self, large: Connection, statement: Callable[[], Select[object]], step: str
    ) -> None:
        asked = statement().compile(large.engine, compile_kwargs={"render_postcompile": True})
        values = {name: VALUES.get(name, value) for name, value in asked.params.items()}
        rows = large.exec_driver_sql(f"EXPLAIN {asked}", values)
        steps = "; ".join(row[0].strip() for row in rows)
        assert step in steps
        assert "Seq Scan on jobs" not in steps


D = Postgresql.dialect
VALUES: dict[str, object] = {
    "first": 1,
    "before": 20_001,
    "size": 101,
    "limit": 100,
    "since": 10_000,
    "now": 5,
    "after": 19_900,
    "id": "job-77",
    "text": "name 77x",
    "pattern": "%name 77x%",
    **{f"{name}_of_{n}": "some 3" for name in ("user", "group", "phase") for n in (0, 1)},
    **dict.fromkeys(("sweep", "sweep_of_0"), "sweep 3"),
}
FILL = (
    """
    INSERT INTO jobs SELECT (jsonb_populate_record(first, jsonb_build_object(
        'seq', n, 'id', 'job-' || n, 'queued_at', n, 'expires_at', n, 'search', 'name ' || n || 'x',
        'user', 'some ' || mod(n, 10), 'group', 'some ' || mod(n, 10), 'phase', 'some ' || mod(n, 5),
        'sweep', CASE WHEN mod(n, 8) = 3 THEN 'sweep ' || n / 1000 END
    ))).* FROM jobs AS first, generate_series(2, 20000) AS n
    """,
    "INSERT INTO events SELECT n, n, n, 'Pending', 'Queued', 0, '' FROM generate_series(2, 20000) AS n",
    "ANALYZE jobs, events",
)
