"""From a launch to the objects that are its task in the cluster: nothing is asked, nothing is done."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import EngineError
from ...model.job import TaskKey
from ..base import Launch
from . import environment, gang, names
from .amounts import amounts, nodes
from .entry import keeper_command, literal, main_command
from .files import files_of, packed
from .mounts import import_folder, mounts_of, working_folder
from .names import KEEPER, MAIN, Object
from .settings import KubernetesSettings

COLLECTING = 120  # seconds that a Pod which is to end has for its artifacts to be fetched
SLACK = 5  # seconds that the service has to end by itself what has run for too long
_LOCKED: Object = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
_NODE_AWAY: Sequence[Object] = [
    {"key": f"node.kubernetes.io/{state}", "operator": "Exists", "effect": "NoExecute"}
    for state in ("not-ready", "unreachable")
]
"""Without an end: a node that does not answer may come back, and with it the task."""


@dataclass(frozen=True)
class Objects:
    """What a task is in the cluster.

    ``secrets`` and ``service`` have to be there before the Pod. All tasks of an attempt have the same.
    """

    pod: Object
    secrets: Sequence[Object] = ()
    service: Object | None = None


@dataclass(frozen=True)
class Terms:
    """What holds for all jobs of a service.

    Parameters
    ----------
    store
        The id of its store.
    env
        What every job has in its environment.
    grace
        Seconds between TERM and KILL.
    patience
        Seconds that a Pod may take to start.
    """

    store: str
    env: Mapping[str, str]
    grace: float = 10.0
    patience: float = 1800.0


def build(launch: Launch, settings: KubernetesSettings, terms: Terms) -> Objects:
    """Make what a task needs in the cluster.

    Raises
    ------
    EngineError
        If it can't be run here, saying why.
    """
    return _Plan(launch, settings, terms).objects()


def void_pod(key: TaskKey, store: str) -> Object:
    """Make a Pod that never runs, and keeps a task by its name from ever being begun."""
    container = {"name": MAIN, "image": "void", "imagePullPolicy": "Never"}
    return {
        **_head(key, {**names.labels(key, store), names.VOID: "true"}),
        "spec": {
            "schedulingGates": [{"name": names.VOID}],
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "containers": [{**container, "securityContext": _LOCKED}],
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        },
    }


def _head(key: TaskKey, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> Object:
    metadata = {
        "name": names.pod_name(key),
        "labels": labels,
        "annotations": {**(annotations or {}), names.KEY: str(key)},
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}


def _secret(name: str, labels: Mapping[str, str], content: Mapping[str, bytes]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": labels},
        "immutable": True,  # so that nodes need not watch it
        "data": {key: base64.b64encode(value).decode() for key, value in content.items()},
    }


class _Plan:
    def __init__(self, launch: Launch, settings: KubernetesSettings, terms: Terms) -> None:
        if launch.image is None:
            raise EngineError("it has no image to run in; clone the job with one")
        self._launch = launch
        self._key = launch.key
        self._settings = settings
        self._terms = terms
        self._image = launch.image.reference
        self._together = bool(launch.spec.task_roles)
        self._peers = gang.peers(launch.key, launch.spec)
        self._files = files_of(launch)
        self._private = self._secrets("env", packed(environment.private(launch, self._peers)))
        self._parts = self._secrets("part", self._files.parts)
        self._mounts = mounts_of(launch, settings, list(self._parts))

    def objects(self) -> Objects:
        """Put everything together."""
        service = gang.service(self._key, self._terms.store) if self._together else None
        return Objects(self._pod(), [*self._private.values(), *self._parts.values()], service)

    def _secrets(self, what: str, contents: Iterable[Mapping[str, bytes]]) -> dict[str, Object]:
        stem, labels = names.attempt_name(self._key), names.attempt_labels(self._key, self._terms.store)
        found = {f"{stem}-{what}-{number}": content for number, content in enumerate(contents)}
        return {name: _secret(name, labels, content) for name, content in found.items()}

    def _pod(self) -> Object:
        settings, launch, terms = self._settings, self._launch, self._terms
        own = names.labels(self._key, terms.store, launch.user, launch.group)
        annotations = {**settings.annotations, "kubectl.kubernetes.io/default-container": MAIN}
        lasting = launch.spec.deadline_seconds + terms.patience + settings.collect_timeout_seconds
        return {
            **_head(self._key, {**settings.labels, **own}, annotations),
            "spec": {
                "restartPolicy": "Never",
                "shareProcessNamespace": True,
                "enableServiceLinks": False,
                "automountServiceAccountToken": False,
                "activeDeadlineSeconds": int(lasting),
                "terminationGracePeriodSeconds": int(terms.grace) + COLLECTING,
                "securityContext": self._identity(),
                "tolerations": [
                    *_NODE_AWAY,
                    *(t.model_dump(exclude_none=True) for t in settings.tolerations),
                ],
                "nodeSelector": {**settings.node_selector, **nodes(launch.resources, settings.gpu_types)},
                "volumes": self._mounts.volumes,
                "initContainers": list(self._fetchers()),
                "containers": [self._keeper(), self._main()],
                **self._chosen(),
            },
        }

    def _chosen(self) -> dict[str, Any]:
        """What is only there if somebody asked for it."""
        settings = self._settings
        found: dict[str, Any] = {
            "serviceAccountName": settings.service_account,
            "imagePullSecrets": [{"name": name} for name in settings.image_pull_secrets],
            "affinity": settings.affinity,
        }
        if self._together:
            found |= {"hostname": names.host_name(self._key), "subdomain": names.attempt_name(self._key)}
        return {name: value for name, value in found.items() if value}

    def _identity(self) -> dict[str, Any]:
        settings = self._settings
        ids = {
            "runAsUser": settings.run_as_user,
            "runAsGroup": settings.run_as_group,
            "fsGroup": settings.fs_group,
            "runAsNonRoot": settings.run_as_non_root or None,
        }
        given = {name: value for name, value in ids.items() if value is not None}
        return {**given, "seccompProfile": {"type": "RuntimeDefault"}}

    def _main(self) -> Object:
        launch = self._launch
        told = environment.public(launch, self._terms.env, self._peers)
        asked = amounts(launch.resources, self._settings.gpu_types)
        imports = import_folder(launch)
        return {
            **self._container(
                MAIN, main_command(self._files.argv, working_folder(launch), imports, self._files.name)
            ),
            "env": [{"name": name, "value": literal(text)} for name, text in told.items()],
            "envFrom": [{"secretRef": {"name": name}} for name in self._private],
            "resources": {"requests": asked, "limits": asked},
            "volumeMounts": self._mounts.main,
        }

    def _keeper(self) -> Object:
        deadline, grace = self._launch.spec.deadline_seconds + SLACK, math.ceil(self._terms.grace)
        command = keeper_command(self._settings.collect_timeout_seconds, deadline, grace)
        return {
            **self._container(KEEPER, command),
            "env": [{"name": environment.DEVICES, "value": "void"}],
            "resources": self._settings.keeper_resources.model_dump(),
            "volumeMounts": self._mounts.keeper,
        }

    def _fetchers(self) -> Iterator[Object]:
        for number, (command, mount) in enumerate(self._mounts.fetchers):
            yield {
                **self._container(f"dataset-{number}", command),
                "image": self._settings.git_image or self._image,
                "resources": self._settings.keeper_resources.model_dump(),
                "volumeMounts": [mount],
            }

    def _container(self, name: str, command: Sequence[str]) -> dict[str, Any]:
        policy = self._settings.image_pull_policy
        return {
            "name": name,
            "image": self._image,
            **({"imagePullPolicy": policy} if policy else {}),
            "command": [literal(text) for text in command],
            "securityContext": _LOCKED,
        }
