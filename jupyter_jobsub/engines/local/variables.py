"""A job's environment: a small fixed base, the same whichever surface started the service."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..base import Launch

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ACCELERATORS = ("/usr/local/nvidia/bin", "/usr/local/cuda/bin", "/opt/rocm/bin")
# where the machine has its languages, zones, temporary files and accelerator libraries
_KEPT = ("LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_KEPT_ACCELERATORS = ("CUDA_HOME", "CUDA_PATH", "ROCM_PATH", "NVIDIA_DRIVER_CAPABILITIES")
# where the runner finds kernels
_KEPT_FOR_NOTEBOOKS = ("JUPYTER_PATH", "JUPYTER_DATA_DIR")


def variables(
    launch: Launch, prefix: Path, gpus: Sequence[str], folders: Mapping[str, Path]
) -> dict[str, str]:
    """Make the environment of a task; the job's own ``env`` counts most.

    Parameters
    ----------
    launch
        The task.
    prefix
        The environment it runs in; its ``bin`` leads ``PATH``.
    gpus
        UUIDs of the devices it may use.
    folders
        Variables that name files and folders of the task.
    """
    kept = [*_KEPT, *_KEPT_ACCELERATORS, *(_KEPT_FOR_NOTEBOOKS if launch.spec.kind == "notebook" else ())]
    return (
        {"LANG": "C.UTF-8", "TMPDIR": "/tmp"}
        | {name: os.environ[name] for name in kept if name in os.environ}
        | _person()
        | _prefix(prefix)
        | {
            "PYTHONUNBUFFERED": "1",
            "SPT_NOENV": "1",  # the title that a process gives itself must not hide whose it is
            "CUDA_VISIBLE_DEVICES": ",".join(gpus),
            "PRIMEHUB_USER": launch.user,
            "PRIMEHUB_GROUP": launch.group,
            "JOBSUB_JOB_ID": launch.key.job,
            "JOBSUB_ATTEMPT": str(launch.key.attempt),
            "JOBSUB_TASK_ROLE": launch.key.role,
            "JOBSUB_TASK_INDEX": str(launch.key.index),
        }
        | {name: str(path) for name, path in folders.items()}
        | launch.spec.env
    )


def _person() -> dict[str, str]:
    try:
        person = pwd.getpwuid(os.getuid())
    except KeyError:  # a uid without an account, as containers have
        name, home, shell = str(os.getuid()), str(Path.home()), "/bin/sh"
    else:
        name, home, shell = person.pw_name, os.environ.get("HOME", person.pw_dir), person.pw_shell
    return {"USER": name, "LOGNAME": name, "HOME": home, "SHELL": shell or "/bin/sh"}


def _prefix(prefix: Path) -> dict[str, str]:
    """What activating an environment would set."""
    extra = [folder for folder in _ACCELERATORS if os.path.isdir(folder)]
    path = {"PATH": ":".join([str(prefix / "bin"), *extra, _PATH])}
    if (prefix / "conda-meta").is_dir():
        return path | {"CONDA_PREFIX": str(prefix)}
    if (prefix / "pyvenv.cfg").is_file():
        return path | {"VIRTUAL_ENV": str(prefix)}
    return path
