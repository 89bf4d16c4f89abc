"""Processes that are known by their id and start."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.kubernetes.cluster.api import wait
from tests.kubernetes.cluster.processes import Process, start


def started(tmp_path: Path, text: str) -> Process:
    process = start(Path(sys.executable), ["-c", text], tmp_path / "log", os.environ)
    wait("its first word", lambda: (tmp_path / "log").read_text())
    return process


def test_one_is_found_again_and_ended(tmp_path: Path) -> None:
    process = started(tmp_path, "print('up', flush=True); import time; time.sleep(60)")
    process.write(tmp_path / "pid")
    assert Process.read(tmp_path / "pid") == process
    process.end()
    assert Process.read(tmp_path / "pid") is None


def test_one_that_will_not_end_is_killed(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    )
    process = started(tmp_path, stubborn)
    process.end(patience=0.1)
    assert not process.runs()


def test_another_with_the_same_id_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text(f"{os.getpid()} 1\n")
    assert Process.read(tmp_path / "pid") is None
    Process(os.getpid(), "1").end(signal.SIGKILL)


def test_what_it_started_ends_with_its_group(tmp_path: Path) -> None:
    parent = "import subprocess as s; p = s.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
    process = started(tmp_path, parent)
    child = Process.of(int((tmp_path / "log").read_text()))
    process.end_group()
    child.wait()
    assert not child.runs()
