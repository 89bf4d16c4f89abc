"""One task in this process's life: found or started, watched, reported."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable

from ...model.job import Reason
from ...model.observation import Ended, Observation, Started
from .meter import TaskMeter
from .runfolder import RunFolder, Verdict
from .spawn import Supervisors
from .supervisor.start import DISK_FULL_PAUSE
from .supervisor.watch import POKE

log = logging.getLogger(__name__)

TRIES = 5  # supervisors that may end before the command ran
PAUSE = 0.1  # seconds until a supervisor that could not be found or started is looked for again
LONGEST_PAUSE = 30.0


class LocalTask:
    """Watches the supervisor of one run folder and judges the folder whenever there is none.

    Parameters
    ----------
    folder
        The run folder.
    supervisors
        Start one for the folder.
    report
        Is told what is seen; ``Ended`` comes last, once.
    """

    def __init__(
        self, folder: RunFolder, supervisors: Supervisors, report: Callable[[Observation], None]
    ) -> None:
        self.folder = folder
        self._supervisors = supervisors
        self.busy = asyncio.Lock()  # one request at a time
        self.meter = TaskMeter(folder)
        self.ended = False
        self._report = report
        self._started = False
        self._spawned = 0
        self._complaint = ""
        self._supervisor = -1  # its pidfd
        self._child = 0  # its pid, if it is ours to reap
        self._ready = -1  # gives a byte when the command runs
        self._timer: asyncio.TimerHandle | None = None

    @property
    def watched(self) -> bool:
        """Something will happen without being asked for."""
        return self.supervised or self._timer is not None

    @property
    def supervised(self) -> bool:
        """It has ended, or its supervisor has yet to."""
        return self.ended or self._supervisor >= 0

    def look(self) -> None:
        """Watch the folder's supervisor, or judge the folder if it has none."""
        self._wait_no_longer()
        try:
            self._look()
        except FileNotFoundError:
            self.lose()
        except OSError:  # such as a full disk: what could not be written is judged again
            log.exception("%s can't be judged; trying again in %g s", self.folder.key, DISK_FULL_PAUSE)
            self._look_after(DISK_FULL_PAUSE)

    def _look(self) -> None:
        lock = self.folder.lock()
        if lock is None:
            self._find_supervisor()
            return
        try:
            self._judge(lock)
        finally:
            os.close(lock)

    def poke(self) -> None:
        """Have the supervisor look at once whether it is to end the task."""
        if self._supervisor >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._supervisor, POKE)

    def lose(self) -> None:
        """Report that nothing is known of it any more."""
        text = "its run folder is gone, so nobody knows how it ended"
        self._end(Verdict(None, Reason.EXIT_UNKNOWN, text, self.folder.clock()))

    def close(self) -> None:
        """Watch no longer; the task runs on."""
        self._wait_no_longer()
        self._supervisor = self._close(self._supervisor)
        self._ready = self._close(self._ready)

    def _wait_no_longer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _close(self, fd: int) -> int:
        if fd >= 0:
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)
        return -1

    def _find_supervisor(self) -> None:
        fd = self.folder.open_supervisor()
        if fd < 0:  # it is starting, or ending
            self._look_after(PAUSE)
            return
        self._watch(fd)
        self._report_start()

    def _watch(self, pidfd: int) -> None:
        self._supervisor = pidfd
        asyncio.get_running_loop().add_reader(pidfd, self._on_supervisor_ended)

    def _look_after(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self.look)

    def _judge(self, lock: int) -> None:
        """Decide what is true, and what to do, while nobody else can."""
        folder, start = self.folder, self.folder.start()
        if verdict := folder.verdict():
            self._end(verdict)
        elif start and folder.lost(start):
            text = "the machine was restarted while it ran"
            self._end(Verdict(None, Reason.HOST_LOST, text, self.folder.clock()))
        elif start:
            # also when the command has ended: what it left running is to be ended, the log made durable
            self._spawn(lock, adopt=True)
            self._report_start()  # the one before may not have lived to tell
        elif folder.halted():
            self._end(folder.void(Reason.HALTED))
        elif self._spawned >= TRIES:
            text = self._complaint or folder.complaint() or "its supervisor was killed each time"
            self._end(folder.void(Reason.LAUNCH_FAILED, text))
        else:
            self._spawn(lock, adopt=False)

    def _spawn(self, lock: int, *, adopt: bool) -> None:
        self._spawned += 1
        try:
            self._child, self._ready = self._supervisors.spawn(self.folder.path, lock, adopt=adopt)
            asyncio.get_running_loop().add_reader(self._ready, self._on_ready)
            self._watch(os.pidfd_open(self._child))
        except OSError as error:  # such as a limit on processes or open files
            self._complaint = f"the machine could not start a process: {error.strerror}"
            self._look_after(self._pause())

    def _on_ready(self) -> None:
        told = os.read(self._ready, 1)
        self._ready = self._close(self._ready)
        if told:
            self._report_start()

    def _on_supervisor_ended(self) -> None:
        self._supervisor = self._close(self._supervisor)
        self._ready = self._close(self._ready)
        if self._child:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._child, 0)
            self._child = 0
        if self._spawned > 1 and not self.folder.verdict():
            self._look_after(self._pause())
        else:
            self.look()

    def _pause(self) -> float:
        return min(PAUSE * float(2**self._spawned), LONGEST_PAUSE)

    def _report_start(self) -> None:
        start = self.folder.start()
        if start and not self._started:
            self._started = True
            self._report(Started(self.folder.key, start.at, socket.gethostname()))

    def _end(self, verdict: Verdict) -> None:
        self.close()
        if verdict.reason is not Reason.LAUNCH_FAILED:
            self._report_start()
        self.ended = True
        self._report(Ended(self.folder.key, verdict.at, verdict.code, verdict.reason, verdict.message))
