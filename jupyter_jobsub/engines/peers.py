"""How the tasks of a job find each other, told to each of them in the same words by every engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ..model.job import TaskKey


@dataclass(frozen=True)
class Address:
    """Where a task can be reached while it runs: host name or address, and its ports by label."""

    host: str
    ports: Mapping[str, Sequence[int]] = field(default_factory=dict)


Peers: TypeAlias = Mapping[tuple[str, int], Address]
"""Every task of an attempt by role and index, in the order of the specification."""


def variables(key: TaskKey, peers: Peers) -> dict[str, str]:
    """What a task finds in its environment about all tasks of its job, and about itself.

    A role or label is written in capitals with ``_`` for ``-``: ``JOBSUB_PORT_PARAMETER_SERVER_0_GRPC``
    is the first port of that label, ``JOBSUB_PORTS_…`` all of them, with commas. The task's own have
    neither role nor index: ``JOBSUB_HOST``, ``JOBSUB_PORT_GRPC``, ``JOBSUB_PORTS_GRPC``.
    """
    return {**everyones(peers), **own(peers[key.role, key.index])}


def everyones(peers: Peers) -> dict[str, str]:
    """What all tasks are told alike."""
    counts = Counter(role for role, _ in peers)
    found = {"JOBSUB_TASK_ROLES": ",".join(counts)}
    found |= {f"JOBSUB_TASK_COUNT_{_legal(role)}": str(count) for role, count in counts.items()}
    for (role, index), address in peers.items():
        found |= _of(address, f"_{_legal(role)}_{index}")
    return found


def own(address: Address) -> dict[str, str]:
    """What a task alone is told: where it is itself."""
    return dict(_of(address, ""))


def _of(address: Address, whose: str) -> Iterator[tuple[str, str]]:
    yield f"JOBSUB_HOST{whose}", address.host
    for label, ports in address.ports.items():
        yield f"JOBSUB_PORT{whose}_{_legal(label)}", str(ports[0])
        yield f"JOBSUB_PORTS{whose}_{_legal(label)}", ",".join(map(str, ports))


def _legal(name: str) -> str:
    return name.upper().replace("-", "_")
