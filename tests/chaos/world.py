"""The processes of a chaos run: a service, a Jupyter Server, supervisors; and how they are killed."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import processes
from benchmarks.jupyter import JupyterServer
from jupyter_jobsub import paths
from jupyter_jobsub.client import Client, LocalEndpoint, ServerEndpoint

MARK = "CHAOS_MARK"
AT_ONCE = 8
CONFIG = f"""\
c.JobsubService.cpu = {4 * AT_ONCE}
c.JobsubService.memory = "64Gi"
c.JobsubService.groups = {{"chaos": {{"quota": {{"cpu": {AT_ONCE}}}}}}}
c.JobsubService.instance_types = {{"one": {{"cpu": 1, "memory": "64Mi"}}}}
c.JobsubService.halt_grace_seconds = 2
"""


class World:
    """Everything of one run lies in one folder, and every process of it carries one mark."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_dir = paths.private_folder(folder / "data")
        self.marks = _made(folder / "marks")
        config = _made(folder / "config")
        (config / "jupyter_jobsub_config.py").write_text(CONFIG)
        self.mark = secrets.token_hex(12)
        self.variables = {
            "JOBSUB_DATA_DIR": str(self.data_dir),
            "JUPYTER_CONFIG_DIR": str(config),
            "HOME": str(_made(folder / "home")),
            MARK: self.mark,
        }
        self.jupyter = JupyterServer(
            Path(sys.executable),
            _made(folder / "jupyter"),
            root=folder,
            environment=self.variables,
            options=("--ServerApp.jpserver_extensions={'jupyter_jobsub': True}",),
        )

    def socket_client(self) -> Client:
        """A client on the socket, which starts the service when it is gone."""
        return Client(LocalEndpoint(self.data_dir))

    def jupyter_client(self) -> Client:
        """A client through the Jupyter Server, whose extension starts the service when it is gone."""
        host, port = self.jupyter.address
        token = self.jupyter.headers["Authorization"].removeprefix("token ")
        return Client(ServerEndpoint(f"http://{host}:{port}/", token))

    def submit_by_command(self, spec: dict[str, Any], key: str) -> str | None:
        """Submit by the command line; None if it did not get through."""
        done = subprocess.run(
            [*_JOBSUB, "submit", "--file", "-", "--idempotency-key", key, "--json"],
            input=json.dumps(spec),
            env={**os.environ, **self.variables},
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        return str(json.loads(done.stdout)["id"]) if done.returncode == 0 else None

    def services(self) -> list[int]:
        """The service's process, if it lives."""
        return [pid for pid in self._own() if "jupyter_jobsub.service" in processes.command_line(pid)]

    def supervisors(self) -> list[tuple[int, str, int]]:
        """Living supervisors: process, job id, attempt."""
        found = []
        for pid in self._own():
            task = self._task(pid)
            # before its exec, a command looks like the supervisor that is its parent
            if task and self._task(processes.parent(pid)) is None:
                found.append((pid, *task))
        return sorted(found)

    def left_of(self, mark: str) -> list[str]:
        """Command lines of jobs' processes that carry the mark, and of any supervisors."""
        pids = {*processes.marked(mark), *(pid for pid, _, _ in self.supervisors())}
        return [" ".join(processes.command_line(pid)) for pid in pids]

    def end(self) -> None:
        """End whatever of this run still lives."""
        self.jupyter.end()
        processes.end(self._own())
        processes.end(pid for pid in processes.marked(self.mark) if pid != os.getpid())

    def _own(self) -> Iterator[int]:
        """Processes that were started for this run's data folder."""
        text = str(self.data_dir)
        for pid in processes.pids():
            if pid != os.getpid() and any(text in argument for argument in processes.command_line(pid)):
                yield pid

    def _task(self, pid: int) -> tuple[str, int] | None:
        """The task that a supervisor, which works in its run folder, has; None if it has none yet."""
        runs = f"{self.data_dir}/runs/"
        folder = processes.working_folder(pid)
        if not folder.startswith(runs) or not any("supervisor" in a for a in processes.command_line(pid)):
            return None
        job, attempt, *_ = folder.removeprefix(runs).split(".")
        return job, int(attempt)


_JOBSUB = (str(Path(sys.executable).parent / "jupyter"), "jobsub")


def kill(pid: int) -> bool:
    """Kill −9; say whether it was still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
