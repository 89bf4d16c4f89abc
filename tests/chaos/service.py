"""The service as a process whose disk, processes and clock fail while a file says so.

``python -m tests.chaos.service``. The files lie in the folder that ``CHAOS_SWITCHES`` names. What fails is
SQLite itself, or the system's answer to a call; nothing of the product is replaced.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from jupyter_jobsub import paths
from jupyter_jobsub.engines.local import spawn
from jupyter_jobsub.scheduling import lifecycle
from jupyter_jobsub.service.__main__ import main

SWITCHES = "CHAOS_SWITCHES"
ALL = 2**30  # pages
BACK_OFF = 3  # seconds of the first one, else half a minute
_folder = Path(os.environ.get(SWITCHES, ""))

# the clock of the service and its supervisors is that of the machine, and so many seconds
CLOCK = f"""
import time
def set_clock(real=time.time_ns):
    def now():
        try:
            with open({str(_folder / "clock")!r}) as file:
                return real() + int(file.read()) * 10**9
        except FileNotFoundError:
            return real()
    time.time_ns, time.time = now, lambda: now() / 1e9
set_clock()
"""


def is_on(name: str) -> bool:
    """Say whether a switch is on."""
    return (_folder / name).exists()


def before_transaction(
    connection: object, cursor: Any, statement: str, parameters: object, context: object, many: object
) -> None:
    """Take the store its room, or the right to write, before it begins to."""
    if statement.startswith("BEGIN"):
        (pages,) = cursor.execute("PRAGMA page_count").fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages if is_on('full-store') else ALL}")
        cursor.execute(f"PRAGMA query_only = {int(is_on('read-only'))}")


def failing(switch: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """Let a call of the system fail as for lack of room."""

    def instead(*arguments: Any, **named: Any) -> Any:
        if is_on(switch):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return call(*arguments, **named)

    return instead


if __name__ == "__main__":
    event.listen(Engine, "before_cursor_execute", before_transaction)
    os.fsync, os.fchmod = failing("no-sync", os.fsync), failing("no-sync", os.fchmod)
    os.posix_spawn = failing("no-start", os.posix_spawn)
    socket.send_fds = failing("no-start", socket.send_fds)
    lifecycle.BACK_OFF_FIRST = BACK_OFF * lifecycle.SECOND
    exec(CLOCK)
    spawn._PROGRAM = CLOCK + spawn._PROGRAM
    if is_on("mounts"):
        paths.network_file_system.__defaults__ = (_folder / "mounts",)
    sys.exit(main())
