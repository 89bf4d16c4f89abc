"""The notebook as a document: reading, parameters, and the file that is whole at every moment."""

from __future__ import annotations

import json
import keyword
import math
import os
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, convert, reader, v4, validator

from .errors import RunnerError

MAX_STREAM = 1 << 20  # characters of a stream that a cell keeps; the log has all of it
_HEAD, _TAIL = MAX_STREAM // 2, MAX_STREAM // 4
_CUT = "\n[… cut here to keep the notebook small: the log has everything …]\n"


def read_notebook(path: Path) -> NotebookNode:
    """Read and check a notebook, of whatever format version.

    Raises
    ------
    RunnerError
        If it can't be read or is no notebook.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is mended silently is of no use in a job's log
            notebook: NotebookNode = convert(reader.reads(path.read_text("utf-8")), 4)
            _, notebook = validator.normalize(notebook)
            validator.validate(notebook)
    except OSError as error:
        raise RunnerError(f"{path} can't be read: {error.strerror}.") from error
    except Exception as error:  # nbformat raises whatever the damage leads to
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunnerError(f"{path} is not a valid notebook: {reason}.") from error
    return notebook


def read_parameters(path: Path) -> dict[str, Any]:
    """Read the values to inject: a JSON object.

    Raises
    ------
    RunnerError
        If it is anything else, or a name is no variable of Python.
    """
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RunnerError(f"The parameters in {path} can't be read: {error}.") from error
    if not isinstance(values, dict):
        raise RunnerError(f"The parameters in {path} are no JSON object.")
    for name in values:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise RunnerError(f"{name!r} can't be a parameter: it is no variable's name in Python.")
    return values


def inject(notebook: NotebookNode, parameters: Mapping[str, Any]) -> None:
    """Put a cell that sets the parameters behind the one tagged ``parameters``, or first.

    A cell ``injected-parameters`` of an earlier run is replaced, as papermill does it.
    """
    lines = ["# Parameters", *(f"{name} = {literal(value)}" for name, value in parameters.items())]
    cell = v4.new_code_cell("\n".join(lines), metadata={"tags": ["injected-parameters"]})
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        del cell["id"]
    tags = [c.metadata.get("tags", []) for c in notebook.cells]
    injected = next((i for i, found in enumerate(tags) if "injected-parameters" in found), None)
    if injected is not None:
        notebook.cells[injected] = cell
        return
    after = next((i + 1 for i, found in enumerate(tags) if "parameters" in found), 0)
    notebook.cells.insert(after, cell)


def literal(value: Any) -> str:
    """Write a JSON value as Python."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def extend_stream(text: str, more: str) -> str:
    """Append to a stream's text as a terminal shows it: a carriage return starts its line again.

    Longer text loses its middle.
    """
    finished, newline, line = text.rpartition("\n")
    added = (line + more).replace("\r\n", "\n").split("\n")
    text = finished + newline + "\n".join(_overwritten(part) for part in added)
    if len(text) > MAX_STREAM:
        text = text[:_HEAD] + _CUT + text[-_TAIL:]
    return text


def _overwritten(line: str) -> str:
    # a return at the end waits for what comes next, which may be the line's end
    shown = line.rstrip("\r")
    return shown.rpartition("\r")[2] + line[len(shown) :]


class OutputFile:
    """The output notebook on disk, replaced whole.

    Parameters
    ----------
    path:
        Its place; folders on the way are made.
    notebook:
        The document, changed by whoever runs it.
    """

    def __init__(self, path: Path, notebook: NotebookNode) -> None:
        self.path = path
        self.notebook = notebook
        self.changed = False
        self.cost = 0.0

    def save(self) -> None:
        """Replace the file.

        Raises
        ------
        OSError
            If it can't be written; the older file stays.
        """
        began = time.monotonic()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f".{self.path.name}.tmp")
        # half a surrogate pair can't be UTF-8, and its JSON escape is just what this handler writes
        with open(temporary, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(v4.writes(self.notebook) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)
        self.changed = False
        self.cost = time.monotonic() - began
