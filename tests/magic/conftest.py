"""A kernel with the magic loaded, and a service of its own that the magic starts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_jobsub.client import Client, LocalEndpoint
from tests.live import data_folder
from tests.magic.kernel import Kernel


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """A private folder whose path is short enough for a socket."""
    with data_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def environment(data_dir: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JOBSUB_")}
    return kept | {
        "JOBSUB_DATA_DIR": str(data_dir),
        "JUPYTER_CONFIG_DIR": str(data_dir / "config"),
        "IPYTHONDIR": str(data_dir / "ipython"),
        "VIRTUAL_ENV": "/another/environment",  # of the shell that Jupyter was started from
    }


@pytest.fixture(scope="session")
def start(environment: dict[str, str]) -> Callable[[Path], Kernel]:
    """Start a kernel in a folder, with the magic loaded."""

    def started(folder: Path) -> Kernel:
        kernel = Kernel(folder, environment)
        kernel.do("%load_ext jupyter_jobsub")
        return kernel

    return started


@pytest.fixture(scope="session")
def kernel(start: Callable[[Path], Kernel], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """The kernel that tests share; one that fails leaves it as it is for the next."""
    found = start(tmp_path_factory.mktemp("notebook"))
    yield found
    found.kill()


@pytest.fixture
def client(data_dir: Path, kernel: Kernel) -> Iterator[Client]:
    """The same service, asked by another way."""
    with Client(LocalEndpoint(data_dir, start=False)) as found:
        yield found
