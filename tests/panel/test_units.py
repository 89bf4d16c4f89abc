"""What needs no browser: the panel's own unit tests, and that its types are the service's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PANEL = ROOT / "labextension"


def jlpm(*command: str) -> subprocess.CompletedProcess[str]:
    jlpm = Path(sys.executable).with_name("jlpm")
    return subprocess.run([jlpm, *command], cwd=PANEL, capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_units() -> None:
    done = jlpm("test")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_types_are_those_of_the_service(tmp_path: Path) -> None:
    document, types = tmp_path / "document.json", tmp_path / "schema.ts"
    with open(document, "wb") as file:
        subprocess.run([sys.executable, ROOT / "tools" / "panel_types.py"], stdout=file, check=True)
    done = jlpm("openapi-typescript", str(document), "-o", str(types))
    assert done.returncode == 0, done.stdout + done.stderr
    assert types.read_text() == (PANEL / "src/api/schema.ts").read_text(), "run jlpm types in labextension"
