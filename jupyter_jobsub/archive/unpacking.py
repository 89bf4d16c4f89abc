"""Artifacts from elsewhere: unpacked beside where they belong, and put there in one step when all have come.

What arrives is believed as little as what a job leaves in a folder of this machine. It becomes regular
files below one folder, no more than twice of what is kept, from which sealing chooses as ever. Of what
is no file, and of a file that is too large to be chosen, the name comes alone: sealing says that it was
dropped.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from . import trees
from .contents import LATEST, MOST, SYNCED_AT_ONCE, ArtifactLimits, make_durable
from .tarstream import BLOCK, Member, TarStream

TOO_LARGE = b"jobsub:"  # begins the target of a link that stands for a file, of so many bytes
_LONGEST_NAME, _LONGEST_PATH = 255, 4096
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_HEADERS = 8 * BLOCK  # bytes that are granted to each member
_NEVER_SO = (
    *(errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOENT, errno.ELOOP),
    *(errno.EPERM, errno.EMLINK, errno.EILSEQ, errno.ENAMETOOLONG),
)


class TooMuch(Exception):
    """More comes than is looked at."""


class Unpacking:
    """A task's artifacts as they come in a tar archive; every call may take long, and needs a thread.

    Parameters
    ----------
    folder
        They come to this one, which nobody else has.
    limits
        What is kept of an attempt in the end.
    """

    def __init__(self, folder: Path, limits: ArtifactLimits) -> None:
        self._path, self._limits = folder, limits
        self._members = 2 * limits.files + 1000
        self._bytes = 2 * limits.bytes + self._members * _HEADERS
        self._stream = TarStream(self._take)
        self._file: _File | None = None
        self._folder = -1

    def open(self) -> None:
        """Begin, in a folder without what an earlier one may have left."""
        _clear(self._path)
        self._path.mkdir(mode=0o700, parents=True)
        self._folder = os.open(self._path, trees.FOLDER)

    @property
    def whole(self) -> bool:
        """The archive's end has come."""
        return self._stream.whole

    def feed(self, data: bytes) -> None:
        """Unpack what has come.

        Raises
        ------
        Damaged
            If it is no tar archive.
        TooMuch
            If it is more than is looked at.
        OSError
            If it can't be written now, as on a full disk.
        """
        self._bytes -= len(data)
        if self._bytes < 0:
            raise TooMuch
        self._stream.feed(data)

    def finish(self, place: Path) -> None:
        """Put what has come where it belongs, durably; of a file that has not come whole, nothing.

        Raises
        ------
        OSError
            If it can't be written now.
        """
        self._end_file()
        with ThreadPoolExecutor(SYNCED_AT_ONCE) as threads:
            _sync(self._folder, threads)
        if not os.listdir(self._folder):
            return
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.rename(self._path, place)
        for folder in (place.parent, place.parent.parent):
            with trees.descended(folder, []) as fd:
                os.fsync(fd)

    def close(self) -> None:
        """Leave nothing that has not been put where it belongs."""
        with contextlib.suppress(OSError):
            self._end_file()
        if self._folder >= 0:
            os.close(self._folder)
        _clear(self._path)

    def _take(self, member: Member) -> Callable[[bytes], None] | None:
        self._end_file()
        self._members -= 1
        if self._members < 0:
            raise TooMuch
        parts = _parts(member.name)
        if member.kind == "folder" or not parts:
            return None
        try:
            with self._inside(parts[:-1][: trees.DEEPEST]) as folder:
                return self._place(folder, parts[-1], member) if len(parts) <= trees.DEEPEST else None
        except OSError as error:
            if error.errno not in _NEVER_SO:
                raise
            return None  # no folder can be like that

    def _place(self, folder: int, name: bytes, member: Member) -> Callable[[bytes], None] | None:
        if member.kind == "hard link":
            if other := _parts(member.link):
                self._link(folder, name, other)
        elif member.kind == "other":
            _stand_for(folder, name, member.link, self._limits.bytes)
        elif member.size > self._limits.bytes:
            _too_large(folder, name, member.size, self._limits.bytes)
        else:
            self._file = _File(folder, name, member)
            return self._file.write
        return None

    def _link(self, folder: int, name: bytes, other: Sequence[bytes]) -> None:
        with self._inside(other[:-1]) as theirs:
            if stat.S_ISREG(trees.look(theirs, os.fsdecode(other[-1])).st_mode):
                os.link(other[-1], name, src_dir_fd=theirs, dst_dir_fd=folder, follow_symlinks=False)

    @contextlib.contextmanager
    def _inside(self, parts: Sequence[bytes]) -> Iterator[int]:
        """Open a folder below, which is made if it isn't there."""
        fd = os.dup(self._folder)
        try:
            for part in parts:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o700, dir_fd=fd)
                inner = os.open(part, trees.FOLDER, dir_fd=fd)
                os.close(fd)
                fd = inner
            yield fd
        finally:
            os.close(fd)

    def _end_file(self) -> None:
        if self._file:
            file, self._file = self._file, None
            file.end()


class _File:
    """One that is being written."""

    def __init__(self, folder: int, name: bytes, member: Member) -> None:
        self._left = member.size
        self._at = min(member.modified, LATEST // 10**6) * 10**9
        self._name = name
        self._fd = os.open(name, _NEW, 0o600, dir_fd=folder)
        self._folder = os.dup(folder)

    def write(self, data: bytes) -> None:
        self._left -= len(data)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def end(self) -> None:
        """Close it; what has not come whole is removed."""
        try:
            os.utime(self._fd, ns=(self._at, self._at))
            if self._left:
                os.unlink(self._name, dir_fd=self._folder)
        finally:
            os.close(self._fd)
            os.close(self._folder)


def _parts(name: bytes) -> Sequence[bytes]:
    """A member's way down; none if it leads elsewhere, or nowhere."""
    parts = [part for part in name.split(b"/") if part not in (b"", b".")]
    far = b".." in parts or len(name) > _LONGEST_PATH or any(len(part) > _LONGEST_NAME for part in parts)
    return () if far else parts


def _stand_for(folder: int, name: bytes, link: bytes, most: int) -> None:
    size = link.removeprefix(TOO_LARGE)
    if link.startswith(TOO_LARGE) and size.isdigit() and len(size) < 20 and int(size) > most:
        _too_large(folder, name, int(size), most)
    else:
        os.symlink(b"dropped", name, dir_fd=folder)


def _too_large(folder: int, name: bytes, size: int, most: int) -> None:
    """Make a file that takes no room and is too large to be kept."""
    fd = os.open(name, _NEW, 0o600, dir_fd=folder)
    try:
        os.truncate(fd, min(size, MOST))
    except OSError:  # no file of this disk can be as large
        os.truncate(fd, most + 1)
    finally:
        os.close(fd)


def _sync(folder: int, threads: ThreadPoolExecutor) -> None:
    files = []
    for name in os.listdir(folder):
        mode = trees.look(folder, name).st_mode
        if stat.S_ISDIR(mode):
            with trees.entered(folder, name) as inner:
                _sync(inner, threads)
        elif stat.S_ISREG(mode):
            files.append(name)
    list(threads.map(partial(make_durable, folder), files))
    os.fsync(folder)


def _clear(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError), trees.descended(folder.parent, []) as parent:
        trees.remove(parent, folder.name)
