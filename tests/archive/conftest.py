from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_jobsub.archive import LogArchive


@pytest.fixture
def archive(tmp_path: Path) -> LogArchive:
    return LogArchive(tmp_path / "logs")
