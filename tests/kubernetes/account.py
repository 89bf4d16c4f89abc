"""The account that is shipped, in a namespace of the test cluster: what is tested runs as it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from jupyter_jobsub.engines.kubernetes.access import Right, manifests
from jupyter_jobsub.engines.kubernetes.connection import Connection
from jupyter_jobsub.engines.kubernetes.errors import Refused

NAME = "jupyter-jobsub"
PATHS = {
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
}


class Where(NamedTuple):
    """Which cluster, as whom, in which namespace."""

    kubeconfig: str | None
    context: str | None = None
    namespace: str | None = None


def account(admin: Path, namespace: str, folder: Path) -> Path:
    """Apply the shipped manifests in a namespace that is there, and give a kubeconfig of their account."""
    return asyncio.run(_account(admin, namespace, folder))


async def _account(admin: Path, namespace: str, folder: Path) -> Path:
    connection = await Connection.open(Where(str(admin)))
    try:
        await apply(connection, namespace)
        return await kubeconfig(connection, admin, namespace, folder)
    finally:
        await connection.close()


async def apply(admin: Connection, namespace: str, without: Right | None = None) -> None:
    """Make the account, or give its role back what it may, perhaps without one right."""
    for manifest in manifests(namespace):
        path = PATHS[manifest["kind"]].format(namespace)
        body = _less(manifest, without) if manifest["kind"] == "Role" else manifest
        try:
            await ask(admin, "POST", path, body)
        except Refused as error:
            if error.status != 409:
                raise
            await ask(admin, "PUT", f"{path}/{NAME}", body)


async def kubeconfig(admin: Connection, of: Path, namespace: str, folder: Path) -> Path:
    """Make a kubeconfig with a token of the account."""
    path = f"{PATHS['ServiceAccount'].format(namespace)}/{NAME}/token"
    made = await ask(admin, "POST", path, {"spec": {"expirationSeconds": 36_000}})
    config = yaml.safe_load(of.read_text())
    names = {context["name"]: context["context"]["cluster"] for context in config["contexts"]}
    cluster = next(it for it in config["clusters"] if it["name"] == names[config["current-context"]])
    for key in {"certificate-authority"} & cluster["cluster"].keys():
        cluster["cluster"][key] = str(of.parent / cluster["cluster"][key])
    context = {"cluster": cluster["name"], "user": NAME, "namespace": namespace}
    file = folder / f"{namespace}.kubeconfig"
    text = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "users": [{"name": NAME, "user": {"token": made["status"]["token"]}}],
        "contexts": [{"name": NAME, "context": context}],
        "current-context": NAME,
    }
    file.touch(mode=0o600)
    file.write_text(yaml.safe_dump(text))
    return file


async def ask(
    admin: Connection, method: str, path: str, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Ask the API server as its administrator."""
    async with admin.request(method, path, body=body) as response:
        answer: dict[str, Any] = await response.json()
    return answer


def _less(role: Mapping[str, Any], without: Right | None) -> Mapping[str, Any]:
    if without is None:
        return role
    rules = []
    for rule in role["rules"]:
        verbs = list(rule["verbs"])
        if without.group in rule["apiGroups"] and without.resource in rule["resources"]:
            verbs.remove(without.verb)
        rules.append({**rule, "verbs": verbs})
    return {**role, "rules": [rule for rule in rules if rule["verbs"]]}
