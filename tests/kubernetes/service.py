"""A real service whose jobs are Pods of a namespace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.kubernetes.cluster import JOB_IMAGE

SECONDS = 90  # that a job may take on a busy machine


def configuration(kubeconfig: Path, **kubernetes: Any) -> str:
    """What such a service reads; more is for ``c.JobsubService.kubernetes``."""
    settings: dict[str, object] = {
        "engine": "kubernetes",
        "kubernetes": {"kubeconfig": str(kubeconfig), **kubernetes},
        "images": {"base": JOB_IMAGE, "missing": "127.0.0.1:1/missing:1"},
        "instance_types": {
            "small": {"cpu": 0.05, "memory": "128Mi"},
            "half": {"cpu": 0.5, "memory": "256Mi"},
            "huge": {"cpu": 1000, "memory": "64Mi"},
        },
        "halt_grace_seconds": 5.0,
    }
    return "\n".join(f"c.JobsubService.{name} = {value!r}" for name, value in settings.items())
