"""A supervisor's second half: watches the command to its end, and leaves nothing of it behind.

It looks every half second, and at once when the command ends or the engine pokes it.
"""

import _signal  # type: ignore[import-not-found]  # the signal module without its enums
import os
import select
import time

from .cap import Cap
from .files import read_file, replace
from .processes import members, open_process
from .start import DISK_FULL_PAUSE, FINAL, READY, VERSION, Task, identity, now, read_spec, write_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .files import Path

POKE = _signal.SIGURG  # one that is ignored before it is waited for
PERIOD = 0.5  # seconds
LEFTOVER_GRACE = 5.0  # seconds for what a command that has ended left running
MESSAGE = "message"
MESSAGE_BYTES = 4096
NEVER = float("inf")
MARK = b"JOBSUB_TERMINATION_LOG"  # a variable whose value is the task's own


def watch(task: Task) -> None:
    """Watch the command that this process has just started."""
    Watch(task, os.pidfd_open(task.pid), own=True).run()


def adopt() -> None:
    """Watch a command whose supervisor was killed; its exit code stays unknown."""
    os.close(READY)
    if any(os.path.exists(name) for name in FINAL):
        return
    _attempt(_sign)
    data = read_json("started")
    task = Task(read_spec(), data["pid"], data["start"], data["monotonic"])
    Watch(task, open_process(task.pid, task.start), own=False).run()


def _sign() -> None:
    replace("adopter", identity().encode())


def read_json(name: "Path") -> "dict[str, Any]":
    """Read a small file of the run folder; empty if there is none that can be read."""
    try:
        text = read_file(name)
    except FileNotFoundError:
        return {}
    import json  # most tasks never need it

    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _halted() -> "float | None":
    """How many seconds the task has to end, if it is to end."""
    try:
        return float(read_json("halt.json")["grace"])
    except (KeyError, TypeError, ValueError):
        return None


