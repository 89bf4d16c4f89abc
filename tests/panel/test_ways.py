"""Ways from what is open or selected to a job, and what tells of jobs where no list is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from .lab import Lab

RECORD = """() => {
    window.created = [];
    window.jupyterapp.commands.commandExecuted.connect((_, {id, args}) => {
        if (id === 'jobsub:create')
            window.created.push(args);
    });
}"""


@pytest.fixture
def record(page: Page) -> Page:
    """A page that keeps what it is asked to create."""
    page.evaluate(RECORD)
    return page


def created(page: Page) -> dict[str, Any]:
    page.wait_for_function("window.created.length")
    [args] = page.evaluate("window.created.splice(0)")
    spec: dict[str, Any] = args["spec"]
    return spec


def notebook(folder: Path, name: str, *cells: str) -> Path:
    file = folder / name
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=kernel
    )
    nbformat.write(made, file)
    return file


def open_file(page: Page, path: str) -> Locator:
    page.evaluate("path => window.jupyterapp.commands.execute('docmanager:open', {path})", path)
    page.locator("#jp-main-dock-panel").get_by_role("tab", name=Path(path).name).wait_for()
    return page.locator("#jp-main-dock-panel .jp-Document:visible")


def test_the_open_notebook_is_saved_and_becomes_a_job(record: Page, served: Lab) -> None:
    (served.files / "deep").mkdir(exist_ok=True)
    file = notebook(served.files / "deep", "train.ipynb", "1 + 1")
    panel = open_file(record, "deep/train.ipynb")
    cell = panel.locator(".jp-Cell .cm-content").first
    cell.click()
    record.keyboard.press("Control+End")
    record.keyboard.type(" + 40")
    panel.get_by_role("button", name="Submit as job").click()
    assert created(record) == {
        "name": "train.ipynb",
        "notebook": str(file),
        "environment": sys.prefix,
    }
    assert nbformat.read(file, 4).cells[0].source == "1 + 1 + 40"


def test_scripts_have_the_button_and_other_files_have_not(record: Page, served: Lab) -> None:
    for name in ("run.sh", "notes.md"):
        (served.files / name).write_text("true\n")
    panel = open_file(record, "run.sh")
    panel.get_by_role("button", name="Submit as job").click()
    spec = created(record)
    assert spec["script"] == str(served.files / "run.sh")
    other = open_file(record, "notes.md")
    expect(other.locator(".jp-FileEditor")).to_be_visible()
    expect(other.get_by_role("button", name="Submit as job")).to_have_count(0)
