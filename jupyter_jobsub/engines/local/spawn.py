"""Starts supervisors: detached, in their own session, with nothing of this process inherited."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path

from .supervisor.wait import ADOPT, CHANNEL, START

# A module is loaded from its cached bytecode; a script would be compiled at every start.
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from supervisor.wait import wait; wait()"
_LIBRARIES = str(Path(__file__).parent)
_SPARE_AFTER = 0.005  # seconds: what was just launched is to have the processor first


class Supervisors:
    """Gives each task a supervisor, and keeps one waiting for the next task.

    Parameters
    ----------
    runs
        The run folders' parent; on the command line of each, for whoever looks.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._spare: _Supervisor | None = None
        self._timer: asyncio.TimerHandle | None = None

    def spawn(self, folder: Path, lock: int, *, adopt: bool) -> tuple[int, int]:
        """Give a run folder a supervisor, and that the folder's lock.

        Parameters
        ----------
        folder
            The run folder.
        lock
            A descriptor of the folder's ``lock``, which is held; stays open here.
        adopt
            Take over the command that runs, instead of running it.

        Returns
        -------
        tuple
            The supervisor's pid, and a descriptor that gives one byte when the command runs.
        """
        order = (ADOPT if adopt else START) + b" " + os.fsencode(folder)
        ready, tell = os.pipe()
        try:
            return self._order(order, [lock, tell]), ready
        except OSError:
            os.close(ready)
            raise
        finally:
            os.close(tell)

    def keep_one_waiting(self) -> None:
        """Start a supervisor for the next task, soon."""
        if self._spare is None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SPARE_AFTER, self._start_spare)

    def close(self) -> None:
        """Let the one that waits go."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._spare:
            self._spare.dismiss()
            self._spare = None

    def _start_spare(self) -> None:
        self._timer = None
        with contextlib.suppress(OSError):  # such as a limit on processes: the next task will say so
            self._spare = _Supervisor(self._runs)

    def _order(self, order: bytes, fds: list[int]) -> int:
        spare, self._spare = self._spare, None
        if spare:
            try:
                return spare.order(order, fds)
            except OSError:  # it was killed while it waited
                spare.dismiss()
        return _Supervisor(self._runs).order(order, fds)


class _Supervisor:
    """One that waits for its order."""

    def __init__(self, runs: Path) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", "-c", _PROGRAM, _LIBRARIES, str(runs)],
                {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_DUP2, 1, 2),
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), CHANNEL),
                ],
                setsid=True,
                setsigmask=[],
                setsigdef=sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}),
            )
        except OSError:
            self._channel.close()
            raise
        finally:
            theirs.close()

    def order(self, order: bytes, fds: list[int]) -> int:
        """Tell it its folder; answer its pid."""
        socket.send_fds(self._channel, [order], fds)
        self._channel.close()
        return self._pid

    def dismiss(self) -> None:
        """End it: it has nothing to watch."""
        self._channel.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
