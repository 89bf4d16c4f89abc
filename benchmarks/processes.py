"""Processes as /proc shows them: found, weighed, and ended one by one."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

_PROC = Path("/proc")


def pids() -> Iterator[int]:
    """All processes that there are."""
    yield from (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())


def command_line(pid: int) -> list[str]:
    """The arguments a process was started with; none if it is gone or a zombie."""
    return _read(pid, "cmdline").decode(errors="replace").split("\0")[:-1]


def working_folder(pid: int) -> str:
    """Where a process works; "" if it is gone."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


def parent(pid: int) -> int:
    """The parent's pid; 0 if the process is gone."""
    status = _read(pid, "stat").rpartition(b") ")[2].split()
    return int(status[1]) if status else 0


def marked(marker: str) -> list[int]:
    """Other processes whose environment holds the text, whoever their parent is."""
    text = marker.encode()
    return [pid for pid in pids() if pid != os.getpid() and text in _read(pid, "environ")]


def naming(text: str) -> list[int]:
    """Other processes that have the text in their command line."""
    others = (pid for pid in pids() if pid != os.getpid())
    return [pid for pid in others if any(text in argument for argument in command_line(pid))]


def descendants(pid: int) -> list[int]:
    """Children, their children and so on, nearest first."""
    below: dict[int, list[int]] = {}
    for each in pids():
        below.setdefault(parent(each), []).append(each)
    found = [pid]
    for each in found:
        found += below.get(each, [])
    return found[1:]


def end(targets: Iterable[int]) -> None:
    """Kill each, and wait until none is left."""
    targets = list(targets)
    for pid in targets:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not any(_alive(pid) for pid in targets), 30, "processes to end")


def processor_ns(pid: int) -> int:
    """Processor time of all threads so far, to the nanosecond."""
    threads = (_PROC / str(pid) / "task").glob("*/schedstat")
    return sum(int(path.read_text().split()[0]) for path in threads)


def proportional_bytes(pid: int) -> int:
    """Memory of the process, shared pages by their share (PSS)."""
    lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def until(done: Callable[[], bool], seconds: float, what: str) -> None:
    """Look every 20 ms until it is so.

    Raises
    ------
    TimeoutError
        If it isn't in time.
    """
    limit = time.monotonic() + seconds
    while not done():
        if time.monotonic() > limit:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    # a zombie has ended; only its parent has not looked yet
    state = _read(pid, "stat").rpartition(b") ")[2][:1]
    return state not in (b"", b"Z", b"X")


def _read(pid: int, name: str) -> bytes:
    try:
        return (_PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""
