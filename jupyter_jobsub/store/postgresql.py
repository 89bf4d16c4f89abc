"""What is particular to PostgreSQL: one connection, made again when lost; commits in doubt; its failures."""

from __future__ import annotations

import asyncio
import os
import platform
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ..errors import StoreError, StoreUnavailable
from .database import CommitInDoubt, Database
from .dialects import PostgresqlDialect

T = TypeVar("T")

OLDEST = 13  # has trusted extensions, and pg_xact_status of xid8
PATIENCE = 20.0  # seconds that work waits for a server that was there before: a restart takes less
PAUSE = 0.05, 1.0  # seconds between two tries, the first and the longest
LOCK_PATIENCE = 5.0  # seconds: what a killed service was doing has ended by then
SETTING = "JobsubService.database_url"
LOCK = (0x6A6F6273, 0x7562)  # any two numbers that others are not likely to take
AGAIN = ("40001", "40P01")  # serialisation failures and deadlocks: the same goes through the next time

_SETTINGS = (
    "SET plan_cache_mode = force_custom_plan",  # a plan for any limit is a plan for none
    "SET jit = off",
    f"SET lock_timeout = {round(LOCK_PATIENCE * 1000)}",
    "SELECT set_config('synchronous_commit', 'on', false)"
    " WHERE current_setting('synchronous_commit') = 'off'",
)
_DEFAULTS = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
_HOLDER = f"""
    SELECT coalesce(nullif(application_name, ''), usename, 'a process') || coalesce(' at ' || client_addr, '')
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND (classid, objid) = ({LOCK[0]}, {LOCK[1]})
        AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_END_SESSION = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND application_name = %s
"""
_NO_ANSWER = "check that its server runs, and the host and port in {setting}"
_FAILURES = {
    "password authentication failed|no password": "check the user and the password in {setting}",
    'role ".*" does not exist': "check the user in {setting}, or make it: createuser NAME",
    'database ".*" does not exist': "check the database's name in {setting}, or make it: createdb NAME",
    "pg_trgm|gin_trgm_ops": "install PostgreSQL's contrib package on the server and, as its "
    "administrator, run in this database: CREATE EXTENSION pg_trgm",
    "permission denied": "make the user the database's owner",
    "read-only": "name a server that can be written, the primary, in {setting}",
    "No space left": "free some space on the server and try again",
    "too many clients|remaining connection": "raise max_connections on the server",
}
"""What to do, by a pattern of what the server or the driver says."""


