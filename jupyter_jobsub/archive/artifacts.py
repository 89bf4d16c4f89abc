"""What tasks want to keep: a folder an attempt, ``<root>/<job>/<attempt>.artifacts/``.

The tasks of a gang have a folder each in it, ``<role>-<index>/``. While they run it is theirs. When
all have ended it is sealed: what is kept is written down in ``<attempt>.artifacts.json`` beside it,
then the rest is removed. Whoever is killed in between has said the same before as after.

That file has two lines: what there is in all, and every artifact.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import os
from pathlib import Path

from ..model.job import JobId, TaskKey
from . import trees
from .contents import Artifact, ArtifactLimits, Contents, named, settle, survey

MANIFEST = ".artifacts.json"  # after the attempt's number
_ABSENT = (errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EACCES, errno.ENXIO)


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
        except OSError as error:
            if error.errno not in _ABSENT:
                raise
            raise FileNotFoundError(f"{path!r}: {error.strerror}") from error

    def _open(self, job: JobId, attempt: int, path: str) -> int:
        *folders, name = path.split("/")
        if any(each in ("", ".", "..") or "\0" in each for each in (*folders, name)):
            raise FileNotFoundError(f"{path!r} is no path of an artifact")
        with trees.descended(self._root, [job, _name(attempt), *folders]) as folder:
            return trees.open_file(folder, name)

    def _manifest(self, job: JobId, attempt: int) -> Path:
        return self._root / job / f"{attempt}{MANIFEST}"


def _name(attempt: int) -> str:
    return f"{attempt}.artifacts"


def read_manifest(path: Path) -> Contents | None:
    """Read what was kept; None if that was not yet decided."""
    try:
        first, second = path.read_text().splitlines()
        items = [Artifact(*row) for row in json.loads(second)]
        return Contents(items, complete=True, **json.loads(first))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def read_bytes(path: Path) -> int:
    """Read how much was kept."""
    try:
        with open(path) as file:
            size: int = json.loads(file.readline())["bytes"]
            return size
    except (ValueError, TypeError, KeyError):
        return 0


def _write(path: Path, contents: Contents) -> None:
    """Write it durably, whole or not at all."""
    whole = dataclasses.asdict(contents)
    items = [[*item.values()] for item in whole.pop("items")]
    del whole["complete"]
    temporary = path.with_name(f".{path.name}")
    with open(temporary, "w") as file:
        file.write(f"{json.dumps(whole)}\n{json.dumps(items)}\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
