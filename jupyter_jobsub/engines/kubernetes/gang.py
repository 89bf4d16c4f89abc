"""The tasks of an attempt among themselves: host names of a headless Service, and ports."""

from __future__ import annotations

from itertools import count

from ...model.job import TaskKey
from ...model.spec import JobSpec
from ..peers import Address, Peers
from .names import Object, attempt_labels, attempt_name, host_name

ALONE = "localhost"
_FIRST_PORT = 20_000


def peers(key: TaskKey, spec: JobSpec) -> Peers:
    """Say where each task of an attempt is: nothing but the specification decides.

    Each port of the job has a number of its own, so that tasks may share a host's network.
    """
    numbers = count(_FIRST_PORT)
    return {
        (role.name, index): Address(
            f"{host_name(TaskKey(key.job, key.attempt, role.name, index))}.{attempt_name(key)}",
            {port.label: [next(numbers) for _ in range(port.count)] for port in role.ports},
        )
        for role in spec.task_roles
        for index in range(role.tasks)
    } or {("main", 0): Address(ALONE)}


def service(key: TaskKey, store: str) -> Object:
    """Make what gives the tasks of an attempt their host names, also those that are not ready yet."""
    labels = attempt_labels(key, store)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": attempt_name(key), "labels": labels},
        "spec": {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": labels},
    }
