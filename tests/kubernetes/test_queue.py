"""The examples of PrimeHub's job design on a cluster, whose node says that it has GPUs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.service import SECONDS, configuration
from tests.service.people import Jobs, working
from tests.service.test_queue_examples import test_example_1 as test_example_1
from tests.service.test_queue_examples import test_example_2 as test_example_2

SMALL = {"cpu": 0.05, "memory": "64Mi"}
TYPES = {"cpu": SMALL} | {f"gpu-{n}": {**SMALL, "gpu": {"A100": n}} for n in (1, 2, 4)}


@pytest.fixture
def jobs(namespace: Namespace, tmp_path: Path) -> Iterator[Jobs]:
    """The group of the examples; its volume is the test's folder."""
    settings = configuration(namespace.kubeconfig, gpu_types={"A100": {"resource": "nvidia.com/gpu"}})
    settings += f"\nc.JobsubService.instance_types = {TYPES!r}"
    settings += f"\nc.JobsubService.groups['phusers']['volume'] = {str(tmp_path)!r}\n"
    with working(tmp_path, settings, "/project/phusers", SECONDS) as jobs:
        yield jobs
