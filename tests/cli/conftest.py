"""A data folder of their own for all tests of the commands; a service is stopped at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.cli import main
from jupyter_jobsub.client import Client
from tests.live import data_folder

Run = Callable[..., int]


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """A private folder whose path is short enough for a socket."""
    with data_folder() as folder:
        yield folder


@pytest.fixture(autouse=True)
def environment(data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(data_dir))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(data_dir / "config"))
    monkeypatch.delenv("JOBSUB_URL", raising=False)
    monkeypatch.delenv("JOBSUB_TOKEN", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def jobsub(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command in this process, check its exit code, and give what it printed."""

    def run(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        found = main(words)
        out, err = capsys.readouterr()
        assert found == code, err
        return out or err

    return run


@pytest.fixture
def rows(jobsub: Callable[..., str]) -> Callable[..., list[dict[str, Any]]]:
    """Run a command with --json, and give the objects that it printed."""

    def run(*words: str, code: int = 0) -> list[dict[str, Any]]:
        name, *rest = words
        return [json.loads(line) for line in jobsub(name, "--json", *rest, code=code).splitlines()]

    return run


@pytest.fixture
def until(environment: None) -> Callable[[str, str], None]:
    """Wait until a job is in a phase."""

    def wait(job_id: str, phase: str) -> None:
        with Client() as client:
            for name, data in client.events(timeout=60):
                row = client.job(job_id) if name == "hello" else data.get("job", {})
                if (row.get("id"), row.get("phase")) == (job_id, phase):
                    return

    return wait


@pytest.fixture
def process(environment: None) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Run commands as processes."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*words: str, **more: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "jupyter_jobsub.cli", *words]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        started.append(subprocess.Popen(command, env=dict(os.environ), preexec_fn=_heed_ctrl_c, **pipes))
        return started[-1]

    yield run
    for one in started:
        with one:
            one.kill()


def _heed_ctrl_c() -> None:
    # a shell's background process, as these tests may be, is started with the signal ignored
    signal.signal(signal.SIGINT, signal.SIG_DFL)
