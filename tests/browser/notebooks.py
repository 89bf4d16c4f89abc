"""Notebooks and other files, open in JupyterLab."""

from __future__ import annotations

from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page


def notebook(folder: Path, name: str, *cells: str) -> Path:
    file = folder / name
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=kernel
    )
    nbformat.write(made, file)
    return file


def open_file(page: Page, path: str) -> Locator:
    page.evaluate("path => void window.jupyterapp.commands.execute('docmanager:open', {path})", path)
    page.locator("#jp-main-dock-panel").get_by_role("tab", name=Path(path).name).wait_for()
    return page.locator("#jp-main-dock-panel .jp-Document:visible")
