"""A Jupyter Server of one's own, in its own folders, on a loopback port."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from . import processes
from .http import Connection


class JupyterServer:
    """Started on enter, ended with all it started on exit.

    Parameters
    ----------
    folder:
        Where its configuration, data, runtime files and home go.
    root:
        The folder that it serves.
    environment:
        Variables added to its own.
    options:
        Further command-line options.
    """

    def __init__(
        self,
        python: Path,
        folder: Path,
        *,
        root: Path,
        environment: Mapping[str, str] | None = None,
        options: tuple[str, ...] = (),
    ) -> None:
        self._python, self._folder, self._root = python, folder, root
        self._environment, self._options = dict(environment or {}), options
        self._token = secrets.token_hex(16)
        self.address = ("127.0.0.1", _free_port())
        self.headers = {"Authorization": f"token {self._token}"}

    def __enter__(self) -> JupyterServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def page(self, path: str, **query: str) -> str:
        """Where a browser finds a page of it."""
        host, port = self.address
        return f"http://{host}:{port}/{path}?{urlencode({'token': self._token, **query})}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._python, "-m", "jupyter_server", *self._arguments(), *self._options],
                env=self._variables(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            processes.until(self._answers, 60, f"the Jupyter Server ({self._folder / 'server.log'})")
        except BaseException:  # Ctrl-C too
            self.end()
            raise

    def end(self) -> None:
        """End it and what it started; what has detached itself is not touched."""
        processes.end(processes.descendants(self.pid))
        self.kill()

    def kill(self) -> None:
        """Kill it alone, at once."""
        self._process.kill()
        self._process.wait()

    def connect(self) -> Connection:
        """Open a connection that carries the token."""
        return Connection(self.address, self.headers)

    def _arguments(self) -> list[str]:
        return [
            "--no-browser",
            "--allow-root",
            f"--ServerApp.port={self.address[1]}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self._root}",
            f"--IdentityProvider.token={self._token}",
        ]

    def _variables(self) -> dict[str, str]:
        own = {f"JUPYTER_{name.upper()}_DIR": self._folder / name for name in ("config", "data", "runtime")}
        for path in own.values():
            path.mkdir(exist_ok=True)
        folders = {name: str(path) for name, path in (own | {"HOME": self._folder}).items()}
        return {**os.environ, **folders, **self._environment}

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise ChildProcessError(f"the Jupyter Server ended; see {self._folder / 'server.log'}")
        try:
            with self.connect() as connection:
                return connection.request("GET", "/api/status").status == 200
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
