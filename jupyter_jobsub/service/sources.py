"""Reads notebooks and scripts at submit, where the service runs as the person on her machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import FieldError, InvalidRequest
from ..model.spec import JobSpec
from ..resolution import Source

OUTPUTS_FACTOR = 10  # a notebook with its outputs may be that much larger than without
_ENDINGS = {"notebook": (".ipynb",), "script": (".py", ".sh")}


class LocalSources:
    """Reads the file itself.

    Parameters
    ----------
    limit:
        Bytes of a snapshot.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def __call__(self, spec: JobSpec) -> Source:
        """Answer a script as it is, a notebook without its outputs."""
        field, path = spec.kind, Path(spec.source or "")
        if path.suffix not in _ENDINGS[field]:
            raise _wrong(
                field,
                f"{path.name} is no {field}",
                f"give a file that ends in {' or '.join(_ENDINGS[field])}",
            )
        try:
            with path.open("rb") as file:
                data = file.read(self._limit * OUTPUTS_FACTOR + 1)
        except OSError as error:
            raise _wrong(
                field, f"{path}: {error.strerror}", "give the path of a file that you can read"
            ) from error
        if len(data) > self._limit * OUTPUTS_FACTOR:
            raise self._too_large(field, path)
        source = Source(stripped(data), kernel_of(data)) if field == "notebook" else Source(data)
        if len(source.text) > self._limit:
            raise self._too_large(field, path)
        return source

    def _too_large(self, field: str, path: Path) -> InvalidRequest:
        return _wrong(field, f"{path} is over {self._limit} bytes", "clear its outputs, or make it smaller")


def stripped(data: bytes) -> bytes:
    """A notebook's text without its outputs.

    Raises
    ------
    InvalidRequest
        If it is not a notebook of format 4.
    """
    try:
        notebook = json.loads(data)
        cells = notebook["cells"]
        if notebook["nbformat"] != 4:
            raise KeyError("nbformat")
        for cell in cells:
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _wrong("notebook", "is not a notebook of format 4", "open and save it in JupyterLab") from error
    return json.dumps(notebook, ensure_ascii=False).encode()


def kernel_of(notebook: bytes) -> str | None:
    """The kernel that a notebook was saved with."""
    try:
        metadata: Any = json.loads(notebook).get("metadata", {})
        name = metadata.get("kernelspec", {}).get("name")
    except (ValueError, AttributeError):
        return None
    return name if isinstance(name, str) else None


def _wrong(field: str, message: str, remedy: str) -> InvalidRequest:
    return InvalidRequest([FieldError(field, message, remedy)])
