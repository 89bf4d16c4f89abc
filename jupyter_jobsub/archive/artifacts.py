"""What tasks want to keep: a folder an attempt, ``<root>/<job>/artifacts/<attempt>/``.

The tasks of a gang have a folder each in it, ``<role>-<index>/``.
"""

from __future__ import annotations

from pathlib import Path

from ..model.job import JobId, TaskKey


class ArtifactArchive:
    """Folders that tasks write to, read by anyone who may.

    Parameters
    ----------
    root:
        The folder that holds the jobs' folders.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, job: JobId, attempt: int) -> Path:
        """Where an attempt's artifacts are."""
        return self._root / job / "artifacts" / str(attempt)

    def folder_of(self, key: TaskKey, *, alone: bool) -> Path:
        """Where a task puts its own; the only task of its job has the whole folder."""
        folder = self.folder(key.job, key.attempt)
        return folder if alone else folder / f"{key.role}-{key.index}"
