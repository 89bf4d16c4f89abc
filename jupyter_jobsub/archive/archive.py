"""All that is kept of jobs, each in a folder of its own beneath one root: ``<root>/<job>/``."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from itertools import islice
from pathlib import Path

from ..model.job import JobId
from . import trees
from .artifacts import ArtifactArchive, manifest_of, read_bytes
from .contents import MOST
from .logs import LogArchive
from .metrics import MetricsArchive
from .pieces import GAP, read_gap

FEW = 64  # files in a job's folder that are counted in no time


class Archive:
    """What outlives a job's tasks, until its time to live is over.

    Parameters
    ----------
    root:
        A folder on a local disk; made when needed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.logs = LogArchive(root)
        self.metrics = MetricsArchive(self.logs)
        self.artifacts = ArtifactArchive(root)

    def size(self, job: JobId) -> int:
        """Count the bytes that are kept of a job whose artifacts are sealed."""
        with suppress(FileNotFoundError), os.scandir(self.root / job) as entries:
            return max(0, min(sum(map(_size, entries)), MOST))
        return 0

    def small(self, job: JobId) -> bool:
        """Say whether to count what is kept of a job takes no time."""
        with suppress(FileNotFoundError), os.scandir(self.root / job) as entries:
            return next(islice(entries, FEW, None), None) is None
        return True

    def room(self) -> tuple[int, int]:
        """How many bytes the disk has, and how many of them are free."""
        there = next(path for path in (self.root, *self.root.parents) if path.exists())
        total, _, free = shutil.disk_usage(there)
        return total, free

    async def remove(self, job: JobId) -> None:
        """Remove all of a job, or raise OSError; followers of what is gone end."""
        try:
            await asyncio.to_thread(self._remove, job)
        finally:
            self.logs.tell(job)

    def _remove(self, job: JobId) -> None:
        with suppress(FileNotFoundError), trees.descended(self.root, []) as folder:
            trees.remove(folder, job)

    def close(self) -> None:
        """Let go of what is watched; call it in the event loop."""
        self.logs.close()


def _size(entry: os.DirEntry[str]) -> int:
    path = Path(entry.path)
    if manifest_of(entry.name):
        return read_bytes(path)
    if entry.name.endswith(GAP):
        gap = read_gap(path.with_suffix(""))
        return gap.start - gap.end if gap else 0
    return entry.stat(follow_symlinks=False).st_size if entry.is_file(follow_symlinks=False) else 0
