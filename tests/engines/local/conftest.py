from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_jobsub.engines.local import LocalEngine
from jupyter_jobsub.engines.local.devices import Device
from jupyter_jobsub.model.catalog import Image
from jupyter_jobsub.model.resources import Resources
from tests.engines.lab import Lab

DEVICES = [Device("GPU-a", "A100", 40), Device("GPU-b", "A100", 40), Device("GPU-t", "T4", 16)]
LOG_LIMIT = 256 * 1024


@pytest.fixture
def make_engine(tmp_path: Path) -> Callable[[], LocalEngine]:
    images = {"base": Image("base", "/usr")}
    capacity = Resources(4000, 2**33, {"A100": 2, "T4": 1})
    return lambda: LocalEngine(
        tmp_path / "data" / "runs", images, DEVICES, capacity, grace=0.2, log_limit=LOG_LIMIT
    )


@pytest.fixture
def lab(make_engine: Callable[[], LocalEngine], tmp_path: Path) -> Lab:
    return Lab(make_engine, tmp_path / "data")
