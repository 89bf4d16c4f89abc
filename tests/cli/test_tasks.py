"""Jobs of several tasks on the command line."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.cli.errors import UsageError
from jupyter_jobsub.cli.tasks import MOST, follow_logs, tasks_of
from jupyter_jobsub.client import Client, LocalEndpoint

Run = Callable[..., str]
Rows = Callable[..., list[dict[str, Any]]]

GANG = """
name: two roles
task_roles:
  - name: server
    command: "echo up; echo $JOBSUB_PORT_TCP > port; until test -e asked; do sleep 0.02; done; exit 3"
    ports: [{label: tcp}]
    min_failed: null
  - name: client
    command: |
      until test -s port; do sleep 0.02; done
      test $(cat port) = $JOBSUB_PORT_SERVER_0_TCP && printf '10%%\\r20%%\\nno end of line'
      touch asked
"""


@pytest.fixture
def gang(tmp_path: Path) -> Path:
    path = tmp_path / "gang.yaml"
    path.write_text(GANG)
    return path


def test_a_job_file_of_two_roles_runs_in_this_folder(jobsub: Run, rows: Rows, gang: Path) -> None:
    text = jobsub("submit", "--file", "gang.yaml", "--wait")
    assert sorted(text.splitlines()) == ["[client 0] 20%", "[client 0] no end of line", "[server 0] up"]
    (row,) = rows("list", "--limit", "1")
    job_id = row["id"]
    assert (row["phase"], row["exit_code"], row["message"]) == ("Succeeded", 0, "1 of 2 tasks failed")
    shown = jobsub("get", job_id)
    rows_of_tasks = [line.split("\t") for line in shown.splitlines() if line.startswith(("server", "client"))]
    assert [(row[0], row[4], row[5]) for row in rows_of_tasks] == [
        ("server 0", "3", "Error"),
        ("client 0", "0", "Completed"),
    ]
    assert "1 × server: echo up" in shown
    assert jobsub("logs", job_id) == "up\n"
    assert jobsub("logs", job_id, "--role", "client", "--tail", "1") == "no end of line"
    assert jobsub("logs", job_id, "--all-tasks").splitlines() == [
        "[server 0] up",
        "[client 0] 20%",
        "[client 0] no end of line",
    ]
    found = [(line["role"], line["task"], line["text"]) for line in rows("logs", job_id, "--all-tasks")]
    assert found == [("server", 0, "up"), ("client", 0, "20%"), ("client", 0, "no end of line")]


def test_all_tasks_are_followed_through_the_attempts(jobsub: Run, gang: Path) -> None:
    meet = "touch $JOBSUB_TASK_ROLE.$JOBSUB_ATTEMPT; until test -e a.$JOBSUB_ATTEMPT -a -e b.$JOBSUB_ATTEMPT"
    command = f"echo try $JOBSUB_ATTEMPT; {meet}; do sleep 0.02; done; test $JOBSUB_ATTEMPT = 2"
    roles = "".join(f"  - {{name: {name}, command: {command}}}\n" for name in "ab")
    gang.write_text(f"retries: 1\ntask_roles:\n{roles}")
    text = jobsub("submit", "--file", "gang.yaml", "--follow")
    assert sorted(text.splitlines()) == ["[a 0] try 1", "[a 0] try 2", "[b 0] try 1", "[b 0] try 2"]


def test_all_tasks_are_followed_until_ctrl_c(
    jobsub: Run, gang: Path, process: Callable[..., subprocess.Popen[bytes]]
) -> None:
    gang.write_text(GANG.replace("touch asked", "sleep 600"))
    job_id = jobsub("submit", "--file", "gang.yaml").strip()
    follower = process("logs", "--follow", "--all-tasks", job_id)
    assert follower.stdout
    lines = {follower.stdout.readline(), follower.stdout.readline()}
    assert lines == {b"[server 0] up\n", b"[client 0] 20%\n"}
    follower.send_signal(signal.SIGINT)
    _, err = follower.communicate(timeout=60)
    assert follower.returncode == 130
    assert b"runs on" in err
    jobsub("cancel", job_id)
    assert "Cancelled" in jobsub("wait", job_id, code=143)


def test_options_that_contradict_each_other(jobsub: Run) -> None:
    assert "--all-tasks" in jobsub("logs", "k7x2mp9w", "--all-tasks", "--role", "a", code=2)


def test_more_tasks_than_can_be_followed_are_told() -> None:
    names = tasks_of({"task_roles": [{"name": "w", "tasks": MOST + 1}]})
    service = Client(LocalEndpoint(Path("/nowhere"), start=False))
    with pytest.raises(UsageError, match="17 tasks, and at most 16"):
        follow_logs(service, "job-20261121-aaaaaaaa", names, as_json=False)
