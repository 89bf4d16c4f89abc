"""One folder per task: what it is to run, who runs it, and how it ended. It survives every process.

| file | written by | says |
|---|---|---|
| spec | engine | what is to be run, under which limits, on which devices |
| lock | held by the supervisor | the supervisor lives; inside, why one could not go on |
| started | supervisor, once | the command, its identity, and when the gate was opened |
| adopter | supervisor | the identity of one that took over |
| halt.json | engine | end it, with this grace |
| void | engine, once, holding the lock | it never ran and never will |
| exit.json | supervisor, once | how it ended |
| message | the job | its last words |

What is written once is a file that is linked into place after its contents are on disk. The job could
write all of them: what it makes unreadable is not known, and that harms no other job.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...clock import uptime, wall_clock
from ...model.job import JobId, Micros, Reason, TaskKey
from .supervisor.files import read_file, replace
from .supervisor.processes import boot_id, open_process
from .supervisor.start import FINAL, VERSION, Spec
from .supervisor.watch import MARK, read_json

LONGEST_SPEC = 16 * 2**20  # bytes
LONGEST_MESSAGE = 16_384  # characters
ENDS = (
    *(Reason.COMPLETED, Reason.ERROR, Reason.DEADLINE_EXCEEDED, Reason.HALTED),
    *(Reason.LAUNCH_FAILED, Reason.EXIT_UNKNOWN),
)
UNREADABLE = "what was written down at its end can't be read any more, so nobody knows how it ended"
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)  # what a job wrote itself


@dataclass(frozen=True)
class Verdict:
    """How a task ended."""

    code: int | None
    reason: Reason
    message: str
    at: Micros


@dataclass(frozen=True)
class Start:
    """The command's process, as it was when the gate was opened."""

    boot: str
    at: Micros


@dataclass(frozen=True)
class Belongings:
    """What of the machine is a task's: what tells its processes from others, and its devices.

    Parameters
    ----------
    leader, start
        The command's pid, which is its session's, and its start time.
    mark
        A variable that is the task's own.
    supervisor, supervisor_start
        Who inherits the command's orphans; 0 if it was killed.
    gpus
        UUIDs.
    """

    leader: int
    start: int
    mark: bytes
    supervisor: int
    supervisor_start: int
    gpus: Sequence[str]