class Watch:
    """One task, from its start to its ``exit.json``.

    Parameters
    ----------
    task:
        What was started.
    process:
        A pidfd of the command; -1 if it has ended.
    own:
        The command is this process's child.
    """

    def __init__(self, task: Task, process: int, *, own: bool) -> None:
        self._task = task
        self._spec = task.spec
        self._process = process
        self._own = own
        self._mark = MARK + b"=" + self._spec.env.get(MARK, b"")
        self._deadline = task.monotonic / 1e9 + self._spec.deadline
        self._cap = Cap(self._spec.log, self._spec.limit)
        self._reason = ""  # why it was ended, if it was
        self._kill_at = NEVER
        self._poked, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        _signal.signal(POKE, lambda *_: None)
        _signal.set_wakeup_fd(waker, warn_on_full_buffer=False)

    def run(self) -> None:
        """Watch until nothing is left, and say how it ended."""
        while self._alive():
            self._obey()
            self._reap()
            self._wait([self._process, self._poked])
        while left := self._left():
            if self._kill_at == NEVER:
                self._end("", LEFTOVER_GRACE)
            self._obey()
            self._outlive(left)
        self._kill_group()  # what forks faster than it is found looks as if nothing were left
        self._finish()

    def _alive(self) -> bool:
        return self._process >= 0 and not _ready([self._process], 0)

    def _reap(self) -> None:
        """Bury orphans that have ended; the command's own number stays taken until the end."""
        while self._own and (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)):
            if ended.si_pid == self._task.pid:
                return
            os.waitpid(ended.si_pid, 0)

    def _left(self) -> "list[int]":
        """Open the processes of the task that still run, the oldest first.

        A shell is told to end before its command: it would go on with the next one.
        """
        ancestor = os.getpid() if self._own else 0  # who adopts a command is not its parent
        found = members(self._task.pid, self._task.start, self._mark, ancestor)
        opened = (open_process(pid, start) for pid, start in sorted(found, key=lambda each: each[1]))
        return [fd for fd in opened if fd >= 0]

    def _obey(self) -> None:
        """Do what is due: the engine's halt, the deadline, the kill, the limit of the log."""
        if (grace := _halted()) is not None:
            self._end("Halted", grace)
        if time.monotonic() >= self._deadline:
            self._end("DeadlineExceeded", self._spec.grace)
        if time.monotonic() >= self._kill_at:
            self._signal(_signal.SIGKILL)
        _attempt(self._cap.keep)

    def _end(self, reason: str, grace: float) -> None:
        """Begin to end the task; a later and shorter grace counts."""
        if self._kill_at == NEVER:
            self._reason = reason
            self._signal(_signal.SIGTERM)
        self._kill_at = min(self._kill_at, time.monotonic() + grace)

    def _kill_group(self) -> None:
        """End all of the command's process group at once."""
        if self._own:  # not yet reaped, so that the number is still this group's
            _attempt(os.killpg, self._task.pid, _signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if number == _signal.SIGKILL:
            self._kill_group()
        for fd in self._left():
            _attempt(_signal.pidfd_send_signal, fd, number)
            os.close(fd)

    def _wait(self, fds: "list[int]") -> None:
        """Sleep until one of the descriptors is ready or something is due."""
        _ready(fds, self._pause())
        _attempt(os.read, self._poked, 4096)

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
        _attempt(self._cap.keep)
        _attempt(_sync, self._spec.log)
        verdict = self._verdict()
        while True:
            try:
                return write_once("exit.json", verdict)
            except (FileExistsError, FileNotFoundError):  # it is known, or nobody wants to know
                return None
            except OSError:  # such as a full disk: the exit code is worth waiting for
                time.sleep(DISK_FULL_PAUSE)

    def _verdict(self) -> bytes:
        status = os.waitstatus_to_exitcode(os.waitpid(self._task.pid, 0)[1]) if self._own else None
        code = status if status is None or status >= 0 else 128 - status
        ended = "ExitUnknown" if code is None else "Error" if code else "Completed"
        if self._task.failure:
            code, self._reason = None, "LaunchFailed"
        message = _last_words() or self._explain(status)
        return (
            f'{{"version": {VERSION}, "code": {"null" if code is None else code}, '
            f'"reason": "{self._reason or ended}", "message": {_quote(message)}, '
            f"{now()}}}"
        ).encode()

    def _explain(self, status: "int | None") -> str:
        if self._task.failure:
            return self._task.failure.decode(errors="replace")
        if self._reason == "DeadlineExceeded":
            return f"ran longer than its deadline of {self._spec.deadline:g} s"
        if self._reason:
            return ""
        if status is None:
            return "its supervisor was killed, so nobody knows its exit code"
        return _say_signal(-status) if status < 0 else ""


def _attempt(act: "Callable[..., Any]", *arguments: "Any") -> None:
    """Do what may fail: a full disk or a process that has just ended must not end the watch."""
    try:  # noqa: SIM105, contextlib is an import that most tasks don't need
        act(*arguments)
    except OSError:
        pass


def _sync(path: bytes) -> None:
    os.fsync(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))


def _ready(fds: "list[int]", seconds: float) -> bool:
    """Wait for one of the descriptors; False when the time is over."""
    poll = select.poll()
    for fd in fds:
        poll.register(fd, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _last_words() -> str:
    """Read what the job left for people: a file of its own, and nothing that could be waited for."""
    try:
        return read_file(MESSAGE, MESSAGE_BYTES).decode(errors="replace").strip()
    except OSError:
        return ""


def _quote(text: str) -> str:
    if not text:
        return '""'
    import json  # most tasks never need it

    return json.dumps(text)


def _say_signal(number: int) -> str:
    import signal  # most tasks never need it

    names = {each.value: each.name for each in signal.Signals}
    hint = "; often that is the machine running out of memory" if number == signal.SIGKILL else ""
    return f"ended by signal {number} ({names.get(number, 'real-time')}){hint}"
