"""A mirror of what a real cluster has, which may be restarted meanwhile."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes.api import Api, Expired
from jupyter_jobsub.engines.kubernetes.names import Object
from jupyter_jobsub.engines.kubernetes.watch import Mirror
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.pods import connected, scenario, shell, until


class Owner:
    """Has a mirror, and what that told."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.told: list[tuple[str, Object | None]] = []
        self.troubles: list[str] = []
        self.mirror = Mirror(api, "pods", "job=x", self.hear, reached=self.troubles.append)

    def hear(self, name: str, it: Object | None) -> None:
        if not (it and "deletionTimestamp" in it["metadata"]):  # which is told before it is gone
            self.told.append((name, it))

    async def create(self, name: str, job: str = "x") -> None:
        """Create a Pod that nobody runs."""
        pod = shell(name, "true", job=job)
        pod["spec"]["schedulingGates"] = [{"name": "example.com/never"}]
        await self.api.create("pods", pod)

    async def has_heard(self, *names: str) -> None:
        """Wait until just this was told, with a minus before what is gone."""

        async def heard() -> bool:
            return [name if it else f"-{name}" for name, it in self.told] == list(names)

        await until(heard)
        self.told.clear()


@asynccontextmanager
async def owning(api: Api) -> AsyncIterator[Owner]:
    owner = Owner(api)
    await owner.create("there")
    await owner.mirror.open()
    try:
        yield owner
    finally:
        await owner.mirror.close()


@scenario
async def test_tells_what_others_do(namespace: Namespace) -> None:
    async with connected(namespace.kubeconfig) as api, owning(api) as owner:
        assert list(owner.mirror.items()) == ["there"]
        await owner.create("new")
        await owner.create("others", job="y")
        await api.delete("pods", "there")
        await owner.has_heard("new", "-there")
        assert list(owner.mirror.items()) == ["new"]


@scenario
async def test_a_pod_is_told_at_each_step_to_its_end(namespace: Namespace) -> None:
    async with connected(namespace.kubeconfig) as api:
        phases: list[str | None] = []
        over = asyncio.Event()

        def hear(name: str, pod: Object | None) -> None:
            phases.append(pod["status"]["phase"] if pod else None)
            if pod and pod["status"]["phase"] in ("Succeeded", "Failed"):
                over.set()

        mirror = Mirror(api, "pods", "job=p", hear)
        await mirror.open()
        await api.create("pods", shell("p", "exit 4", job="p"))
        await asyncio.wait_for(over.wait(), 60)
        await mirror.close()
    assert phases[0] == "Pending"
    assert phases[-1] == "Failed"
    assert phases == sorted(phases, key=["Pending", "Running", "Failed"].index)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_api_server_that_is_killed_is_found_again(private_cluster: Callable[..., Cluster]) -> None:
    cluster = private_cluster()

    async def run() -> None:
        async with connected(cluster.kubeconfig) as api, owning(api) as owner:
            await owner.create("lost")
            await owner.create("kept")
            await owner.has_heard("lost", "kept")
            await asyncio.to_thread(cluster.stop, "kube-apiserver", signal.SIGKILL)

            async def missed() -> Any:
                return owner.troubles

            await until(missed)
            await asyncio.to_thread(cluster.start, "kube-apiserver")
            await asyncio.to_thread(cluster.wait_ready)
            await api.delete("pods", "lost")
            await owner.create("new")

            async def up_to_date() -> bool:
                return sorted(owner.mirror.items()) == ["kept", "new", "there"]

            await until(up_to_date)
            await owner.has_heard("-lost", "new")
            assert "does not answer" in owner.troubles[0]
            assert owner.troubles[1:] == [""]
            with pytest.raises(Expired):  # one that began anew has forgotten what was before
                async with api.watch("pods", "1") as changes:
                    await anext(changes)

    asyncio.run(run())
