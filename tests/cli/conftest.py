"""A data folder of their own for all tests of the commands; a service is stopped at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """A private folder whose path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="jobsub-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def environment(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(data_dir))
    monkeypatch.delenv("JOBSUB_URL", raising=False)
    monkeypatch.delenv("JOBSUB_TOKEN", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
