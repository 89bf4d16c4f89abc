"""What can be wrong before, or around, the cells."""

from __future__ import annotations

import contextlib
import os
import sys


class RunnerError(Exception):
    """A notebook can't be run, in words for the person whose job it is."""


def explain(message: str) -> None:
    """Tell the log, and whoever reads the job's message."""
    print(message, file=sys.stderr, flush=True)
    path = os.environ.get("JOBSUB_TERMINATION_LOG")
    if path:
        with contextlib.suppress(OSError), open(path, "w", encoding="utf-8", opener=_unwaiting) as file:
            file.write(message)


def _unwaiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW, 0o666)
