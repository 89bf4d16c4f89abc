"""Files of a folder that the job can reach, too: whatever it puts there, nobody waits for it.

What is no regular file, a FIFO, a link, a folder, is as good as not there.
"""

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Path: TypeAlias = "str | bytes | os.PathLike[str]"

MOST = 2**20  # bytes of what says something
SAFE = os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC  # a FIFO has nobody at its other end to wait for
_ABSENT = (errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.EACCES)


def open_file(path: "Path", access: int = os.O_RDONLY) -> int:
    """Open a regular file that is there.

    Raises
    ------
    FileNotFoundError
        If it isn't there, can't be read, or is no regular file.
    """
    try:
        fd = os.open(path, access | SAFE)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        raise FileNotFoundError(errno.ENOENT, error.strerror, path) from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise FileNotFoundError(errno.ENOENT, "is no regular file", path)
    return fd


def read_file(path: "Path", most: int = MOST) -> bytes:
    """Read a regular file; of one that is longer, the beginning."""
    fd = open_file(path)
    try:
        parts = []
        while most > 0 and (part := os.read(fd, most)):
            parts.append(part)
            most -= len(part)
    finally:
        os.close(fd)
    return b"".join(parts)


def write_new(path: "Path", data: bytes) -> str:
    """Write a file durably under a name beside a path, that nobody can have thought of."""
    temporary = f"{os.fsdecode(path)}.{os.urandom(8).hex()}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        while data:
            data = data[os.write(fd, data) :]
        os.fsync(fd)
    except OSError:
        os.unlink(temporary)
        raise
    finally:
        os.close(fd)
    return temporary


def replace(path: "Path", data: bytes) -> None:
    """Write a file durably, whole or not at all, in the place of whatever is there."""
    temporary = write_new(path, data)
    try:
        os.rename(temporary, path)
    except IsADirectoryError:
        os.rename(path, f"{temporary}.aside")
        os.rename(temporary, path)
