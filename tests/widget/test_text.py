"""Where there are no widgets."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jupyter_jobsub import Job
from jupyter_jobsub.client import Client
from jupyter_jobsub.widget import JobsView, JobView, view
from tests.live import Live

from .rows import row

CODE = """
%load_ext jupyter_jobsub
from jupyter_jobsub import JobsubClient
from jupyter_jobsub.widget import view
job = JobsubClient(start=False).submit(command="exit 3", name="a job").wait()
view(job)
[job, job]
"""


def test_a_view_is_a_line_for_each_job(capsys: pytest.CaptureFixture[str]) -> None:
    jobs = [Job(Client(), row(id=f"job-{n}", phase=phase)) for n, phase in ((1, "Running"), (2, "Failed"))]
    shown = view(jobs[0])
    assert isinstance(shown, JobView)
    shown.show()
    assert capsys.readouterr().out.startswith("job-1 train: Running, started 2026-01-31 ")
    several = view(iter(jobs))
    assert isinstance(several, JobsView)
    several.show()
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        "job-1 train: Running",
        "job-2 train: Failed",
    ]
    assert repr(shown) == "<JobView job-1 Running>"
    assert repr(several) == "<JobsView of 2 jobs>"


def test_a_terminal_shows_text(service: Live) -> None:
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=nocolor"]
    env = {name: value for name, value in service.env.items() if name != "VIRTUAL_ENV"}  # it warns of one
    done = subprocess.run(command, input=CODE, capture_output=True, text=True, env=env, timeout=60)
    assert "a job: Failed, exit code 3, took 0s" in done.stdout
    assert done.stdout.count("<Job job-") == 2
    assert not done.stderr
