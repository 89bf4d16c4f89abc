"""Where what is made once is kept, outside the checkout."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


def cache() -> Path:
    """The folder of built programs and images; remove it to have them made again."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "jupyter-jobsub" / "test-cluster"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def development() -> Path:
    """The folder of the cluster that `make cluster` keeps up."""
    return cache() / "development"


@contextlib.contextmanager
def locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[int]:
    """Hold a file's lock; whoever asks for it waits, and its holder's end frees it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, how)
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def making(folder: Path) -> Iterator[Path]:
    """A folder to make something in, that is then renamed; one that a kill left goes first."""
    made = folder / "making"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
