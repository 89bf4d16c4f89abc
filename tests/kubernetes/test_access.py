"""The shipped account may do what the engine does, and no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes.access import Right, needed
from jupyter_jobsub.engines.kubernetes.api import Api, Kind, Refused
from jupyter_jobsub.engines.kubernetes.connection import Connection
from jupyter_jobsub.errors import EngineError
from tests.kubernetes.account import Where, apply
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.pods import connected, phase, scenario, shell, until

NOT_ALLOWED = 403


async def drained(stream: Any) -> None:
    async with stream as opened:
        await opened.read()


async def watched(api: Api, kind: Kind) -> None:
    async with api.watch(kind, "0"):
        pass


def use(api: Api, right: Right) -> Awaitable[Any]:
    """Do what takes a right."""
    uses: dict[tuple[str, str], Callable[[], Awaitable[Any]]] = {
        ("create", "pods"): lambda: api.create("pods", shell("dry", "true")),
        ("patch", "pods"): lambda: api.patch("pods", "there", {"metadata": {}}),
        ("get", "pods"): lambda: api.get("pods", "there"),
        ("get", "pods/log"): lambda: drained(api.log("there", "main")),
        ("get", "pods/exec"): lambda: drained(api.exec("there", "main", ["true"])),
        ("create", "pods/exec"): lambda: drained(api.exec("there", "main", ["true"])),
        ("create", "secrets"): lambda: api.create("secrets", {"metadata": {"name": "dry"}}),
        ("create", "services"): lambda: api.create(
            "services", {"metadata": {"name": "dry"}, "spec": {"clusterIP": "None"}}
        ),
    }
    kind: Any = right.resource
    general: dict[str, Callable[[], Awaitable[Any]]] = {
        "list": lambda: api.list(kind),
        "watch": lambda: watched(api, kind),
        "delete": lambda: api.delete(kind, "dry"),
    }
    return (uses.get((right.verb, right.resource)) or general[right.verb])()


@scenario
async def test_each_right_is_needed_and_missed_by_its_name(namespace: Namespace) -> None:
    admin = await Connection.open(Where(str(namespace.admin)))
    try:
        async with connected(namespace.kubeconfig) as api:
            await api.create("pods", shell("there", "sleep 600"))
            await phase(api, "there", "Running")
            for right in needed():
                await use_without(right, api, admin, namespace)
            await api.delete("pods", "there")
    finally:
        await admin.close()


async def use_without(right: Right, api: Api, admin: Connection, namespace: Namespace) -> None:
    async def refused() -> bool:
        try:
            await use(api, right)
        except Refused as error:
            return error.status == NOT_ALLOWED
        return False

    await use(api, right)
    if right.verb == "create" and "/" not in right.resource:
        kind: Any = right.resource
        await api.delete(kind, "dry", grace=0)
    await apply(admin, namespace.name, without=right)
    await until(refused)
    with pytest.raises(EngineError) as caught:
        async with connected(namespace.kubeconfig):
            pass
    said = str(caught.value)
    assert f"may not {right.verb} {right.resource}. " in said
    assert f"system:serviceaccount:{namespace.name}:jupyter-jobsub" in said
    assert f"jupyter jobsub manifests --namespace {namespace.name} | kubectl apply -f -" in said
    await apply(admin, namespace.name)

    async def allowed() -> bool:
        return not await refused()

    await until(allowed)


@scenario
async def test_nothing_is_allowed_elsewhere(namespace: Namespace) -> None:
    with pytest.raises(
        EngineError, match=r"In the namespace default of the cluster .* may do nothing that jobs need"
    ):
        async with connected(namespace.kubeconfig, "default"):
            pass


@scenario
async def test_a_namespace_that_is_not_there(namespace: Namespace) -> None:
    with pytest.raises(
        EngineError, match=r"no namespace nowhere\. Make it with: kubectl create namespace nowhere"
    ):
        async with connected(namespace.admin, "nowhere"):
            pass


@scenario
async def test_a_token_that_the_cluster_does_not_know(namespace: Namespace, tmp_path: Path) -> None:
    text = namespace.kubeconfig.read_text()
    file = tmp_path / "kubeconfig"
    file.write_text(text.replace("token: ", "token: x"))
    with pytest.raises(EngineError, match="does not accept the credentials"):
        async with connected(file):
            pass
