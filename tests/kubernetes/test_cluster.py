"""The cluster that the other tests run on: it runs Pods, and leaves nothing."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.cluster import JOB_IMAGE, Cluster
from tests.kubernetes.cluster.api import Api, wait
from tests.kubernetes.namespaces import Namespace


def pod(name: str, command: str, **more: Any) -> dict[str, Any]:
    container = {"name": "main", "image": JOB_IMAGE, "command": ["bash", "-c", command]}
    return {
        "metadata": {"name": name, "labels": {"test": name}},
        "spec": {
            "containers": [container],
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            **more,
        },
    }


def phase(api: Api, path: str) -> str:
    found: str = api.call("GET", path)["status"]["phase"]
    return found


def test_a_pod_runs_and_has_what_notebooks_need(namespace: Namespace) -> None:
    path = f"{namespace.path}/pods"
    namespace.api.call("POST", path, pod("notebook", "python3 -c 'import ipykernel, nbclient, tqdm'"))
    wait("the Pod", lambda: phase(namespace.api, f"{path}/notebook") in ("Succeeded", "Failed"))
    assert phase(namespace.api, f"{path}/notebook") == "Succeeded"


def test_the_pods_of_a_headless_service_find_each_other(namespace: Namespace) -> None:
    service = {"clusterIP": "None", "publishNotReadyAddresses": True, "selector": {"test": "finding"}}
    namespace.api.call("POST", f"{namespace.path}/services", {"metadata": {"name": "gang"}, "spec": service})
    itself = "until getent hosts worker-0.gang; do sleep 0.1; done"
    asked = pod("finding", itself, hostname="worker-0", subdomain="gang", activeDeadlineSeconds=60)
    namespace.api.call("POST", f"{namespace.path}/pods", asked)
    path = f"{namespace.path}/pods/finding"
    wait("the Pod", lambda: phase(namespace.api, path) in ("Succeeded", "Failed"))
    assert phase(namespace.api, path) == "Succeeded"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_kubelet_that_stops_is_missed(private_cluster: Callable[..., Cluster]) -> None:
    cluster = private_cluster(
        kubelet={"nodeStatusUpdateFrequency": "1s", "nodeLeaseDurationSeconds": 4},
        flags={"kube-controller-manager": {"node-monitor-grace-period": "6s", "node-monitor-period": "1s"}},
    )
    pods = "/api/v1/namespaces/default/pods"
    cluster.api.call("POST", pods, pod("stays", "sleep 300"))
    wait("the Pod", lambda: phase(cluster.api, f"{pods}/stays") == "Running")
    cluster.stop("kubelet", signal.SIGKILL)
    wait("the node's loss", lambda: _ready(cluster) == "Unknown")
    cluster.start("kubelet")
    cluster.wait_ready()
    cluster.stop("kube-apiserver", signal.SIGKILL)
    assert not cluster.api.ready()
    cluster.start("kube-apiserver")
    cluster.wait_ready()
    assert phase(cluster.api, f"{pods}/stays") == "Running"
    numbered = set(_numbered(cluster))
    assert numbered
    cluster.down()
    assert list(_left(cluster)) == []
    assert numbered.isdisjoint(_numbered(cluster))


def _ready(cluster: Cluster) -> str:
    (node,) = cluster.api.call("GET", "/api/v1/nodes")["items"]
    (status,) = [it["status"] for it in node["status"]["conditions"] if it["type"] == "Ready"]
    return str(status)


def _numbered(cluster: Cluster) -> Iterator[tuple[str, int]]:
    """Its bridge and groups; another cluster that takes up its number makes others of the same names."""
    name = cluster.layout.cgroup.strip("/")
    with contextlib.suppress(OSError):
        yield "bridge", socket.if_nametoindex(name)
    for path in Path("/sys/fs/cgroup").glob(f"**/{name}"):
        with contextlib.suppress(OSError):
            yield str(path), path.stat().st_ino


def _left(cluster: Cluster) -> Iterator[str]:
    """What else a cluster that is down has left: mounts, processes, links, files."""
    folder = str(cluster.folder)
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    yield from (line for line in mounts if f" {folder}/" in line)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder in (process / "cmdline").read_text():
                yield f"process {process.name}"
    links = Path("/var/log/containers").glob("*")
    yield from (str(path) for path in links if os.readlink(path).startswith(folder))
    if cluster.folder.exists():
        yield folder
