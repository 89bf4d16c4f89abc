"""What a task is charged for, as a container asks for it, and which nodes have such devices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ...errors import EngineError
from ...model.resources import Resources
from .settings import GpuType


def amounts(resources: Resources, types: Mapping[str, GpuType]) -> dict[str, str]:
    """Write the amounts as Kubernetes does; what isn't asked for is left out."""
    devices = Counter[str]()
    for kind, number in _devices(resources):
        devices[_type(kind, types).resource] += number
    found = {"cpu": f"{resources.cpu}m" if resources.cpu else "", "memory": str(resources.memory or "")}
    found |= {name: str(number) for name, number in devices.items()}
    return {name: amount for name, amount in found.items() if amount}


def nodes(resources: Resources, types: Mapping[str, GpuType]) -> dict[str, str]:
    """Say by which labels the nodes are known that have its devices.

    Raises
    ------
    EngineError
        If no node can have all of them.
    """
    found: dict[str, str] = {}
    for kind, _ in _devices(resources):
        for label, value in _type(kind, types).node_selector.items():
            if found.setdefault(label, value) != value:
                raise EngineError(
                    f"no node has all of {', '.join(resources.gpu)}: {label} can't be both {found[label]}"
                    f" and {value}; clone the job with an instance type of one GPU type"
                )
    return found


def _devices(resources: Resources) -> list[tuple[str, int]]:
    return [(kind, number) for kind, number in resources.gpu.items() if number]


def _type(kind: str, types: Mapping[str, GpuType]) -> GpuType:
    return types.get(kind) or GpuType.model_validate({})
