"""The service of an earlier release, as an upgrade finds it: its version, and run folders of format 1."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import jupyter_jobsub

jupyter_jobsub.__version__ = "0.0.1"  # before anything has read it

from jupyter_jobsub.engines.base import Launch  # noqa: E402
from jupyter_jobsub.engines.local import engine, spawn  # noqa: E402
from jupyter_jobsub.engines.local.invocation import Invocation, Limits  # noqa: E402
from jupyter_jobsub.service.__main__ import main  # noqa: E402

SUPERVISOR = Path(__file__).with_name("older_supervisor.py")


def encode(invocation: Invocation, launch: Launch, gpus: Sequence[str], limits: Limits) -> bytes:
    """Write a specification of format 1."""
    head = [1, launch.log, invocation.cwd, launch.spec.deadline_seconds, limits.grace, limits.log]
    env = [f"{name}={value}" for name, value in invocation.env.items()]
    fields = [*head, ",".join(gpus), len(invocation.argv), *invocation.argv, *env]
    return b"".join(os.fsencode(str(each)) + b"\0" for each in fields)


if __name__ == "__main__":
    engine.encode = encode  # type: ignore[attr-defined]
    spawn._PROGRAM = f"import runpy; runpy.run_path({str(SUPERVISOR)!r}, run_name='__main__')"
    sys.exit(main())
