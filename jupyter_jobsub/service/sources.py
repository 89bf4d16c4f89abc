"""Reads notebooks and scripts at submit, where the service runs as the person on her machine.

``python -m jupyter_jobsub.service.sources PATH`` reads a large notebook and prints it without its outputs.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..errors import FieldError, InvalidRequest
from ..model.spec import JobSpec
from ..resolution import Source

OUTPUTS_FACTOR = 10  # a notebook with its outputs may be that much larger than without
LARGE = 2**20  # bytes: a larger notebook is parsed by a process of its own, or all others would wait
PATIENCE = 120  # seconds for that
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

    async def __call__(self, spec: JobSpec) -> Source:
        """Answer a script as it is, a notebook without its outputs."""
        field, path = spec.kind, Path(spec.source or "")
        if path.suffix not in _ENDINGS[field]:
            text = f"{path.name} is no {field}"
            raise _wrong(field, text, f"give a file that ends in {' or '.join(_ENDINGS[field])}")
        if spec.content is not None:
            return Source(_sent(path, spec.content))
        source = await self._read(field, path)
        if len(source.text) > self._limit:
            raise self._too_large(field, path)
        return source

    async def _read(self, field: str, path: Path) -> Source:
        try:
            size, data = _contents(path, LARGE if field == "notebook" else self._limit + 1)
        except OSError as error:
            text = f"{path}: {error.strerror}"
            raise _wrong(field, text, "give the path of a file that you can read") from error
        if size > self._limit * OUTPUTS_FACTOR:
            raise self._too_large(field, path)
        if field == "script":
            return Source(data)
        # a thread costs more than a small file
        notebook = stripped(data) if size <= LARGE else await asyncio.to_thread(_stripped_apart, path)
        return Source(notebook, kernel_of(notebook))

    def _too_large(self, field: str, path: Path) -> InvalidRequest:
        return _wrong(field, f"{path} is over {self._limit} bytes", "clear its outputs, or make it smaller")


def _sent(path: Path, content: str) -> bytes:
    if not path.parent.is_dir():
        raise _wrong("script", f"there is no folder {path.parent}", "make it, or name a script in another")
    return content.encode()


def _contents(path: Path, most: int) -> tuple[int, bytes]:
    """A file's size and its beginning; what is no file is not waited for."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "is not a file")
        return status.st_size, file.read(most)


def _stripped_apart(path: Path) -> bytes:
    command = [sys.executable, "-m", __name__, str(path)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise _wrong("notebook", f"{path} took too long to read", "clear its outputs, and save it") from error
    if done.returncode:
        raise _no_notebook()
    return done.stdout


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
        raise _no_notebook() from error
    return json.dumps(notebook, ensure_ascii=False).encode()


def kernel_of(notebook: bytes) -> str | None:
    """The kernel that a notebook was saved with."""
    try:
        metadata: Any = json.loads(notebook).get("metadata", {})
        name = metadata.get("kernelspec", {}).get("name")
    except (ValueError, AttributeError):
        return None
    return name if isinstance(name, str) else None


def _no_notebook() -> InvalidRequest:
    return _wrong("notebook", "is not a notebook of format 4", "open and save it in JupyterLab")


def _wrong(field: str, message: str, remedy: str) -> InvalidRequest:
    return InvalidRequest([FieldError(field, message, remedy)])


if __name__ == "__main__":
    try:
        sys.stdout.buffer.write(stripped(Path(sys.argv[1]).read_bytes()))
    except (InvalidRequest, OSError):
        sys.exit(1)
