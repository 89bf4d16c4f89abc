"""Starts supervisors: detached, in their own session, with nothing of this process inherited."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from pathlib import Path

from .supervisor.start import LOCK, READY

# A module is loaded from its cached bytecode; a script would be compiled at every start.
_PROGRAM = "import os, sys; os.chdir(sys.argv[2]); sys.path.insert(0, sys.argv[1]); "
_START = (
    _PROGRAM + "from supervisor.start import start; task = start()\n"
    "if task: from supervisor.watch import watch; watch(task)"
)
_ADOPT = _PROGRAM + "from supervisor.watch import adopt; adopt()"
_LIBRARIES = str(Path(__file__).parent)
_ABOVE = 10  # descriptors from here on can't be those that are being set


def spawn(folder: Path, lock: int, *, adopt: bool) -> tuple[int, int]:
    """Start a supervisor in a run folder and hand it the folder's lock.

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
    ready, tell = os.pipe()
    handed = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _ABOVE) for fd in (lock, tell)]
    complaints = str(folder / "lock")  # a file that is there: making another would delay the start
    try:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-I", "-S", "-c", _ADOPT if adopt else _START, _LIBRARIES, str(folder)],
            {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, complaints, os.O_WRONLY | os.O_APPEND, 0),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, handed[0], LOCK),
                (os.POSIX_SPAWN_DUP2, handed[1], READY),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}),
        )
    except OSError:
        os.close(ready)
        raise
    finally:
        for fd in (tell, *handed):
            os.close(fd)
    return pid, ready
