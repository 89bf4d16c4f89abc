"""Pods without an engine, for what is below it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jupyter_jobsub.engines.kubernetes.api import Api
from jupyter_jobsub.engines.kubernetes.names import Object
from tests.kubernetes.account import Where
from tests.kubernetes.cluster import JOB_IMAGE

PATIENCE = 60.0


@asynccontextmanager
async def connected(kubeconfig: Path, namespace: str | None = None) -> AsyncIterator[Api]:
    """Be connected as the user of a kubeconfig."""
    api = await Api.connect(Where(str(kubeconfig), namespace=namespace))
    try:
        yield api
    finally:
        await api.close()


def shell(name: str, command: str, **labels: str) -> dict[str, Any]:
    """Make a Pod that runs a command and ends at once when it is told to."""
    container = {
        "name": "main",
        "image": JOB_IMAGE,
        "command": ["bash", "-c", command],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec}


async def phase(api: Api, name: str, *phases: str) -> Object:
    """Wait until a Pod is in one of the phases."""

    async def reached() -> Object | None:
        pod = await api.get("pods", name)
        return pod if pod and pod["status"].get("phase") in phases else None

    found: Object = await until(reached)
    return found


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    """Wait for what a condition gives when it is true."""

    async def wait() -> Any:
        while not (given := await condition()):
            await asyncio.sleep(0.05)
        return given

    return await asyncio.wait_for(wait(), PATIENCE)


def scenario(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test of a coroutine."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run
