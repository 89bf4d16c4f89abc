"""Finds the environments that jobs can run in; on this engine they are the images."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import FieldError, InvalidRequest
from ...model.catalog import Image

_PYTHON = re.compile(r"python(\d(\.\d+)?)?")
_UNNAMED = {".venv", "venv", ".env", "env", "virtualenv"}  # the project's folder tells more


def find_environments(extra: Sequence[str] = ()) -> dict[str, Image]:
    """Find the kernelspecs that Jupyter finds, and the folders that configuration adds.

    Parameters
    ----------
    extra:
        Folders of conda or virtual environments. One without ``bin/python`` is listed with a
        description that says so.

    Returns
    -------
    dict
        By name, the service's own environment first: it is the default.
    """
    images: dict[str, Image] = {}
    for image in sorted(_kernels(), key=_own_first):
        images[image.name] = image
    for folder in dict.fromkeys(os.path.abspath(os.path.expanduser(folder)) for folder in extra):
        image = _environment(folder, images)
        images[image.name] = image
    return images


def parse_folders(given: Any) -> list[str]:
    """Check that environments are configured as a list of folders, or raise InvalidRequest."""
    if isinstance(given, dict):
        text = "are container images by name, which need a cluster"
        remedy = 'give a list of environments\' folders, or set c.JobsubService.engine = "kubernetes"'
        raise InvalidRequest([FieldError("images", text, remedy)])
    return list(given)


def _own_first(image: Image) -> tuple[bool, bool, str]:
    return image.reference != sys.prefix, image.name != "python3", image.name


def _kernels() -> Iterator[Image]:
    # imported here: it takes a while, and only the service needs it
    from jupyter_client.kernelspec import KernelSpecManager

    for name, found in KernelSpecManager().get_all_specs().items():
        spec: dict[str, Any] = found["spec"]
        if prefix := _prefix(spec.get("argv") or [""]):
            yield Image(name, prefix, spec.get("display_name", name))


def _prefix(argv: Sequence[str]) -> str | None:
    """The environment that a kernel's program belongs to; None if there is no such program."""
    if _PYTHON.fullmatch(argv[0]):
        return sys.prefix  # as Jupyter itself reads a bare "python"
    program = shutil.which(argv[0].replace("{prefix}", sys.prefix))
    # links are kept: a virtual environment's python is one
    return os.path.dirname(os.path.dirname(os.path.abspath(program))) if program else None


def _environment(folder: str, taken: dict[str, Image]) -> Image:
    path = Path(folder)
    base = path.parent.name if path.name in _UNNAMED else path.name
    name, n = base, 2
    while name in taken:
        name, n = f"{base}-{n}", n + 1
    works = os.access(path / "bin" / "python", os.X_OK)
    return Image(name, folder, folder if works else f"unusable: there is no {folder}/bin/python")
