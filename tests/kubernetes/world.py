"""The service on a cluster, as a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

from benchmarks import processes
from jupyter_jobsub.client import Client
from tests.chaos.world import World
from tests.kubernetes.cluster import JOB_IMAGE
from tests.kubernetes.namespaces import Namespace

Row: TypeAlias = Mapping[str, Any]

PATIENCE = 90.0
GROUP = "chaos"
AT_ONCE = 6
CONFIG = """
c.JobsubService.engine = "kubernetes"
c.JobsubService.kubernetes = {{"kubeconfig": "{kubeconfig}"}}
c.JobsubService.images = {{"base": "{image}"}}
c.JobsubService.groups = {{"{group}": {{"quota": {{"cpu": {cpu}}}, "volume": "{volume}"}}}}
c.JobsubService.instance_types = {{
    "one": {{"cpu": 0.05, "memory": "64Mi"}},
}}
"""


class ClusterWorld(World):
    """Its group's folder is that of the marks."""

    def __init__(self, folder: Path, namespace: Namespace, config: str = "") -> None:
        self.namespace = namespace
        told = CONFIG.format(
            kubeconfig=namespace.kubeconfig,
            image=JOB_IMAGE,
            group=GROUP,
            cpu=AT_ONCE * 0.05,
            volume=folder / "marks",
        )
        super().__init__(folder, told + config)
        self.marks_inside = f"/project/{GROUP}"


@dataclass
class Served:
    """The service, and what a person does with it."""

    world: ClusterWorld
    client: Client

    def submit(self, command: str, **more: Any) -> str:
        """Submit a job, and give its id."""
        spec = {"group": GROUP, "instance_type": "one", "command": command, **more}
        return str(self.client.submit(spec)["id"])

    def until(self, id: str, condition: Callable[[Row], object]) -> Row:
        """Wait until a job is so."""
        found: list[Row] = []

        def reached() -> bool:
            found.append(self.client.job(id))
            return bool(condition(found[-1]))

        try:
            processes.until(reached, PATIENCE, "the job")
        except TimeoutError:
            raise AssertionError(found[-1]) from None
        return found[-1]

    def in_phase(self, id: str, *phases: str) -> Row:
        """Wait until a job is in one of the phases."""
        return self.until(id, lambda row: row["phase"] in phases)

    def logged(self, id: str, text: str) -> None:
        """Wait until a job has written a text."""
        processes.until(lambda: text in self.log(id), PATIENCE, f"{text!r} in the log")

    def log(self, id: str) -> str:
        """What a job has written so far."""
        return b"".join(self.client.log(id, download=True)).decode()


@contextmanager
def serving(folder: Path, namespace: Namespace, config: str = "") -> Iterator[Served]:
    """Run a service on a cluster."""
    world = ClusterWorld(folder, namespace, config)
    with patch.dict(os.environ, world.variables):
        client = world.socket_client()
        try:
            yield Served(world, client)
        finally:
            client.close()
            world.end()
