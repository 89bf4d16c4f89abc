"""The cluster that the other tests run on: it runs Pods, and leaves nothing."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
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
    cluster.down()
    assert list(_left(cluster)) == []


def _ready(cluster: Cluster) -> str:
    (node,) = cluster.api.call("GET", "/api/v1/nodes")["items"]
    (status,) = [it["status"] for it in node["status"]["conditions"] if it["type"] == "Ready"]
    return str(status)


def _left(cluster: Cluster) -> Iterator[str]:
    """What a cluster that is down has left: mounts, groups, links, processes, files."""
    at = cluster.layout
    folder, name = str(at.folder), at.cgroup.strip("/")
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    yield from (line for line in mounts if f" {folder}/" in line)
    yield from (str(path) for path in Path("/sys/fs/cgroup").glob(f"**/{name}"))
    links = json.loads(subprocess.run(["ip", "-json", "link"], capture_output=True, check=True).stdout)
    yield from (link["ifname"] for link in links if link["ifname"] == name or link.get("master") == name)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder in (process / "cmdline").read_text():
                yield f"process {process.name}"
    yield from (str(path) for path in Path("/var/lib/cni/results").glob(f"{name}-*"))
    yield from (str(path) for path in Path("/var/log/containers").glob("*") if not path.exists())
    if at.folder.exists():
        yield folder
