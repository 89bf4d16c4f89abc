"""Processes that outlive the one that starts them, known by their id and the time they started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process; its start keeps another one that got the same id from being taken for it."""

    pid: int
    started: str

    @classmethod
    def read(cls, path: Path) -> Process | None:
        """The process that a file tells of, if it still runs."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            pid, started = path.read_text().split()
            process = cls(int(pid), started)
            return process if process.runs() else None
        return None

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has an id now."""
        return cls(pid, _stat(pid)[1])

    def write(self, path: Path) -> None:
        """Remember it in a file."""
        path.write_text(f"{self.pid} {self.started}\n")

    def runs(self) -> bool:
        """Whether it has not ended; one that only waits for its parent has."""
        state, started = _stat(self.pid)
        return started == self.started and state not in "ZX"

    def wait(self) -> None:
        """Wait until it has ended."""
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(self.pid)
            try:
                if self.runs():
                    _wait(handle)
            finally:
                os.close(handle)
        self._reap()

    def end_group(self) -> None:
        """End it and what it started that is still in its group."""
        if self.runs():
            os.killpg(self.pid, signal.SIGTERM)
        self.wait()

    def end(self, how: signal.Signals = signal.SIGTERM, patience: float = 15.0) -> None:
        """Ask it to end, wait, and kill it when it takes too long."""
        for number, seconds in ((how, patience), (signal.SIGKILL, 30.0)):
            with contextlib.suppress(ProcessLookupError):
                handle = os.pidfd_open(self.pid)
                try:
                    if self.runs():
                        signal.pidfd_send_signal(handle, number)
                        _wait(handle, seconds)
                finally:
                    os.close(handle)
        self._reap()

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)


def start(program: Path, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Process:
    """Start a program in a session of its own, with what it says in a log."""
    appended = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        program,
        [program.name, *arguments],
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, appended, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=[],
    )
    return Process.of(pid)


def _stat(pid: int) -> tuple[str, str]:
    """A process' state and the time it started, in ticks since the machine did."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "X", ""
    return fields[0], fields[19]


def _wait(handle: int, seconds: float | None = None) -> None:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.poll(None if seconds is None else seconds * 1000)
