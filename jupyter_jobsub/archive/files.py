"""Files beside which a job may put what it likes, and in whose place.

What is no regular file, a FIFO, a link, a folder, is never waited for, never followed, and as good as
not there.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SAFE = os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC  # a FIFO has nobody at its other end to wait for
ABSENT = (errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG, errno.EACCES)


def open_file(path: str | Path, access: int = os.O_RDONLY, *, folder: int | None = None) -> int:
    """Open a regular file that is there; a path is within an open folder, if one is given.

    Raises
    ------
    FileNotFoundError
        If it isn't there, can't be read, or is no regular file.
    """
    try:
        fd = os.open(path, access | _SAFE, dir_fd=folder)
    except OSError as error:
        if error.errno not in ABSENT:
            raise
        raise FileNotFoundError(errno.ENOENT, error.strerror, os.fspath(path)) from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise FileNotFoundError(errno.ENOENT, "is no regular file", os.fspath(path))
    return fd


@contextmanager
def opened(path: str | Path, access: int = os.O_RDONLY) -> Iterator[int]:
    """Open a regular file that is there, for a while."""
    fd = open_file(path, access)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def replacing(path: Path) -> Iterator[int]:
    """Write a file whole or not at all, in the place of whatever is there."""
    temporary = path.with_name(f".{path.name}")
    clear(temporary)
    fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        yield fd
    finally:
        os.close(fd)
    if path.is_dir():
        clear(path)
    temporary.rename(path)


def provide(path: Path) -> None:
    """See that a regular file that can be read is there, in a folder that can be written to."""
    _provide_folder(path.parent)
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            clear(path)
        elif not mode & stat.S_IRUSR:
            path.chmod(0o600)
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT | _SAFE, 0o600))


def _provide_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        mode = path.lstat().st_mode
        if not stat.S_ISDIR(mode):
            clear(path)
            path.mkdir(mode=0o700)
        elif mode & stat.S_IRWXU != stat.S_IRWXU:
            path.chmod(0o700)


def clear(path: Path) -> None:
    """Have nothing in a place; a folder, which may take long to remove, is moved aside."""
    try:
        path.unlink(missing_ok=True)
    except (IsADirectoryError, PermissionError):
        path.rename(path.with_name(f".{secrets.token_hex(16)}"))
