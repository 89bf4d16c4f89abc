"""The peer, jupyter-scheduler, in an environment of its own that is made on first use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import processes
from .figures import Bench, CannotMeasure
from .http import encode
from .jupyter import JupyterServer

REQUIREMENTS = ("jupyter-scheduler>=2.12", "ipykernel")
JOBS = "/scheduler/jobs"


def environment(cache: Path) -> Path:
    """Answer the peer's Python, installing it with pip if it isn't there.

    Raises
    ------
    CannotMeasure
        If pip can't install it.
    """
    folder = cache / "bench-peer"
    python, ready = folder / "bin" / "python", folder / "installed"
    if ready.exists() and ready.read_text() == "\n".join(REQUIREMENTS):
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", *REQUIREMENTS]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode:
        raise CannotMeasure(f"pip could not install the peer: {done.stderr.strip()[-300:]}")
    ready.write_text("\n".join(REQUIREMENTS))
    return python


class Peer:
    """A running peer, and what a submit to it looks like."""

    def __init__(self, server: JupyterServer, notebook: Path) -> None:
        self.server = server
        self._body = {"name": "bench", "input_uri": notebook.name, "runtime_environment_name": "python3"}

    def submit(self) -> bytes:
        """Build a submit of the notebook."""
        return encode("POST", JOBS, self._body, self.server.headers)

    def end_jobs(self) -> None:
        """End what its submits have started, kernels too, so that the next round finds it idle."""
        started = [
            pid
            for pid in processes.descendants(self.server.pid)
            if "--multiprocessing-fork" in processes.command_line(pid)
        ]
        kernels = [below for pid in started for below in processes.descendants(pid)]
        processes.end([*started, *kernels])


@contextmanager
def running(bench: Bench, name: str, notebook: Path) -> Iterator[Peer]:
    """Run the peer in a Jupyter Server whose root is the notebook's folder."""
    python = environment(bench.cache)
    with JupyterServer(python, bench.folder(name), root=notebook.parent) as server:
        yield Peer(server, notebook)
