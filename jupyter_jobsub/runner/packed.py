"""What a zip starts that holds this runner, a notebook and its parameters: ``python job.zip OUTPUT IMAGE``.

Whatever Python an image has can read this module, and it says what the image lacks.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from importlib.util import find_spec

from .errors import RunnerError, explain

PYTHON = (3, 10)
PACKAGES = ("nbclient", "nbformat")


def main() -> None:
    """Run the notebook; the process ends with its exit code."""
    archive, output, image = sys.argv
    try:
        _check(image)
        arguments = _unpack(archive, os.path.basename(output), image)
        output = _place(output)
    except RunnerError as error:
        explain(str(error))
        sys.exit(1)
    from .command import main as run

    sys.exit(run([*arguments, output]))


def _check(image: str) -> None:
    if sys.version_info < PYTHON:
        version, least = (".".join(map(str, each[:2])) for each in (sys.version_info, PYTHON))
        raise RunnerError(
            f"The image {image} has Python {version}, and notebooks need {least}: choose another image."
        )
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise _lacking(image, *missing)


def _lacking(image: str, *packages: str) -> RunnerError:
    return RunnerError(
        f"The image {image} has no {' and no '.join(packages)}, which notebooks need: choose another image, "
        f"or build one from it with pip install nbclient ipykernel."
    )


def _unpack(archive: str, name: str, image: str) -> list[str]:
    """Lay the files beside the archive; answer what the runner is told of them."""
    folder = os.path.dirname(archive)
    notebook, parameters = os.path.join(folder, name), os.path.join(folder, "parameters.json")
    with zipfile.ZipFile(archive) as files:
        for path, content in ((notebook, "notebook"), (parameters, "parameters")):
            with open(path, "wb") as file:
                file.write(files.read(content))
    return ["--parameters", parameters, "--kernel", _kernel(notebook, image), "--", notebook]


def _kernel(notebook: str, image: str) -> str:
    """The notebook's own kernel if the image has it, else, for Python, the image's Python."""
    from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager

    with open(notebook, encoding="utf-8") as file:
        metadata = json.load(file).get("metadata", {})
    spec, info = metadata.get("kernelspec", {}), metadata.get("language_info", {})
    name = str(spec.get("name", NATIVE_KERNEL_NAME))
    language = str(spec.get("language") or info.get("name") or "python")
    there = KernelSpecManager().find_kernel_specs()
    if name in there or language.lower() != "python":
        return name
    if NATIVE_KERNEL_NAME not in there:
        raise _lacking(image, "ipykernel")
    return str(NATIVE_KERNEL_NAME)


def _place(output: str) -> str:
    """Where the output notebook can be written to: among the artifacts, if not in the group's folder."""
    folder, name = os.path.split(output)
    try:
        os.makedirs(folder, exist_ok=True)
        if os.access(folder, os.W_OK):
            return output
        reason = "Permission denied"
    except OSError as error:
        reason = str(error.strerror)
    print(f"{folder} can't be written to ({reason}): {name} is among the job's artifacts.", file=sys.stderr)
    return os.path.join(os.environ["JOBSUB_ARTIFACTS"], name)
