"""What a task's process is: program, arguments, environment and folder."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import EngineError
from ..base import Launch
from .supervisor.start import VERSION
from .variables import variables

# the person's own folder must not come before ours on the runner's import path
_RUNNER = (
    "import runpy, sys; sys.path[0] = sys.argv.pop(1); "
    "runpy.run_module('jupyter_jobsub.runner', run_name='__main__', alter_sys=True)"
)
OUTPUT = "output"  # names the output notebook
_PACKAGES = str(Path(__file__).parents[3])


@dataclass(frozen=True)
class Invocation:
    """A process to be, and the files and links that its run folder needs for it.

    ``files`` and ``links`` are by path in the run folder; ``outside`` are folders elsewhere that
    must be there.
    """

    argv: Sequence[str]
    env: dict[str, str]
    cwd: Path
    files: dict[str, bytes] = field(default_factory=dict)
    links: dict[str, Path] = field(default_factory=dict)
    outside: Sequence[Path] = ()


@dataclass(frozen=True)
class Limits:
    """What a supervisor enforces."""

    grace: float  # seconds between TERM and KILL at the deadline
    log: int  # bytes that are kept of a log; 0 keeps all


def invoke(launch: Launch, folder: Path, gpus: Sequence[str], base: Mapping[str, str]) -> Invocation:
    """Find out what to run for a task, in its run folder; ``base`` are the variables of every job.

    Raises
    ------
    EngineError
        If what it needs isn't there.
    """
    return _Plan(launch, folder, gpus, base).invocation()


def encode(invocation: Invocation, launch: Launch, gpus: Sequence[str], limits: Limits) -> bytes:
    """Write what the supervisor reads; see ``supervisor.start.Spec``."""
    head = [VERSION, launch.log, invocation.cwd, launch.spec.deadline_seconds, limits.grace, limits.log]
    env = [f"{name}={value}" for name, value in invocation.env.items()]
    fields = [*head, ",".join(gpus), len(invocation.argv), *invocation.argv, *env]
    return b"".join(os.fsencode(str(each)) + b"\0" for each in fields)


class _Plan:
    def __init__(self, launch: Launch, folder: Path, gpus: Sequence[str], base: Mapping[str, str]) -> None:
        self._base = base
        self._launch = launch
        self._spec = launch.spec
        self._folder = folder
        self._gpus = gpus
        self._prefix = Path(launch.image.reference if launch.image else sys.prefix)

    def invocation(self) -> Invocation:
        make = {"command": self._command, "script": self._script, "notebook": self._notebook}
        return make[self._spec.kind]()

    def _command(self) -> Invocation:
        shell = "/bin/bash" if os.path.exists("/bin/bash") else "/bin/sh"
        argv = [shell, "-c", self._spec.shell_text(self._launch.key.role)]
        if self._spec.working_dir:
            return self._make(argv, self._own_folder(self._spec.working_dir))
        links = {name: Path(target) for name, target in self._shared().items()}
        return self._make(argv, self._folder / "work", links=links)

    def _shared(self) -> dict[str, str | Path]:
        """What a job finds in its temporary folder, as on a cluster."""
        links: dict[str, str | Path] = {"work/artifacts": self._launch.artifacts}
        if self._launch.volume and self._launch.group not in ("artifacts", "datasets"):
            links[f"work/{self._launch.group}"] = self._launch.volume
        return links | {f"work/datasets/{name}": path for name, path in self._launch.datasets.items()}

    def _script(self) -> Invocation:
        source = Path(self._spec.script or "")
        copy = self._folder / "script" / source.name
        program = ["/bin/bash"] if source.suffix == ".sh" else [self._python(), "-u"]
        made = self._make([*program, str(copy), *self._spec.args], self._source_folder(source))
        # the copy's folder comes first on the import path and has nothing else in it
        theirs = made.env.get("PYTHONPATH")
        made.env["PYTHONPATH"] = os.pathsep.join([str(source.parent), *([theirs] if theirs else [])])
        made.files[f"script/{source.name}"] = self._snapshot(source)
        return made

    def _notebook(self) -> Invocation:
        source = Path(self._spec.notebook or "")
        cwd = self._source_folder(source)
        output = self._output_folder()
        argv = [sys.executable, "-c", _RUNNER, _PACKAGES]
        argv += [str(self._folder / "notebook" / source.name), str(output / source.name)]
        argv += ["--parameters", str(self._folder / "parameters.json"), "--cwd", str(cwd)]
        if kernel := self._spec.image or (self._launch.image and self._launch.image.reference):
            argv += ["--kernel", kernel]
        if self._launch.image:  # one that is configured has no kernelspec
            argv += ["--environment", self._launch.image.reference]
        files = {
            f"notebook/{source.name}": self._snapshot(source),
            OUTPUT: os.fsencode(output / source.name),
            "parameters.json": json.dumps(self._spec.parameters).encode(),
        }
        return self._make(argv, cwd, files=files, outside=[output])

    def _make(
        self,
        argv: list[str],
        cwd: Path,
        *,
        files: dict[str, bytes] | None = None,
        links: dict[str, Path] | None = None,
        outside: Sequence[Path] = (),
    ) -> Invocation:
        folders = {
            "JOBSUB_ARTIFACTS": self._launch.artifacts,
            "JOBSUB_TERMINATION_LOG": self._folder / "message",
        }
        env = variables(self._base, self._launch, self._prefix, self._gpus, folders)
        return Invocation(argv, env, cwd, files or {}, links or {}, [self._launch.artifacts, *outside])

    def _source_folder(self, source: Path) -> Path:
        return self._own_folder(self._spec.working_dir or str(source.parent))

    def _own_folder(self, path: str) -> Path:
        if not os.path.isdir(path):
            raise EngineError(f"the folder {path} is not there; make it, or clone the job with another one")
        return Path(path)

    def _snapshot(self, source: Path) -> bytes:
        if self._launch.snapshot is None:
            raise EngineError(
                f"the text of {source.name} was not kept; clone the job to run the file as it is now"
            )
        return self._launch.snapshot

    def _python(self) -> str:
        python = self._prefix / "bin" / "python"
        if not python.exists():
            raise EngineError(f"{self._prefix} has no bin/python; clone the job with another image")
        return str(python)

    def _output_folder(self) -> Path:
        volume = self._launch.volume
        usable = volume is not None and os.access(volume, os.W_OK)
        return (
            (Path(volume or "") if usable else self._folder.parent.parent / "outputs")
            / "jobs"
            / self._launch.key.job
        )
