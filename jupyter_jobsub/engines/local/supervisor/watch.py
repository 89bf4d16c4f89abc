"""A supervisor's second half: watches the command to its end, and leaves nothing of it behind.

It looks every half second, and at once when the command ends or the engine pokes it.
"""

import contextlib
import errno
import json
import os
import select
import signal
import time

from .cap import Cap
from .processes import members, open_process
from .start import FINAL, READY, VERSION, identity, read_spec, write_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

POKE = signal.SIGURG  # one that is ignored before it is waited for
PERIOD = 0.5  # seconds
LEFTOVER_GRACE = 5.0  # seconds for what a command that has ended left running
MESSAGE = "message"
MESSAGE_BYTES = 4096
DISK_FULL_PAUSE = 1.0  # seconds
NEVER = float("inf")
MARK = b"JOBSUB_TERMINATION_LOG"  # a variable whose value is the task's own


def watch(pid: int, failure: bytes) -> None:
    """Watch the command that this process has just started."""
    Watch(own=True, failure=failure.decode(errors="replace")).run()


def adopt() -> None:
    """Watch a command whose supervisor was killed; its exit code stays unknown."""
    os.close(READY)
    if any(os.path.exists(name) for name in FINAL):
        return
    with open("adopter.new", "w") as file:
        file.write(identity())
    os.rename("adopter.new", "adopter")
    Watch(own=False).run()


def read_json(name: str) -> "dict[str, Any]":
    """Read a small file of the run folder; empty if there is none."""
    try:
        with open(name, "rb") as file:
            data: dict[str, Any] = json.load(file)
    except FileNotFoundError:
        return {}
    return data


class Watch:
    """One task, from its start to its ``exit.json``.

    Parameters
    ----------
    own:
        The command is this process's child.
    failure:
        Why it could not be executed.
    """

    def __init__(self, *, own: bool, failure: str = "") -> None:
        started = read_json("started")
        self._spec = read_spec()
        self._own = own
        self._failure = failure
        self._pid: int = started["pid"]
        self._start: int = started["start"]
        self._mark = MARK + b"=" + self._spec.env.get(MARK, b"")
        self._deadline = started["monotonic"] / 1e9 + self._spec.deadline
        self._process = os.pidfd_open(self._pid) if own else open_process(self._pid, self._start)
        self._cap = Cap(self._spec.log, self._spec.limit)
        self._reason = ""  # why it was ended, if it was
        self._kill_at = NEVER
        self._poked, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(POKE, lambda *_: None)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)

    def run(self) -> None:
        """Watch until nothing is left, and say how it ended."""
        while self._alive():
            self._obey()
            self._wait([self._process, self._poked])
        while left := self._left():
            if self._kill_at == NEVER:
                self._end("", LEFTOVER_GRACE)
            self._obey()
            self._outlive(left)
        self._finish()

    def _alive(self) -> bool:
        return self._process >= 0 and not _ready([self._process], 0)

    def _left(self) -> "list[int]":
        """Open the processes of the task that still run."""
        found = members(self._pid, self._start, self._mark)
        return [fd for fd in (open_process(pid, start) for pid, start in found) if fd >= 0]

    def _obey(self) -> None:
        """Do what is due: the engine's halt, the deadline, the kill, the limit of the log."""
        if halt := read_json("halt.json"):
            self._end("Halted", halt["grace"])
        if time.monotonic() >= self._deadline:
            self._end("DeadlineExceeded", self._spec.grace)
        if time.monotonic() >= self._kill_at:
            self._signal(signal.SIGKILL)
        with contextlib.suppress(OSError):  # a full disk must not end the watch
            self._cap.keep()

    def _end(self, reason: str, grace: float) -> None:
        """Begin to end the task; a later and shorter grace counts."""
        if self._kill_at == NEVER:
            self._reason = reason
            self._signal(signal.SIGTERM)
        self._kill_at = min(self._kill_at, time.monotonic() + grace)

    def _signal(self, number: int) -> None:
        if number == signal.SIGKILL and self._own:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pid, number)  # at once, or they could fork faster than they are found
        for fd in self._left():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(fd, number)
            os.close(fd)

    def _wait(self, fds: "list[int]") -> None:
        """Sleep until one of the descriptors is ready or something is due."""
        _ready(fds, self._pause())
        with contextlib.suppress(BlockingIOError):
            os.read(self._poked, 4096)

    def _outlive(self, left: "list[int]") -> None:
        """Sleep until all of these have ended or something is due."""
        until = time.monotonic() + self._pause()
        for fd in left:
            _ready([fd], max(0.0, until - time.monotonic()))
            os.close(fd)

    def _pause(self) -> float:
        due = [at - time.monotonic() for at in (self._deadline, self._kill_at)]
        return min([PERIOD, *(seconds for seconds in due if seconds > 0)])

    def _finish(self) -> None:
        """Make the log durable, then the verdict."""
        with contextlib.suppress(OSError):
            self._cap.keep()
            fd = os.open(self._spec.log, os.O_RDONLY)
            os.fsync(fd)
        verdict = json.dumps(self._verdict() | {"version": VERSION, "at": time.time_ns() // 1000})
        while True:
            try:
                return write_once("exit.json", verdict.encode())
            except FileExistsError:
                return None
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
            time.sleep(DISK_FULL_PAUSE)  # the exit code is worth waiting for

    def _verdict(self) -> "dict[str, Any]":
        status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1]) if self._own else None
        code = status if status is None or status >= 0 else 128 - status
        if self._failure:
            return {"code": None, "reason": "LaunchFailed", "message": self._failure}
        ended = "ExitUnknown" if code is None else "Error" if code else "Completed"
        message = _last_words() or self._explain(status)
        return {"code": code, "reason": self._reason or ended, "message": message}

    def _explain(self, status: "int | None") -> str:
        if self._reason == "DeadlineExceeded":
            return f"ran longer than its deadline of {self._spec.deadline:g} s"
        if self._reason:
            return ""
        if status is None:
            return "its supervisor was killed, so nobody knows its exit code"
        return _say_signal(-status) if status < 0 else ""


def _ready(fds: "list[int]", seconds: float) -> bool:
    """Wait for one of the descriptors; False when the time is over."""
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _last_words() -> str:
    """Read what the job left for people."""
    try:
        with open(MESSAGE, "rb") as file:
            return file.read(MESSAGE_BYTES).decode(errors="replace").strip()
    except OSError:
        return ""


def _say_signal(number: int) -> str:
    names = {each.value: each.name for each in signal.Signals}
    hint = "; often that is the machine running out of memory" if number == signal.SIGKILL else ""
    return f"ended by signal {number} ({names.get(number, 'real-time')}){hint}"
