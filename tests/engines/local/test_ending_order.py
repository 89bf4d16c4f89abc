"""Whom a supervisor tells to end first: a shell that saw its command end would go on with the next."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from jupyter_jobsub.engines.local.supervisor import watch
from jupyter_jobsub.engines.local.supervisor.processes import start_time
from jupyter_jobsub.engines.local.supervisor.start import Spec, Task


def pid_of(fd: int) -> int:
    lines = Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))


def test_the_oldest_process_comes_first_whatever_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = os.getpid()  # older than its command, and told of after it, as when process numbers start anew
    with subprocess.Popen(["sleep", "60"]) as command:
        try:
            found = [(pid, start_time(pid)) for pid in (command.pid, shell)]
            monkeypatch.setattr(watch, "members", lambda *_: iter(found))
            spec = Spec(b"1\0log\0/\x00600\x0010\x000\0\x001\0/bin/true\0")
            one = watch.Watch.__new__(watch.Watch)
            one._task, one._mark, one._own = Task(spec, shell, start_time(shell), 0), b"", False
            fds = one._left()
            assert [pid_of(fd) for fd in fds] == [shell, command.pid]
            for fd in fds:
                os.close(fd)
        finally:
            command.kill()
