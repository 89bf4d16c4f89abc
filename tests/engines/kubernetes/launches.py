"""Launches as the dispatcher makes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_jobsub.engines.base import Launch
from jupyter_jobsub.model.catalog import Image
from jupyter_jobsub.model.job import JobId, TaskKey
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec

KEY = TaskKey(JobId("job-1"), 1)


def launch_of(spec: dict[str, Any], **changes: Any) -> Launch:
    """Make one of a spec; the changes are the launch's."""
    paths = Path("/archive/log"), Path("/archive/artifacts")
    launch = Launch(
        KEY, JobSpec.model_validate(spec), Image("base", "lab:1"), Resources(), *paths, "ann", "lab"
    )
    return replace(launch, **changes)
