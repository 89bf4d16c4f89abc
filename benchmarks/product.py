"""Our side: the service of a data folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_jobsub import paths

from . import processes
from .figures import Bench, CannotMeasure
from .http import Connection, encode

JOBS = "/jobsub/jobs"
MARK = "JOBSUB_BENCH"


class Service:
    """A running service; whatever it starts carries the mark and is ended with it."""

    def __init__(self, folder: Path, settings: Mapping[str, Any] | None = None) -> None:
        self.data_dir = paths.private_folder(folder / "data")
        self.socket = paths.socket_path(self.data_dir)
        self._config, self._home = folder / "config", folder / "home"  # its jobs write into the home
        self._config.mkdir()
        self._home.mkdir()
        settings = {"env": {"HOME": str(self._home)}, **(settings or {})}
        lines = [f"c.JobsubService.{name} = {value!r}\n" for name, value in settings.items()]
        (self._config / "jupyter_jobsub_config.py").write_text("".join(lines))

    @property
    def variables(self) -> dict[str, str]:
        """The environment in which any surface finds this service."""
        own = {"JOBSUB_DATA_DIR": self.data_dir, "JUPYTER_CONFIG_DIR": self._config, "HOME": self._home}
        own[MARK] = self.data_dir
        return {**os.environ, **{name: str(value) for name, value in own.items()}}

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises
        ------
        CannotMeasure
            If it does not, with its own words.
        """
        reader, writer = os.pipe()
        with (self.data_dir / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_jobsub.service", *self._arguments(writer)],
                env=self.variables,
                pass_fds=[writer],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        os.close(writer)
        with open(reader) as ready:
            if (line := ready.readline().strip()) != "ready":
                raise CannotMeasure(f"the service did not start: {line or self.data_dir / 'service.log'}")

    def end(self) -> None:
        """End it and every process that it or its jobs have left."""
        processes.end([self._process.pid])
        self._process.wait()
        left = processes.naming(str(self.data_dir)) + processes.marked(str(self.data_dir))
        processes.end(set(left))

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def connect(self) -> Connection:
        """Open a connection to its socket."""
        return Connection(self.socket)

    def _arguments(self, ready: int) -> list[str]:
        return ["--data-dir", str(self.data_dir), "--ready-fd", str(ready)]


@contextmanager
def running(
    bench: Bench, name: str = "service", settings: Mapping[str, Any] | None = None
) -> Iterator[Service]:
    """Run a service in a new folder."""
    service = Service(bench.folder(name), settings)
    service.start()
    try:
        yield service
    finally:
        service.end()


def submit_bytes(spec: Mapping[str, Any]) -> bytes:
    """Build the bytes of a submit."""
    return encode("POST", JOBS, spec)


def submit(connection: Connection, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Submit, or say why it was refused.

    Raises
    ------
    CannotMeasure
        If the answer is not 201.
    """
    answer = connection.request("POST", JOBS, spec)
    if answer.status != 201:
        raise CannotMeasure(f"submit answered {answer.status}: {answer.body.decode(errors='replace')[:300]}")
    job: dict[str, Any] = answer.json()
    return job


def until_running(connection: Connection, id: str) -> None:
    """Wait until the job runs."""

    def running() -> bool:
        return bool(connection.request("GET", f"{JOBS}/{id}").json()["phase"] == "Running")

    processes.until(running, 30, f"{id} to run")


def until_idle(connection: Connection) -> None:
    """Wait until no job is unfinished."""

    def idle() -> bool:
        return not connection.request("GET", f"{JOBS}?phase=unfinished").json()["items"]

    processes.until(idle, 60, "all jobs to end")


def empty_notebook(folder: Path) -> Path:
    """Write a notebook with one empty cell."""
    path = folder / "empty.ipynb"
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "empty",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": [],
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))
    return path
