"""The notebook of the examples does what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLE = Path(__file__).parents[2] / "examples" / "magic.ipynb"


@pytest.fixture(scope="module")
def outputs(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a person reads below each cell."""
    notebook = nbformat.read(EXAMPLE, as_version=4)
    folder = tmp_path_factory.mktemp("example")
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute(env=environment)
    return {cell.id: "".join(map(_text, cell.get("outputs", ()))) for cell in notebook.cells}


def _text(output: Any) -> str:
    return str(output.get("text") or output.data["text/plain"])


def test_the_job_is_shown_and_leaves_what_it_found(outputs: dict[str, str]) -> None:
    assert "Estimate pi" in outputs["python"]
    assert outputs["free"] == "4"
    assert "of 400000 points are inside" in outputs["job"]
    assert "'3.1" in outputs["job"]


def test_a_cell_for_bash_and_the_commands(outputs: dict[str, str]) -> None:
    assert " runs in /" in outputs["bash"]
    assert outputs["list"].count("Succeeded") >= 2
    assert "default" in outputs["usage"]
