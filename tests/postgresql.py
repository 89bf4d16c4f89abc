"""A PostgreSQL server of the tests' own: in a temporary folder, on a unix socket, ended with them."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

USER = "jobsub"
PATIENCE = 60.0  # seconds for the server to start
HOW = "install PostgreSQL (on Debian and Ubuntu: apt-get install postgresql), or put initdb into PATH"
# nothing here outlives the machine: only a power cut needs the wait for the disk
OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}


class Cluster:
    """A server that can be stopped, killed and started again; its databases stay."""

    def __init__(self, folder: Path, options: dict[str, str] | None = None) -> None:
        self.folder = folder
        self._bin = _programs()
        self._options = {**OPTIONS, "unix_socket_directories": str(folder), **(options or {})}
        self._account = _account()
        self._numbers = itertools.count(1)
        if self._account:
            shutil.chown(folder, self._account, pwd.getpwnam(self._account).pw_gid)
        self._call(
            "initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={USER}"
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = [text for name, value in self._options.items() for text in ("-c", f"{name}={value}")]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self._data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as_account(),
            )
        limit = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'server.log').read_text()}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT cuts all connections first; SIGQUIT leaves everything as a crash would."""
        self._process.send_signal(how)
        self._process.wait()

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop and start."""
        self.stop(how)
        self.start()

    def new_database(self) -> str:
        """Make an empty database, and answer its URL."""
        name = f"jobsub_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str) -> str:
        """A database's URL."""
        return f"postgresql://{USER}@/{database}?host={quote(str(self.folder), safe='')}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Connect as the administrator."""
        return psycopg.connect(host=str(self.folder), user=USER, dbname=database, autocommit=True)

    def require_passwords(self) -> None:
        """Let nobody in without one."""
        (self._data / "pg_hba.conf").write_text("local all all scram-sha-256\n")
        self._process.send_signal(signal.SIGHUP)
        until = time.monotonic() + PATIENCE
        while self._answers() and time.monotonic() < until:
            time.sleep(0.02)

    def cut(self, database: str) -> int:
        """End all sessions of a database; say how many there were."""
        with self.connect() as connection:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            return len(connection.execute(ended, [database]).fetchall())

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self.connect():
            return True
        return False

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bin / program, "-D", self._data, *arguments],
            capture_output=True,
            text=True,
            **self._as_account(),
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")

    def _as_account(self) -> dict[str, object]:
        # the server refuses to run as root
        switch = {"user": self._account, "group": self._account, "extra_groups": []} if self._account else {}
        return {"cwd": self.folder, **switch}


@contextmanager
def running(options: dict[str, str] | None = None) -> Iterator[Cluster]:
    """Run a server in a new folder, removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="jobsub-postgresql-", dir="/tmp"))
    try:
        cluster = Cluster(folder, options)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    places = [Path(found).parent] if (found := shutil.which("initdb")) else []
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    for place in [*places, *reversed(debian)]:
        if (place / "postgres").exists():
            return place
    raise RuntimeError(f"the tests need PostgreSQL, and there is none: {HOW}")


def _account() -> str | None:
    if os.getuid():
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise RuntimeError(f"the server must not run as root, and there is no account for it: {HOW}")
