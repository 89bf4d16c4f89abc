"""Run folders in every state that a crash can leave behind, made by hand, step by step."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_jobsub.engines.base import Launch
from jupyter_jobsub.engines.local.invocation import Limits, encode, invoke
from jupyter_jobsub.engines.local.runfolder import RunFolder
from jupyter_jobsub.engines.local.spawn import Supervisors
from jupyter_jobsub.engines.local.supervisor.processes import boot_id, start_time


def prepare(runs: Path, launch: Launch, *, grace: float = 0.2, log_limit: int = 0) -> RunFolder:
    """Do what the engine does before it spawns a supervisor."""
    folder = RunFolder(runs, launch.key)
    invocation = invoke(launch, folder.path, [], {})
    for path in invocation.outside:
        path.mkdir(parents=True, exist_ok=True)
    launch.log.parent.mkdir(parents=True, exist_ok=True)
    launch.log.touch()
    spec = encode(invocation, launch, [], Limits(grace, log_limit))
    folder.create({"spec": spec, **invocation.files}, invocation.links)
    return folder


def supervise(folder: RunFolder, *, adopt: bool = False) -> int:
    """Spawn a supervisor that holds the lock, as the engine does; answer its pid."""
    lock = folder.lock()
    assert lock is not None
    pid, ready = Supervisors(folder.path.parent).spawn(folder.path, lock, adopt=adopt)
    os.close(lock)
    os.close(ready)
    return pid


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def kill(pid: int) -> None:
    """Kill a child and wait for its end."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def started(folder: RunFolder, pid: int, *, start: int | None = None, boot: str | None = None) -> None:
    """Write that a command was started, without starting one."""
    data = {
        "version": 1,
        "boot": boot or boot_id(),
        "pid": pid,
        "start": start_time(pid) if start is None else start,
        "at": time.time_ns() // 1000,
        "monotonic": time.monotonic_ns(),
        "supervisor": {"pid": 2**22 + 1, "start": 1},
    }
    (folder.path / "started").write_text(json.dumps(data))


def command_of(folder: RunFolder) -> int:
    """The pid of a command that was started."""
    pid: int = json.loads((folder.path / "started").read_text())["pid"]
    return pid


def supervisor_of(folder: RunFolder) -> int:
    """The pid of who watches it."""
    adopter = folder.path / "adopter"
    if adopter.exists():
        data = json.loads(adopter.read_text())
    else:
        data = json.loads((folder.path / "started").read_text())["supervisor"]
    pid: int = data["pid"]
    return pid


def until(condition: object, seconds: float = 10) -> None:
    """Wait for something outside this process."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def dead_pid() -> int:
    """A pid that was somebody's and is nobody's."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def alive(pid: int) -> bool:
    return start_time(pid) != 0
