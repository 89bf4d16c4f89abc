"""The Kubernetes engine keeps the contract, on a real cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines.contract import EngineContract
from tests.kubernetes.lab import ClusterLab, lab_in
from tests.kubernetes.namespaces import Namespace


@pytest.fixture
def lab(namespace: Namespace, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> ClusterLab:
    return lab_in(namespace, tmp_path_factory.mktemp("lab"), tmp_path)


class TestKubernetesEngine(EngineContract):
    pass
