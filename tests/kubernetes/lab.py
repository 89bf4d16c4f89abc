"""The lab of the engines' contract, on a cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_jobsub.engines.base import Engine, Launch
from jupyter_jobsub.model.catalog import Image
from tests.engines.lab import Lab
from tests.kubernetes.cluster import JOB_IMAGE


class ClusterLab(Lab):
    """Its tasks share the test's folder as their group's volume."""

    def __init__(self, make: Callable[[], Engine], folder: Path, shared: Path) -> None:
        super().__init__(make, folder)
        self._shared = shared

    def task(self, command: str = "true", **changes: Any) -> Launch:
        launch = super().task(command, **changes)
        return replace(launch, image=Image("base", JOB_IMAGE), volume=str(self._shared))
