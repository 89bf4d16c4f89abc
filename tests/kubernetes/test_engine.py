"""The Kubernetes engine keeps the contract, on a real cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.engines.base import Engine, Launch
from jupyter_jobsub.engines.kubernetes.engine import KubernetesEngine
from jupyter_jobsub.engines.kubernetes.settings import parse_settings
from jupyter_jobsub.model.catalog import Image
from tests.engines.contract import EngineContract
from tests.engines.lab import Lab
from tests.kubernetes.cluster import JOB_IMAGE
from tests.kubernetes.namespaces import Namespace


class ClusterLab(Lab):
    """Its tasks share the test's folder as their group's volume."""

    def __init__(self, make: Callable[[], Engine], folder: Path, shared: Path) -> None:
        super().__init__(make, folder)
        self._shared = shared

    def task(self, command: str = "true", **changes: Any) -> Launch:
        launch = super().task(command, **changes)
        return replace(launch, image=Image("base", JOB_IMAGE), volume=str(self._shared))


@pytest.fixture
def lab(namespace: Namespace, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    settings = parse_settings({"kubeconfig": str(namespace.kubeconfig)})
    images = {"base": Image("base", JOB_IMAGE)}

    def make() -> Engine:
        return KubernetesEngine(settings, images, store=lambda: "store-1", grace=0.5)

    return ClusterLab(make, tmp_path_factory.mktemp("lab"), tmp_path)


class TestKubernetesEngine(EngineContract):
    pass