class RunFolder:
    """The run folder of one task.

    Parameters
    ----------
    clock
        Whose time the folder's times are read in.
    """

    def __init__(self, runs: Path, key: TaskKey, clock: Callable[[], Micros] = wall_clock) -> None:
        self.key = key
        self.path = runs / str(key)
        self.clock = clock

    def exists(self) -> bool:
        """Say whether it was made."""
        return self.path.is_dir()

    def create(self, files: Mapping[str, bytes], links: Mapping[str, Path]) -> None:
        """Make the folder, whole or not at all."""
        temporary = self.path.with_name(f".{self.path.name}")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(mode=0o700, parents=True)
        for name, data in files.items():
            (temporary / name).parent.mkdir(exist_ok=True)
            write_file(temporary / name, data)
        for name, target in links.items():
            (temporary / name).parent.mkdir(exist_ok=True, parents=True)
            (temporary / name).symlink_to(target)
        temporary.rename(self.path)
        sync_folder(self.path.parent)

    def lock(self) -> int | None:
        """Take the lock; None while a supervisor has it."""
        fd = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return None
        return fd

    def verdict(self) -> Verdict | None:
        """How it ended; None if it has not, or nobody could say."""
        for name in FINAL:
            if os.path.lexists(self.path / name):
                return self._verdict(self._read(name))
        return None

    def _verdict(self, data: Mapping[str, Any]) -> Verdict:
        try:
            code, reason, message = data["code"], Reason(data["reason"]), data["message"]
            if reason not in ENDS or not (code is None or 0 <= code <= 255):
                raise ValueError(f"nobody ends so: {reason}, {code}")
            return Verdict(None if code is None else int(code), reason, _printable(message), self._when(data))
        except _UNREADABLE:
            return Verdict(None, Reason.EXIT_UNKNOWN, UNREADABLE, self.clock())

    def start(self) -> Start | None:
        """What is known of the command's start; None if it never started."""
        data = self._read("started")
        try:
            return Start(str(data["boot"]), self._when(data)) if int(data["pid"] + data["start"]) else None
        except _UNREADABLE:
            return None

    def belongings(self) -> Belongings | None:
        """What of the machine is its; None if it never started."""
        data, spec = self._read("started"), self.spec()
        if not data or spec is None:
            return None
        mark = MARK + b"=" + spec.env.get(MARK, b"")
        try:
            supervisor = (0, 0) if self._read("adopter") else _identity(data["supervisor"])
            return Belongings(*_identity(data), mark, *supervisor, spec.gpus)
        except _UNREADABLE:
            return None

    def _when(self, data: Mapping[str, Any]) -> Micros:
        """Read a time: by the time since boot, as the machine's clock may have been set meanwhile."""
        now = self.clock()
        at = data["at"]
        if "uptime" in data and data["boot"] == boot_id():
            at = now - (uptime() - data["uptime"])
        return Micros(max(0, min(int(at), now)))

    def spec(self) -> Spec | None:
        """Read back what was to be run."""
        try:
            return Spec(read_file(self.path / "spec", LONGEST_SPEC))
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def void(self, reason: Reason, message: str = "") -> Verdict:
        """Make sure that it never runs; only for the holder of the lock."""
        verdict = Verdict(None, reason, message, self.clock())
        data = {"version": VERSION, "code": None, "reason": reason, "message": message, "at": verdict.at}
        replace(self.path / "void", json.dumps(data).encode())
        sync_folder(self.path)
        return verdict

    def halt(self, grace: float) -> None:
        """Ask the supervisor to end the task."""
        replace(self.path / "halt.json", json.dumps({"version": VERSION, "grace": grace}).encode())

    def halted(self) -> bool:
        """Say whether it was asked to end."""
        return (self.path / "halt.json").exists()

    def open_supervisor(self) -> int:
        """Open a pidfd of the supervisor that says it watches; -1 if it has ended or says nothing."""
        try:
            return open_process(*_identity(self._read("adopter") or self._read("started")["supervisor"]))
        except _UNREADABLE:
            return -1

    def complaint(self) -> str:
        """The last line that a supervisor wrote when it could not go on."""
        with contextlib.suppress(OSError):
            lines = read_file(self.path / "lock").decode(errors="replace").split("\n")
            return next((line for line in reversed(lines) if line.strip()), "")
        return ""

    def refuse(self, message: str) -> None:
        """Make the folder of a task that never can run, so that everyone finds it ended."""
        self.create({}, {})
        if (lock := self.lock()) is not None:
            self.void(Reason.LAUNCH_FAILED, message)
            os.close(lock)

    def over(self) -> bool:
        """Say whether it has ended, or was lost with the machine; one that isn't there is yet to be made."""
        start = self.start()
        return self.verdict() is not None or (start is not None and self.lost(start))

    def lost(self, start: Start) -> bool:
        """Say whether the machine was restarted since."""
        return start.boot != boot_id()

    def remove(self) -> None:
        """Forget it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _read(self, name: str) -> dict[str, Any]:
        return read_json(self.path / name)


def run_folders(runs: Path, job: JobId) -> list[RunFolder]:
    """Find the folders of a job."""
    folders = []
    for path in runs.glob(f"{job}.*"):
        with contextlib.suppress(ValueError):  # it is somebody else's
            folders.append(RunFolder(runs, TaskKey.parse(path.name)))
    return folders


def _identity(data: Mapping[str, Any]) -> tuple[int, int]:
    return int(data["pid"]), int(data["start"])


def _printable(text: str) -> str:
    return text[:LONGEST_MESSAGE].encode(errors="replace").decode().replace("\0", "\ufffd")


def write_file(path: Path, data: bytes) -> None:
    """Write a file durably; its name is not yet."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
