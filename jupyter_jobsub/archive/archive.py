"""All that is kept of jobs, each in a folder of its own beneath one root: ``<root>/<job>/``."""

from __future__ import annotations

from pathlib import Path

from ..model.job import JobId
from .artifacts import ArtifactArchive
from .logs import LogArchive
from .metrics import MetricsArchive


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

    async def remove(self, job: JobId) -> None:
        """Remove all of a job, or raise OSError; followers of what is gone end."""
        self.logs.remove(job)

    def close(self) -> None:
        """Let go of what is watched; call it in the event loop."""
        self.logs.close()
