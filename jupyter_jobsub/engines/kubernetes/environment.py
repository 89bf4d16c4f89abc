"""The environment of a task: what everyone may read in its Pod, and what goes through a Secret."""

from __future__ import annotations

from collections.abc import Mapping

from ...model.spec import JobSpec
from ..base import Launch
from ..peers import Peers, everyones, own
from .entry import HOME, TERMINATION_LOG
from .files import ARTIFACTS
from .volumes import Variables, parse_dataset

DEVICES = "NVIDIA_VISIBLE_DEVICES"  # the cluster's to say: with another value a job would see them all

LONGEST_NAME = 253  # characters of a Secret's key


def public(launch: Launch, env: Mapping[str, str], peers: Peers) -> dict[str, str]:
    """Make what is written in the Pod; whose names the job's own variables have is theirs.

    Parameters
    ----------
    env
        What every job has.
    peers
        Where the tasks of the attempt are.
    """
    told = {
        **env,
        "HOME": HOME,
        "PYTHONUNBUFFERED": "1",
        "PRIMEHUB_USER": launch.user,
        "PRIMEHUB_GROUP": launch.group,
        "JOBSUB_JOB_ID": launch.key.job,
        "JOBSUB_ATTEMPT": str(launch.key.attempt),
        "JOBSUB_TASK_ROLE": launch.key.role,
        "JOBSUB_TASK_INDEX": str(launch.key.index),
        "JOBSUB_ARTIFACTS": ARTIFACTS,
        "JOBSUB_TERMINATION_LOG": TERMINATION_LOG,
        **({} if launch.spec.task_roles else everyones(peers)),
        **own(peers[launch.key.role, launch.key.index]),
        **({} if launch.resources.gpus else {DEVICES: "void"}),
    }
    theirs = private(launch, peers)
    return {name: text for name, text in told.items() if name not in theirs}


def private(launch: Launch, peers: Peers) -> dict[str, str]:
    """Make what Secrets hold: the datasets' variables and the job's own, and what all tasks are told.

    It is the same for all tasks of an attempt, so that they can share it.
    """
    volumes = [parse_dataset(text) for text in launch.datasets.values()]
    datasets = {name: text for v in volumes if isinstance(v, Variables) for name, text in v.env.items()}
    told = everyones(peers) if launch.spec.task_roles else {}  # much, where there are many
    found = {**told, **datasets, **launch.spec.variables}
    return {name: text for name, text in found.items() if name != DEVICES}


def check(spec: JobSpec) -> list[tuple[str, str, str]]:
    """Find (field, message, remedy) of variables that no Pod can be given."""
    fields = {**dict.fromkeys(spec.variables, "parameters"), **dict.fromkeys(spec.env, "env")}
    found = []
    for name, field in fields.items():
        if name == DEVICES:
            found.append((f"{field}.{name}", "is set by the cluster", "ask for GPUs by an instance type"))
        elif len(name) > LONGEST_NAME:
            remedy = f"give one of {LONGEST_NAME} characters at most"
            found.append((f"{field}.{name}", "is longer than a cluster takes", remedy))
    return found