class Postgresql(Database):
    """A database on a server, and the one connection that writes and reads it in a thread of its own.

    What only looks, and may take long, has a connection for as long as it takes.

    The connection's session holds a lock; so whoever has it again after a loss knows that the lost
    session has ended, and can ask what became of its last commit.
    """

    dialect = PostgresqlDialect()
    _engine: Engine
    _thread: ThreadPoolExecutor

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self._name = f"jupyter-jobsub {os.getpid()} on {platform.node()}"[:63]
        self._connection: Connection | None = None
        self._session = 0
        self._opened = False
        self._failing_since: float | None = None
        self._closing = threading.Event()

    @property
    def where(self) -> str:
        """The database and its server."""
        host = self._url.host or self._url.query.get("host") or "its local socket"
        port = f":{self._url.port}" if self._url.port else ""
        return f"PostgreSQL database {self._url.database or self._url.username or ''} at {host}{port}"

    @property
    def read(self) -> Connection:
        """The connection; made again if it was lost."""
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    async def open(self) -> None:
        """Connect, and take the lock."""
        self._engine = self._make_engine()
        self._closing.clear()
        self._thread = ThreadPoolExecutor(1, "jobsub-postgresql")
        try:
            await self.run(lambda: self._check(self.read))
        except BaseException:
            await self.close()
            raise
        self._opened = True

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Connect once more, without the lock, and only look; a server that is away is not waited for."""
        try:
            with self._make_engine().connect() as connection:
                for setting in (*_SETTINGS, "SET default_transaction_read_only = on"):
                    connection.exec_driver_sql(setting)
                self._check(connection)
                yield connection
        except DBAPIError as error:
            raise self._explained(error, lost=True) from error

    def _make_engine(self) -> Engine:
        given = {name: text for name, text in _DEFAULTS.items() if name not in self._url.query}
        try:
            return create_engine(
                self._url,
                poolclass=NullPool,
                isolation_level="AUTOCOMMIT",
                hide_parameters=True,
                connect_args={**given, "application_name": self._name},
            )
        except ImportError:
            raise self._error(
                "its driver is not installed; run: pip install 'jupyter-jobsub[postgresql]'"
            ) from None

    def _check(self, connection: Connection) -> None:
        number, encoding = connection.exec_driver_sql(
            "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')"
        ).one()
        if number < OLDEST * 10_000:
            raise self._error(f"its server is release {number // 10_000}; jobs need {OLDEST} or later")
        if encoding != "UTF8":
            raise self._error(f"its encoding is {encoding}; make one with: createdb --encoding UTF8 NAME")

    async def close(self) -> None:
        """End the session, and with it the lock."""
        self._opened = False
        self._closing.set()
        if hasattr(self, "_thread"):
            self._thread.submit(self._let_go)
            self._thread.shutdown()
            del self._thread

    async def run(self, work: Callable[[], T]) -> T:
        """Do the work in the connection's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._patiently, work)

    def _patiently(self, work: Callable[[], T]) -> T:
        pause, longest = PAUSE
        while True:
            try:
                answer = work()
            except DBAPIError as error:
                lost = self._lost(error)
                if not (lost or _state(error) in AGAIN) or self._gives_up():
                    raise self._explained(error, lost) from error
            else:
                self._failing_since = None
                return answer
            self._closing.wait(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, longest)

    def _lost(self, error: DBAPIError) -> bool:
        if error.connection_invalidated:
            self._let_go()
        return self._connection is None

    def _gives_up(self) -> bool:
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        return not self._opened or now - self._failing_since > PATIENCE

    def _let_go(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _connect(self) -> Connection:
        connection = self._engine.connect()
        try:
            for setting in _SETTINGS:
                connection.exec_driver_sql(setting)
            self._lock(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _lock(self, connection: Connection) -> None:
        connection.exec_driver_sql(_END_SESSION, (self._session, self._name))  # where its loss went unnoticed
        try:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK[0]}, {LOCK[1]})")
        except DBAPIError as error:
            if _state(error) != "55P03":
                raise
            holder = connection.exec_driver_sql(_HOLDER).scalar() or "a process"
            raise StoreUnavailable(
                f"another service uses the {self.where}: {holder}; "
                f"end it, or give this one a database of its own in {SETTING}"
            ) from error
        self._session = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar() or 0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Begin, then commit, or roll back whatever was done, tables included."""
        connection = self.read
        connection.exec_driver_sql("BEGIN")
        try:
            yield connection
            number = connection.exec_driver_sql("SELECT pg_current_xact_id_if_assigned()::text").scalar()
        except BaseException:
            if connection.invalidated:
                self._let_go()
            else:
                connection.exec_driver_sql("ROLLBACK")
            raise
        self._commit(connection, number)

    def _commit(self, connection: Connection, number: str | None) -> None:
        try:
            connection.exec_driver_sql("COMMIT")
        except DBAPIError as error:
            if not self._lost(error) or not number or not self._is_committed(number):
                raise

    def _is_committed(self, number: str) -> bool:
        # the session that sent it has ended, since its lock is ours again: there is one answer
        try:
            status = self._patiently(
                lambda: self.read.exec_driver_sql("SELECT pg_xact_status(%s::xid8)", (number,)).scalar()
            )
        except StoreError as error:
            raise CommitInDoubt(f"{error}; what was being written may be stored or not: look") from error
        return bool(status == "committed")

    def _explained(self, error: DBAPIError, lost: bool) -> StoreError:
        text = str(error.orig)
        known = (words for sign, words in _FAILURES.items() if re.search(sign, text))
        remedy = next(known, _NO_ANSWER if lost else "").format(setting=SETTING)
        first, *_ = text.splitlines() or ["no reason given"]
        return self._error("; ".join(filter(None, [first.rstrip(), remedy])), lost)

    def _error(self, why: str, lost: bool = False) -> StoreError:
        return (StoreUnavailable if lost else StoreError)(f"can't use the {self.where}: {why}")


def _state(error: DBAPIError) -> str | None:
    """The SQLSTATE, where the server has given one."""
    return getattr(error.orig, "sqlstate", None)
