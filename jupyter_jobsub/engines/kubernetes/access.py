"""What the engine may do in its namespace: the role that is shipped says what it needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote

import yaml

from ...errors import EngineUnavailable
from .errors import ApiError, Refused

Ask: TypeAlias = Callable[..., Awaitable[Mapping[str, Any]]]

MANIFEST = Path(__file__).with_name("manifests") / "account.yaml"


class Right(NamedTuple):
    """One thing that may be done."""

    group: str
    resource: str
    verb: str


def manifests(namespace: str) -> list[dict[str, Any]]:
    """Give the account, its role and what binds them, for a namespace."""
    text = MANIFEST.read_text(encoding="utf-8").replace("NAMESPACE", namespace)
    return list(yaml.safe_load_all(text))


def needed() -> list[Right]:
    """Give the rights without which there are no jobs: all of the role's but what only adds figures."""
    (role,) = (it for it in manifests("any") if it["kind"] == "Role")
    return [
        Right(group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if group != "metrics.k8s.io"
    ]


async def check(ask: Ask, namespace: str) -> None:
    """See that the namespace is there, and that all that is needed may be done in it.

    Raises
    ------
    EngineUnavailable
        In words, with what to do.
    """
    if await _is_gone(ask, namespace):
        remedy = f"kubectl create namespace {namespace}"
        raise EngineUnavailable(f"The cluster has no namespace {namespace}. Make it with: {remedy}")
    rights = needed()
    allowed = await asyncio.gather(*(_may(ask, namespace, right) for right in rights))
    lacking = [right for right, there in zip(rights, allowed, strict=True) if not there]
    if lacking:
        raise EngineUnavailable(_refusal(namespace, await _who(ask), lacking, nothing=lacking == rights))


def _refusal(namespace: str, who: str, lacking: Sequence[Right], *, nothing: bool) -> str:
    """Say what may not be done; who may do nothing at all, may have named a namespace that isn't there."""
    remedy = f"jupyter jobsub manifests --namespace {namespace} | kubectl apply -f -"
    if nothing:
        what, made = "do nothing that jobs need, or there is no such namespace", "it, and an account that may"
        remedy = f"kubectl create namespace {namespace}; {remedy}"
    else:
        what, made = f"not {_words(lacking)}", "an account that may"
    return (
        f"In the namespace {namespace} of the cluster {who} may {what}. "
        f"Who administers the cluster can make {made}: {remedy}"
    )


def _words(rights: Sequence[Right]) -> str:
    verbs: dict[str, list[str]] = {}
    for right in rights:
        verbs.setdefault(right.resource, []).append(right.verb)
    return "; ".join(f"{', '.join(each)} {resource}" for resource, each in verbs.items())


async def _is_gone(ask: Ask, namespace: str) -> bool:
    try:
        await ask("GET", f"/api/v1/namespaces/{quote(namespace)}")
    except Refused as error:
        if error.status not in (403, 404):
            raise
        return error.status == 404  # who may not look is told below what else they may not
    return False


async def _may(ask: Ask, namespace: str, right: Right) -> bool:
    resource, _, part = right.resource.partition("/")
    asked = {"namespace": namespace, "verb": right.verb, "group": right.group}
    asked |= {"resource": resource, "subresource": part}
    spec = {"resourceAttributes": asked}
    answer = await _review(ask, "authorization", "SelfSubjectAccessReview", {"spec": spec})
    return bool(answer["allowed"])


async def _who(ask: Ask) -> str:
    try:
        answer = await _review(ask, "authentication", "SelfSubjectReview", {})
    except ApiError:  # before 1.28
        return "the kubeconfig's user"
    return str(answer["userInfo"]["username"])


async def _review(ask: Ask, about: str, kind: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    group = f"{about}.k8s.io/v1"
    answer = await ask(
        "POST", f"/apis/{group}/{kind.lower()}s", body={"apiVersion": group, "kind": kind, **body}
    )
    status: Mapping[str, Any] = answer["status"]
    return status
