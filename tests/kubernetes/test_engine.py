"""The Kubernetes engine keeps the contract, on a real cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_jobsub.engines.base import Engine
from jupyter_jobsub.engines.kubernetes.engine import KubernetesEngine
from jupyter_jobsub.engines.kubernetes.settings import parse_settings
from jupyter_jobsub.model.catalog import Image
from tests.engines.contract import EngineContract
from tests.engines.lab import Lab
from tests.kubernetes.cluster import JOB_IMAGE
from tests.kubernetes.lab import ClusterLab
from tests.kubernetes.namespaces import Namespace


@pytest.fixture
def lab(namespace: Namespace, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    settings = parse_settings({"kubeconfig": str(namespace.kubeconfig)})
    images = {"base": Image("base", JOB_IMAGE)}

    def make() -> Engine:
        return KubernetesEngine(settings, images, store=lambda: "store-1", grace=0.5)

    return ClusterLab(make, tmp_path_factory.mktemp("lab"), tmp_path)


class TestKubernetesEngine(EngineContract):
    pass
