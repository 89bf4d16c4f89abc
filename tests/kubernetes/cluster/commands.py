"""Commands that are run to their end."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path


def run(*command: str | Path, cwd: str | Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Run a command, and answer what it prints; one that fails is an error with its words."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=cwd, env=env)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip())[-4000:]
        raise RuntimeError(f"{' '.join(map(str, command))} failed: {words}")
    return done.stdout
