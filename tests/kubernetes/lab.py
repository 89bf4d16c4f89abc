"""The lab of the engines' contract, on a cluster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from jupyter_jobsub.engines.base import Engine, Launch
from jupyter_jobsub.engines.kubernetes import names
from jupyter_jobsub.engines.kubernetes.api import Api
from jupyter_jobsub.engines.kubernetes.engine import KubernetesEngine
from jupyter_jobsub.engines.kubernetes.settings import parse_settings
from jupyter_jobsub.model.catalog import Image
from tests.engines.lab import Lab
from tests.kubernetes.cluster import JOB_IMAGE
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.pods import connected, until

STORE = "store-1"
IMAGE = Image("base", JOB_IMAGE)


class ClusterLab(Lab):
    """Its tasks share the test's folder as their group's volume."""

    engine: KubernetesEngine
    stamped = True

    def __init__(
        self, make: Callable[[], Engine], folder: Path, shared: Path, cleared: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(make, folder)
        self._shared = shared
        self._cleared = cleared

    async def close(self) -> None:
        """Leave no task behind, and no Pod whose name the next test's has."""
        await super().close()
        await self._cleared()

    def task(self, command: str = "true", **changes: Any) -> Launch:
        given = {"image": IMAGE, "volume": str(self._shared)} | changes
        return super().task(command, **given)


def lab_in(namespace: Namespace, folder: Path, shared: Path) -> ClusterLab:
    """Make a lab in a namespace, as its account."""
    settings = parse_settings({"kubeconfig": str(namespace.kubeconfig)})

    def make() -> Engine:
        return KubernetesEngine(settings, {"base": IMAGE}, store=lambda: STORE, grace=0.5)

    async def cleared() -> None:
        async with connected(namespace.admin) as admin:
            await until(lambda: _none(admin))

    return ClusterLab(make, folder, shared, cleared)


async def _none(api: Api) -> bool:
    pods, _ = await api.list("pods", names.selector(STORE))
    return not pods
