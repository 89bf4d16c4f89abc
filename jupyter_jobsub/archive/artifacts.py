"""What tasks want to keep: a folder an attempt, ``<root>/<job>/<attempt>.artifacts/``.

The tasks of a gang have a folder each in it, ``<role>-<index>/``. While they run it is theirs. When
all have ended it is sealed: what is kept is written down in ``<attempt>.artifacts.json`` beside it,
then the rest is removed. Whoever is killed in between has said the same before as after.

That file has three lines: the bytes in all, what else there is in all, and every artifact. A job could
write one itself: it would then say what the job wants, but nothing that could not be.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from pathlib import Path
from typing import Any

from ..model.job import JobId, Micros, TaskKey
from . import trees
from .contents import LATEST, MOST, Artifact, ArtifactLimits, Contents, named, settle, survey
from .files import opened, replacing

LONGEST = 256 * 2**20  # bytes of a manifest: one that is longer is none
_MANIFEST = re.compile(r"[1-9][0-9]*\.artifacts\.json")
_DIGITS = 16  # of such a number


class ArtifactArchive:
    """Folders that tasks write to, read by anyone who may; all of it may be called from any thread.

    Parameters
    ----------
    root:
        The folder that holds the jobs' folders.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, job: JobId, attempt: int) -> Path:
        """Where an attempt's artifacts are."""
        return self._root / job / _name(attempt)

    def folder_of(self, key: TaskKey, *, alone: bool) -> Path:
        """Where a task puts its own; the only task of its job has the whole folder."""
        folder = self.folder(key.job, key.attempt)
        return folder if alone else folder / f"{key.role}-{key.index}"

    def none(self, job: JobId, attempt: int) -> bool:
        """Say whether an attempt that has ended has left nothing; that costs next to nothing."""
        if self._manifest(job, attempt).exists():
            return False
        try:
            fd = os.open(self.folder(job, attempt), trees.FOLDER)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        try:
            with os.scandir(fd) as entries:
                return next(entries, None) is None
        finally:
            os.close(fd)

    def seal(self, job: JobId, attempt: int, limits: ArtifactLimits) -> Contents:
        """Keep of an attempt that has ended what the limits allow, durably, and remove the rest.

        May be called again, after a crash at any moment: what was decided once stays so.

        Raises
        ------
        OSError
            If that can't be done now, as with a full disk.
        """
        if self.none(job, attempt):
            return Contents(complete=True)
        manifest, name = self._manifest(job, attempt), _name(attempt)
        contents = read_manifest(manifest)
        with trees.descended(self._root, [job]) as folder:
            if contents is None:
                contents = survey(folder, name, limits, ended=True)
                _write(manifest, contents)
                os.fsync(folder)
            settle(folder, name, {item.path for item in contents.items})
        return contents

    def contents(self, job: JobId, attempt: int, limits: ArtifactLimits) -> Contents:
        """What is kept of an attempt or, while it runs, would be if it ended now."""
        sealed = read_manifest(self._manifest(job, attempt))
        if sealed is not None:
            return sealed
        try:
            with trees.descended(self._root, [job]) as folder:
                return survey(folder, _name(attempt), limits, ended=False)
        except FileNotFoundError:
            return Contents()

    def open(self, job: JobId, attempt: int, path: str) -> int:
        """Open an artifact for reading.

        Raises
        ------
        FileNotFoundError
            If it is no regular file beneath the attempt's folder that can be read.
        """
        try:
            return self._open(job, attempt, path)
        except FileNotFoundError:
            if named(path) == path:
                raise
            return self._open(job, attempt, named(path))

    def _open(self, job: JobId, attempt: int, path: str) -> int:
        return trees.open_beneath(self._root, [job, _name(attempt), *path.split("/")])

    def _manifest(self, job: JobId, attempt: int) -> Path:
        return self._root / job / f"{attempt}.artifacts.json"


def _name(attempt: int) -> str:
    return f"{attempt}.artifacts"


def manifest_of(name: str) -> bool:
    """Say whether a file of a job's folder is called like one that says what was kept."""
    return _MANIFEST.fullmatch(name) is not None


def read_manifest(path: Path) -> Contents | None:
    """Read what was kept; None if that was not yet decided."""
    try:
        with opened(path) as fd, open(fd, closefd=False) as file:
            size, whole, items = file.read(LONGEST).splitlines()
        return _contents(int(size), json.loads(items), **json.loads(whole))
    except (FileNotFoundError, ValueError, TypeError, RecursionError):
        return None


def read_bytes(path: Path) -> int:
    """Read how much was kept."""
    try:
        with opened(path) as fd:
            return _amount(int(os.read(fd, _DIGITS + 1).partition(b"\n")[0]))
    except (FileNotFoundError, ValueError):
        return 0


def _contents(
    size: int, items: list[Any], dropped: list[str], dropped_count: int, dropped_bytes: int, why: list[str]
) -> Contents:
    if not all(isinstance(text, str) for text in (*dropped, *why)):
        raise TypeError("a name is a text")
    return Contents(
        [_artifact(*row) for row in items],
        *(_amount(size), True),
        dropped,
        *(_amount(dropped_count), _amount(dropped_bytes)),
        why,
    )


def _artifact(path: str, size: int, modified_at: int) -> Artifact:
    if not isinstance(path, str):
        raise TypeError("a path is a text")
    return Artifact(path, _amount(size), Micros(_amount(modified_at, LATEST)))


def _amount(number: int, most: int = MOST) -> int:
    if 0 <= number <= most and number == int(number):
        return int(number)
    raise ValueError(f"{number!r} is no amount")


def _write(path: Path, contents: Contents) -> None:
    """Write it durably, whole or not at all."""
    whole = dataclasses.asdict(contents)
    items, size = [[*item.values()] for item in whole.pop("items")], whole.pop("bytes")
    del whole["complete"]
    with replacing(path) as fd, open(fd, "w", closefd=False) as file:
        file.write(f"{size}\n{json.dumps(whole)}\n{json.dumps(items)}\n")
        file.flush()
        os.fsync(fd)
