"""A namespace of its own for each test module, with the account that is shipped."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.kubernetes.account import account
from tests.kubernetes.cluster.access import Access
from tests.kubernetes.cluster.api import Api, wait

MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Namespace:
    """A namespace, and two ways in: the shipped account's, and the administrator's, for setting a scene."""

    name: str
    kubeconfig: Path
    admin: Path
    api: Api

    @property
    def path(self) -> str:
        """Where the API server has what is in it: Pods are at `{path}/pods`."""
        return f"/api/v1/namespaces/{self.name}"


@contextmanager
def made(cluster: Access, title: str, folder: Path) -> Iterator[Namespace]:
    """Make a namespace with the account in it; all goes in the end."""
    name = f"{title[:40].replace('_', '-').strip('-')}-{secrets.token_hex(4)}"
    admin = folder / "admin.kubeconfig"
    admin.touch(mode=0o600)
    admin.write_text(_within(cluster.kubeconfig, name))
    cluster.api.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    namespace = Namespace(name, account(admin, name, folder), admin, cluster.api)
    try:
        _await_default_account(namespace)
        yield namespace
    finally:
        _delete(namespace)


def _within(kubeconfig: Path, namespace: str) -> str:
    """A kubeconfig's text, for a namespace."""
    content = yaml.safe_load(kubeconfig.read_text())
    for entry in content["contexts"]:
        if entry["name"] == content["current-context"]:
            entry["context"]["namespace"] = namespace
    text: str = yaml.safe_dump(content, sort_keys=False)
    return text


def _await_default_account(namespace: Namespace) -> None:
    """Wait for what Pods that name no account are given; without it they are refused."""

    def there() -> bool:
        accounts = namespace.api.call("GET", f"{namespace.path}/serviceaccounts")["items"]
        return any(found["metadata"]["name"] == "default" for found in accounts)

    wait(f"the default service account of {namespace.name}", there)


def _delete(namespace: Namespace) -> None:
    """Delete it with all that is in it, also Pods that are kept for their record."""
    api, path = namespace.api, namespace.path
    for pod in api.call("GET", f"{path}/pods")["items"]:
        api.call("PATCH", f"{path}/pods/{pod['metadata']['name']}", {"metadata": {"finalizers": None}}, MERGE)
    api.call("DELETE", f"{path}/pods?gracePeriodSeconds=0")
    api.call("DELETE", path)
