"""Folders that a job has filled with whatever it liked: walked and emptied without following a link.

All goes by descriptors, so that nothing that is put in the way leads anywhere else. No more than
``DEEPEST`` folders are open at once, however deep a tree is.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .files import ABSENT, open_file

DEEPEST = 64  # folders in one another
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def look(folder: int, name: str) -> os.stat_result:
    """Say what a name stands for, be it a link."""
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


@contextlib.contextmanager
def entered(folder: int, name: str) -> Iterator[int]:
    """Open a folder in a folder for a while; a link to one is none."""
    fd = os.open(name, FOLDER, dir_fd=folder)
    try:
        yield fd
    finally:
        os.close(fd)


def allow(folder: int, name: str, mode: int) -> None:
    """Let the owner of a file or folder do what its modes forbid; of anything else, change nothing."""
    status = look(folder, name)
    if status.st_mode & mode == mode or not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return
    fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        os.chmod(f"/proc/self/fd/{fd}", stat.S_IMODE(os.fstat(fd).st_mode) | mode)
    finally:
        os.close(fd)


@contextlib.contextmanager
def descended(root: Path, names: Iterable[str]) -> Iterator[int]:
    """Open a folder by its way down from another one, for a while; no link leads there."""
    fd = os.open(root, FOLDER)
    try:
        for name in names:
            inner = os.open(name, FOLDER, dir_fd=fd)
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


def open_beneath(root: Path, names: Sequence[str]) -> int:
    """Open a file for reading by its way down from a folder; no link leads there.

    Raises
    ------
    FileNotFoundError
        If it isn't there, can't be read, or is no regular file.
    """
    if any(each in ("", ".", "..") or "\0" in each for each in names):
        raise FileNotFoundError(f"{'/'.join(names)!r} leads to no file")
    *folders, name = names
    try:
        with descended(root, folders) as folder:
            return open_file(name, folder=folder)
    except OSError as error:
        if error.errno not in ABSENT:
            raise
        raise FileNotFoundError(f"{'/'.join(names)!r}: {error.strerror}") from error


def remove(folder: int, name: str) -> None:
    """Remove what a name stands for, a folder with all that is in it."""
    with contextlib.suppress(FileNotFoundError):  # somebody else does the same
        if not stat.S_ISDIR(look(folder, name).st_mode):
            os.unlink(name, dir_fd=folder)
            return
        allow(folder, name, 0o700)
        with entered(folder, name) as top:
            while names := os.listdir(top):  # those that were too deep have come up here
                for each in names:
                    _remove(top, each, top, 1)
        os.rmdir(name, dir_fd=folder)


def _remove(folder: int, name: str, top: int, depth: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISDIR(look(folder, name).st_mode):
            os.unlink(name, dir_fd=folder)
            return
        allow(folder, name, 0o700)
        if depth == DEEPEST:
            os.rename(name, secrets.token_hex(16), src_dir_fd=folder, dst_dir_fd=top)
            return
        with entered(folder, name) as inner:
            for each in os.listdir(inner):
                _remove(inner, each, top, depth + 1)
        os.rmdir(name, dir_fd=folder)
