"""What a task reads that its image has not: variables, its script or notebook, and what runs that.

It goes into the Pod through Secrets alone: no Pod needs a way to the service, and whatever is killed
when, the API server has them as long as the Pod. A Secret holds 1 MiB, so a file is cut into parts,
which the Pod's entry puts together before anything runs.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...errors import EngineError
from ...model.job import Job
from ..base import Launch
from .volumes import host_path

PARTS = "/jobsub/parts"  # where a Pod has all parts, read-only
FILES = "/jobsub/files"  # where its entry puts them together
ARTIFACTS = "/jobsub/artifacts"
LARGEST = 700 * 1024  # bytes of a Secret's data, which is base64 on its way and less than 1 MiB then
_ZIP = "job.zip"
_PACKAGE = Path(__file__).parents[2]
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same files make the same bytes

# a job's own PATH may lead anywhere
_SHELL = 'for shell in /bin/bash bash /bin/sh; do command -v "$shell" >/dev/null && exec "$shell" "$@"; done'
_PYTHON = """
for python in python3 python; do command -v "$python" >/dev/null && exec "$python" "$@"; done
text="There is no Python on the PATH of the image $0: choose another image."
echo "$text" >&2
echo "$text" >"$JOBSUB_TERMINATION_LOG"
exit 127
"""


@dataclass(frozen=True)
class Files:
    """What a task's Pod is given, and the program that it runs.

    Parameters
    ----------
    parts
        The data of Secrets, a part of the file each, whose keys give the order.
    name
        What the parts make, in the folder ``FILES``; "" if there is nothing to make.
    argv
        The program with its arguments.
    """

    parts: Sequence[Mapping[str, bytes]]
    name: str
    argv: Sequence[str]


def files_of(launch: Launch) -> Files:
    """Find out what a task's Pod has to be given.

    Raises
    ------
    EngineError
        If the text of its notebook or script was not kept.
    """
    make = {"command": _command, "script": _script, "notebook": _notebook}
    name, content, argv = make[launch.spec.kind](launch)
    return Files(tuple(_parts(content)), name, argv)


def packed(variables: Mapping[str, str]) -> Iterator[dict[str, bytes]]:
    """Share variables out to as many Secrets as they need."""
    found, size = dict[str, bytes](), 0
    for name, text in variables.items():
        value = text.encode()
        length = len(name) + len(value)
        if found and size + length > LARGEST:
            yield found
            found, size = {}, 0
        found[name] = value
        size += length
    if found:
        yield found


def output_of(job: Job, volume: str | None, artifacts: Path) -> str | None:
    """Where people find the output notebook of a job's newest attempt, or None if it makes none.

    It is in their group's folder, where they see it in a Pod or, if that is one of this machine, here; or
    among the artifacts.

    Parameters
    ----------
    volume
        The group's.
    artifacts
        The archive's folder of that attempt.
    """
    if not job.spec.notebook or not job.attempt:
        return None
    name = Path(job.spec.notebook).name
    kept, way = artifacts / name, f"jobs/{job.id}/{name}"
    here = host_path(volume)
    there = next((path for path in (kept, *([Path(here, way)] if here else [])) if path.is_file()), None)
    return str(there or kept) if there or not volume else f"/project/{job.spec.group}/{way}"


def _command(launch: Launch) -> tuple[str, bytes, list[str]]:
    return "", b"", ["/bin/sh", "-c", _SHELL, "jobsub", "-c", launch.spec.shell_text(launch.key.role)]


def _script(launch: Launch) -> tuple[str, bytes, list[str]]:
    name = Path(launch.spec.script or "").name
    arguments = [f"{FILES}/{name}", *launch.spec.args]
    if name.endswith(".sh"):
        return name, _snapshot(launch, name), ["/bin/sh", "-c", _SHELL, "jobsub", *arguments]
    return name, _snapshot(launch, name), _python(launch, "-u", *arguments)


def _notebook(launch: Launch) -> tuple[str, bytes, list[str]]:
    name = Path(launch.spec.notebook or "").name
    folder = f"/project/{launch.group}/jobs/{launch.key.job}" if launch.volume else ARTIFACTS
    files = {"notebook": _snapshot(launch, name), "parameters": json.dumps(launch.spec.parameters).encode()}
    argv = _python(launch, f"{FILES}/{_ZIP}", f"{folder}/{name}", _image(launch))
    return _ZIP, _zipped({**_runner(), **files}), argv


def _python(launch: Launch, *arguments: str) -> list[str]:
    return ["/bin/sh", "-c", _PYTHON, _image(launch), *arguments]


def _image(launch: Launch) -> str:
    return launch.image.reference if launch.image else ""


def _snapshot(launch: Launch, name: str) -> bytes:
    if launch.snapshot is None:
        raise EngineError(f"the text of {name} was not kept; clone the job to run the file as it is now")
    return launch.snapshot


@cache
def _runner() -> dict[str, bytes]:
    """The runner with all that it imports of this package, and what starts it."""
    modules = [_PACKAGE / "reports.py", *(_PACKAGE / "runner").glob("*.py")]
    files = {str(path.relative_to(_PACKAGE.parent)): path.read_bytes() for path in sorted(modules)}
    start = b"from jupyter_jobsub.runner.packed import main\n\nmain()\n"
    return {"jupyter_jobsub/__init__.py": b"", **files, "__main__.py": start}


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _parts(content: bytes) -> Iterator[dict[str, bytes]]:
    for number, at in enumerate(range(0, len(content), LARGEST)):
        yield {f"{number:06}": content[at : at + LARGEST]}
