"""What of a folder is kept as artifacts: regular files, in order of name, as many as the limits allow."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from ..model.job import Micros
from . import trees
from .files import open_file
from .pieces import amount

SYNCED_AT_ONCE = 8  # files: they share much of what the disk has to write
NAMED = 100  # of what is dropped, so many by name
TOLD = 3  # and in the message of a job
LONGEST_TOLD = 80  # characters of a name there
MOST = 2**53  # bytes that are believed: what sparse files claim must not be too much for a sum
LATEST = Micros(253_402_300_799_000_000)  # the end of year 9999, for files that claim a later time
ODD = "links and special files are not kept"
REPLACED = "what stands in the folder's place is not kept"
_ESCAPED = re.compile(rb"\\x([89a-f][0-9a-f])")


@dataclass(frozen=True)
class ArtifactLimits:
    """How much of one attempt is kept: so many files, and bytes in all."""

    files: int
    bytes: int


@dataclass(frozen=True)
class Artifact:
    r"""One file, by its path in the folder; of a name that is no UTF-8, other bytes are like ``\xff``."""

    path: str
    size: int
    modified_at: Micros


@dataclass(frozen=True)
class Contents:
    """An attempt's artifacts.

    Parameters
    ----------
    bytes:
        What the items take, each as long as it reads.
    complete:
        The attempt has ended, and nothing will change.
    dropped:
        Some of the paths that are not kept; ``dropped_count`` and ``dropped_bytes`` count all.
    why:
        The reasons for which something was dropped.
    """

    items: Sequence[Artifact] = ()
    bytes: int = 0
    complete: bool = False
    dropped: Sequence[str] = ()
    dropped_count: int = 0
    dropped_bytes: int = 0
    why: Sequence[str] = ()

    @property
    def note(self) -> str:
        """What was dropped, for people; "" if nothing was."""
        if not self.dropped_count:
            return ""
        names = [name if len(name) <= LONGEST_TOLD else f"{name[:LONGEST_TOLD]}…" for name in self.dropped]
        told = ", ".join(names[:TOLD])
        rest = self.dropped_count - len(names[:TOLD])
        more = f" and {rest:,} more" if rest else ""
        were = "artifact was" if self.dropped_count == 1 else "artifacts were"
        return f"{self.dropped_count:,} {were} dropped ({'; '.join(self.why)}): {told}{more}"


def shown(name: str) -> str:
    """A file's name as text, whatever its bytes are."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def named(text: str) -> str:
    """The name whose bytes a shown one stands for."""
    return os.fsdecode(_ESCAPED.sub(lambda byte: bytes([int(byte[1], 16)]), text.encode()))


def survey(folder: int, name: str, limits: ArtifactLimits, *, ended: bool) -> Contents:
    """Look through a folder in an open folder: what fits is kept, in order of name.

    Parameters
    ----------
    ended:
        Nobody writes to it any more: what its modes forbid the owner is taken back.
    """
    found = _Survey(limits, ended)
    if stat.S_ISDIR(trees.look(folder, name).st_mode):
        found.enter(folder, name, "", 0)
    else:
        found.drop(name, 0, REPLACED)
    return found.contents()


@dataclass
class _Survey:
    limits: ArtifactLimits
    ended: bool
    items: list[Artifact] = field(default_factory=list)
    bytes: int = 0
    dropped: list[str] = field(default_factory=list)
    count: int = 0
    dropped_bytes: int = 0
    why: dict[str, None] = field(default_factory=dict)

    def enter(self, folder: int, name: str, path: str, depth: int) -> None:
        if self.ended:
            trees.allow(folder, name, 0o700)
        with trees.entered(folder, name) as inner:
            for each in sorted(os.listdir(inner)):
                self._try(inner, each, path + shown(each), depth + 1)

    def _try(self, folder: int, name: str, path: str, depth: int) -> None:
        try:
            self._look_at(folder, name, path, depth)
        except (FileNotFoundError, NotADirectoryError):
            pass  # a job that runs has removed it meanwhile
        except PermissionError:
            if self.ended:  # somebody else's, such as a container's
                self.drop(path, 0, "what can't be read is not kept")

    def _look_at(self, folder: int, name: str, path: str, depth: int) -> None:
        status = trees.look(folder, name)
        if stat.S_ISREG(status.st_mode):
            self._take(folder, name, path, status)
        elif not stat.S_ISDIR(status.st_mode):
            self.drop(path, 0, ODD)
        elif depth == trees.DEEPEST:
            self.drop(f"{path}/", 0, f"at most {trees.DEEPEST} folders in one another")
        else:
            self.enter(folder, name, f"{path}/", depth)

    def _take(self, folder: int, name: str, path: str, status: os.stat_result) -> None:
        if len(self.items) >= self.limits.files:
            self.drop(path, status.st_size, _at_most(self.limits.files))
        elif self.bytes + status.st_size > self.limits.bytes:
            self.drop(path, status.st_size, f"at most {amount(self.limits.bytes)} are kept")
        else:
            if self.ended and not status.st_mode & 0o400:
                _make_readable(folder, name, status)
            modified = Micros(min(max(status.st_mtime_ns // 1000, 0), LATEST))
            self.items.append(Artifact(path, status.st_size, modified))
            self.bytes += status.st_size

    def drop(self, path: str, size: int, why: str) -> None:
        self.count += 1
        self.dropped_bytes += size
        self.why[why] = None
        if len(self.dropped) < NAMED:
            self.dropped.append(path)

    def contents(self) -> Contents:
        return Contents(
            *(self.items, self.bytes, self.ended, self.dropped, self.count),
            min(self.dropped_bytes, MOST),
            list(self.why),
        )


def _make_readable(folder: int, name: str, status: os.stat_result) -> None:
    if status.st_nlink > 1:
        raise PermissionError("its other name may be in somebody's own folder: its modes stay as they are")
    trees.allow(folder, name, 0o400)


def _at_most(files: int) -> str:
    return f"at most {files:,} files are kept" if files != 1 else "at most 1 file is kept"


def settle(folder: int, name: str, kept: Collection[str]) -> None:
    """Leave in a folder of an open folder what is kept, on disk, and nothing else, not even empty folders."""
    with ThreadPoolExecutor(SYNCED_AT_ONCE) as threads:
        _settle(folder, name, kept, threads, "", 0)


def _settle(
    folder: int, name: str, kept: Collection[str], threads: ThreadPoolExecutor, path: str, depth: int
) -> None:
    with contextlib.suppress(PermissionError, FileNotFoundError):  # somebody else's stays, and is not shown
        if depth == trees.DEEPEST or not stat.S_ISDIR(trees.look(folder, name).st_mode):
            trees.remove(folder, name)
            return
        trees.allow(folder, name, 0o700)
        with trees.entered(folder, name) as inner:
            inside = {each: f"{path}{shown(each)}" for each in os.listdir(inner)}
            for each, its_path in inside.items():
                if its_path not in kept:
                    _settle(inner, each, kept, threads, f"{its_path}/", depth + 1)
            stay = [each for each, its_path in inside.items() if its_path in kept]
            list(threads.map(partial(make_durable, inner), stay))
            os.fsync(inner)
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=folder)


def make_durable(folder: int, name: str) -> None:
    """Have a file on disk, if it is one."""
    with contextlib.suppress(PermissionError, FileNotFoundError):
        fd = open_file(name, folder=folder)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
