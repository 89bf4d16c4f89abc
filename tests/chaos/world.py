"""The processes of a chaos run, service and supervisors; and how they are found."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import processes
from jupyter_jobsub import paths
from jupyter_jobsub.client import Client, LocalEndpoint

from .plan import ARTIFACTS

MARK = "CHAOS_MARK"
AT_ONCE = 8
# as modules, on a command line
SERVICES = frozenset({"jupyter_jobsub.service", "tests.chaos.service", "tests.chaos.older"})
CONFIG = f"""\
c.JobsubService.cpu = {4 * AT_ONCE}
c.JobsubService.memory = "64Gi"
c.JobsubService.groups = {{"chaos": {{"quota": {{"cpu": {AT_ONCE}}}}}}}
c.JobsubService.instance_types = {{"one": {{"cpu": 1, "memory": "64Mi"}}}}
c.JobsubService.halt_grace_seconds = 2
c.JobsubService.max_artifact_files = {ARTIFACTS}
"""


class World:
    """Everything of one run lies in one folder, and every process of it carries one mark.

    Parameters
    ----------
    config:
        Settings beside those that every run has.
    """

    def __init__(self, folder: Path, config: str = "") -> None:
        self.folder = folder
        self.data_dir = paths.private_folder(folder / "data")
        self._runs = str(self.data_dir / "runs")
        self.marks = made(folder / "marks")
        self.marks_inside = str(self.marks)  # where the jobs find them
        self._settings = made(folder / "config")
        self.configure(config)
        self.mark = secrets.token_hex(12)
        self.variables = {
            "JOBSUB_DATA_DIR": str(self.data_dir),
            "JUPYTER_CONFIG_DIR": str(self._settings),
            "HOME": str(made(folder / "home")),
            MARK: self.mark,
        }

    def configure(self, config: str = "") -> None:
        """Set what the next service has beside the settings of every run."""
        (self._settings / "jupyter_jobsub_config.py").write_text(CONFIG + config)

    def socket_client(self) -> Client:
        """A client on the socket, which starts the service when it is gone."""
        return Client(LocalEndpoint(self.data_dir))

    def submit_by_command(self, spec: dict[str, Any], key: str) -> str | None:
        """Submit by the command line; None if it did not get through."""
        words = ("submit", "--file", "-", "--idempotency-key", key, "--json")
        done = self.command(*words, given=json.dumps(spec))
        return str(json.loads(done.stdout)["id"]) if done.returncode == 0 else None

    def command(self, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Give a command of ``jupyter jobsub``."""
        return subprocess.run(
            [*_JOBSUB, *words],
            input=given,
            env={**os.environ, **self.variables},
            cwd=self.folder,
            capture_output=True,
            text=True,
        )

    def services(self) -> list[int]:
        """The service's process, if it lives."""
        own = processes.naming(str(self.data_dir))
        return [pid for pid in own if not SERVICES.isdisjoint(processes.command_line(pid))]

    def supervisors(self) -> list[int]:
        """Living supervisors, with the one that waits for its first task."""
        named = set(processes.naming(self._runs))
        # before its exec, a command looks like the supervisor that is its parent
        return sorted(pid for pid in named if processes.parent(pid) not in named)

    def task(self, pid: int) -> tuple[str, int] | None:
        """Job id and attempt of a supervisor; None while it waits for a task."""
        folder = processes.working_folder(pid).removesuffix(" (deleted)")
        if not folder.startswith(f"{self._runs}/"):
            return None
        job, attempt, *_ = folder.removeprefix(f"{self._runs}/").split(".")
        return job, int(attempt)

    def left_of(self, mark: str) -> list[str]:
        """Command lines of jobs' processes that carry the mark, and of supervisors with a task."""
        watching = [pid for pid in self.supervisors() if self.task(pid)]
        return [" ".join(processes.command_line(pid)) for pid in {*processes.marked(mark), *watching}]

    def end(self) -> None:
        """End whatever of this run still lives."""
        while left := self.everybody():  # what is started meanwhile too
            processes.end(left)

    def everybody(self) -> list[int]:
        """The service, its supervisors and their commands, and whoever starts them."""
        return sorted({*processes.naming(str(self.data_dir)), *processes.marked(self.mark)})


_JOBSUB = (str(Path(sys.executable).parent / "jupyter"), "jobsub")


def send(pid: int, number: signal.Signals) -> bool:
    """Send a signal; say whether the process was still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def made(folder: Path) -> Path:
    """Make a folder."""
    folder.mkdir()
    return folder
