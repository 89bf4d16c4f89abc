"""A job's environment: a small fixed base, the same whichever surface started the service."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..base import Launch
from . import account

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ACCELERATORS = ("/usr/local/nvidia/bin", "/usr/local/cuda/bin", "/opt/rocm/bin")
_TOOLKITS = {"CUDA_HOME": "/usr/local/cuda", "ROCM_PATH": "/opt/rocm"}
# drivers' alone: a toolkit's would come before those that an environment brings along
_DRIVERS = ("/usr/local/nvidia/lib64", "/usr/local/nvidia/lib")
# the service's own, which found the kernels there that its catalog lists
_FOR_NOTEBOOKS = ("JUPYTER_PATH", "JUPYTER_DATA_DIR")


def base(configured: Mapping[str, str]) -> dict[str, str]:
    """Make what every job of this machine has, from the account, the system and the configuration.

    Nothing of it is this process's own: that is whatever the surface had that started the service.
    """
    drivers = [folder for folder in _DRIVERS if os.path.isdir(folder)]
    return {
        **account.locale(),
        "TMPDIR": "/tmp",
        "PATH": ":".join([*(folder for folder in _ACCELERATORS if os.path.isdir(folder)), _PATH]),
        **({"LD_LIBRARY_PATH": ":".join(drivers)} if drivers else {}),
        **{name: folder for name, folder in _TOOLKITS.items() if os.path.isdir(folder)},
        **account.person(),
        **configured,
    }


def variables(
    base: Mapping[str, str], launch: Launch, prefix: Path, gpus: Sequence[str], folders: Mapping[str, Path]
) -> dict[str, str]:
    """Make the environment of a task; the job's own variables count most.

    Parameters
    ----------
    base
        What every job has.
    launch
        The task.
    prefix
        The environment it runs in; its ``bin`` leads ``PATH``.
    gpus
        UUIDs of the devices it may use.
    folders
        Variables that name files and folders of the task.
    """
    kept = _FOR_NOTEBOOKS if launch.spec.kind == "notebook" else ()
    return {
        **base,
        **{name: os.environ[name] for name in kept if name in os.environ},
        **_activated(prefix, base.get("PATH", _PATH)),
        "PYTHONUNBUFFERED": "1",
        "SPT_NOENV": "1",  # the title that a process gives itself must not hide whose it is
        "CUDA_VISIBLE_DEVICES": ",".join(gpus),
        "PRIMEHUB_USER": launch.user,
        "PRIMEHUB_GROUP": launch.group,
        "JOBSUB_JOB_ID": launch.key.job,
        "JOBSUB_ATTEMPT": str(launch.key.attempt),
        "JOBSUB_TASK_ROLE": launch.key.role,
        "JOBSUB_TASK_INDEX": str(launch.key.index),
        **{name: str(path) for name, path in folders.items()},
        **launch.spec.variables,
    }


def _activated(prefix: Path, path: str) -> dict[str, str]:
    """What activating an environment would set."""
    found = {"PATH": f"{prefix / 'bin'}:{path}"}
    if (prefix / "conda-meta").is_dir():
        return found | {"CONDA_PREFIX": str(prefix)}
    if (prefix / "pyvenv.cfg").is_file():
        return found | {"VIRTUAL_ENV": str(prefix)}
    return found
