"""K1 to K3: what the way through the service adds to a Pod's own time on a cluster.

Both sides are seen by the same eyes: a watch of the API server, which belongs to neither.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import product
from .figures import KUBERNETES, Bench, Bound, CannotMeasure, Outcome, Term, interleave
from .http import Connection
from .lag import LINES, ROUNDS, WRITER, followed, lags, p95
from .processes import until
from .product import JOBS, Service

ROOT = Path(__file__).parent.parent
PAIRS = 15
COMMAND = "sleep 1"
PODS = 60  # of a round; nowhere to be placed, so that nothing but their making is measured
RATES = 5
WORKERS = 8
NOWHERE = "jobsub.example/nowhere"
OURS = "jupyter-jobsub/"  # prefix of what the service looks for


@dataclass(frozen=True)
class Cluster:
    """A namespace, and a service whose jobs are Pods there."""

    service: Service
    pods: str
    api: Any

    def connect(self) -> Connection:
        """Open a connection to the API server."""
        return Connection(self.api.address, self.api.headers, trust=self.api.trust)

    def get(self, name: str) -> dict[str, Any] | None:
        """Look at a Pod, or see that it is gone."""
        with self.connect() as connection:
            answer = connection.request("GET", f"{self.pods}/{name}")
        found: dict[str, Any] | None = answer.json() if answer.status == 200 else None
        return found

    def changes(self, connection: Connection) -> Iterator[tuple[float, str, dict[str, Any]]]:
        """Watch Pods from now on: when something came, what happened, and the Pod."""
        version = connection.request("GET", f"{self.pods}?limit=1").json()["metadata"]["resourceVersion"]
        lines = connection.open_stream(f"{self.pods}?watch=1&resourceVersion={version}")
        return read(lines)


@KUBERNETES.figure("K1")
def start(bench: Bench) -> Sequence[Outcome]:
    """Submit a job until its container runs, and create the same Pod by hand."""
    with _cluster(bench, "K1") as cluster, cluster.service.connect() as connection:
        template = _template(cluster, connection, {"command": COMMAND})
        ours, bare = interleave(
            PAIRS,
            lambda: _until_running(cluster, lambda: _submit(connection, {"command": COMMAND})),
            lambda: _until_running(cluster, lambda: _create(cluster, template)),
        )
    return [
        Outcome(
            "K1",
            f"submit → container running, {PAIRS} pairs",
            Term("ours", ours, "ms"),
            Term("create of the same Pod", bare, "ms"),
            Bound("≤ 1.15 ×", 1.15),
        )
    ]


@KUBERNETES.figure("K2")
def rate(bench: Bench) -> Sequence[Outcome]:
    """Have jobs admitted and their Pods created, and create the same Pods with a few workers."""
    spec = {"command": COMMAND, "instance_type": "nowhere"}
    with _cluster(bench, "K2") as cluster, cluster.service.connect() as connection:
        template = _template(cluster, connection, spec)
        ours, bare = interleave(
            RATES,
            lambda: _admitted(cluster, connection, spec),
            lambda: _created(cluster, template),
        )
    return [
        Outcome(
            "K2",
            f"jobs admitted and their Pods created, {PODS} a round",
            Term("ours", ours, "/s"),
            Term(f"{WORKERS} workers", bare, "/s"),
            Bound("≥ 0.8 ×", 0.8, at_least=True),
        )
    ]


@KUBERNETES.figure("K3")
def log_lag(bench: Bench) -> Sequence[Outcome]:
    """Follow a job that writes the time, through the service and by the API server's own stream, in turns."""
    with _cluster(bench, "K3") as cluster, cluster.service.connect() as connection:
        id = product.submit(connection, {"command": ["python3", "-c", WRITER]})["id"]
        product.until_running(connection, id)
        path = f"{cluster.pods}/{id}/log?container=main&follow=true&tailLines=0"
        ours, bare = interleave(
            ROUNDS, lambda: p95(followed(cluster.service, id)), lambda: p95(_streamed(cluster, path))
        )
        connection.request("POST", f"{JOBS}/{id}/cancel")
        until(lambda: cluster.get(id) is None, 60, f"the Pod {id} to go")
    return [
        Outcome(
            "K3",
            f"log lag, writer → follower, p95 of {LINES} lines",
            Term("ours", ours, "ms"),
            Term("kubectl logs -f", bare, "ms"),
            Bound("≤ 2 ×", 2),
        )
    ]


@contextmanager
def _cluster(bench: Bench, name: str) -> Iterator[Cluster]:
    """A namespace, and the service that has it."""
    sys.path.insert(0, str(ROOT))
    from tests.kubernetes import namespaces
    from tests.kubernetes.cluster import images, session

    try:
        with session.borrowed() as lender, namespaces.made(lender, name.lower(), bench.folder(name)) as lent:
            settings = {
                "engine": "kubernetes",
                "kubernetes": {
                    "kubeconfig": str(lent.kubeconfig),
                    "gpu_types": {"nowhere": {"node_selector": {NOWHERE: "true"}}},
                },
                "images": {"base": images.JOB},
                "instance_types": {
                    "small": {"cpu": 0.05, "memory": "64Mi"},
                    "nowhere": {"cpu": 0.05, "memory": "64Mi", "gpu": {"nowhere": 1}},
                },
                "env": {},
            }
            with product.running(bench, f"{name}-service", settings) as service:
                yield Cluster(service, f"{lent.path}/pods", lent.api)
    except RuntimeError as error:
        raise CannotMeasure(str(error)) from error


def _submit(connection: Connection, spec: Mapping[str, Any]) -> str:
    return str(product.submit(connection, spec)["id"])


def _template(cluster: Cluster, connection: Connection, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The Pod of such a job, as it was created, but nobody's."""
    id = _submit(connection, spec)
    until(lambda: cluster.get(id) is not None, 60, f"the Pod of {id}")
    pod = cluster.get(id) or {}
    connection.request("POST", f"{JOBS}/{id}/cancel")
    until(lambda: cluster.get(id) is None, 60, f"the Pod {id} to go")
    return nobodys(pod)


def nobodys(pod: Mapping[str, Any]) -> dict[str, Any]:
    """The same Pod, to be created by anybody: no service looks for it, and nothing keeps it."""
    metadata = pod["metadata"]
    own = {key: value for key, value in metadata["labels"].items() if not key.startswith(OURS)}
    spec = {key: value for key, value in pod["spec"].items() if key not in ("nodeName", "priority")}
    kept = {"labels": own, "annotations": metadata["annotations"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": kept, "spec": spec}


def _named(template: Mapping[str, Any]) -> dict[str, Any]:
    name = f"bare-{secrets.token_hex(5)}"
    return {**template, "metadata": {**template["metadata"], "name": name}}


def _create(cluster: Cluster, template: Mapping[str, Any]) -> str:
    pod = _named(template)
    with cluster.connect() as connection:
        _post(connection, cluster.pods, pod)
    return str(pod["metadata"]["name"])


def _post(connection: Connection, path: str, pod: Mapping[str, Any]) -> None:
    answer = connection.request("POST", path, pod)
    if answer.status != 201:
        raise CannotMeasure(f"create answered {answer.status}: {answer.body.decode(errors='replace')[:300]}")


def _until_running(cluster: Cluster, begin: Callable[[], str]) -> float:
    with cluster.connect() as watcher:
        changes = cluster.changes(watcher)
        began = time.perf_counter()
        name = begin()
        elapsed = next((at - began) * 1e3 for at, _, pod in changes if _is(pod, name) and runs(pod))
    _await_end(cluster, name)
    return elapsed


def _await_end(cluster: Cluster, name: str) -> None:
    """Let nothing of one sample be in the way of the next."""

    def over() -> bool:
        pod = cluster.get(name)
        return pod is None or pod["status"]["phase"] in ("Succeeded", "Failed")

    until(over, 60, f"the Pod {name} to end")
    if name.startswith("bare-"):
        _delete(cluster, [name])
    until(lambda: cluster.get(name) is None, 60, f"the Pod {name} to go")


def _admitted(cluster: Cluster, connection: Connection, spec: Mapping[str, Any]) -> float:
    """Have many jobs wait, and let them all start at once."""
    connection.request("POST", "/jobsub/drain", {"drain": True})
    ids = {_submit(connection, spec) for _ in range(PODS)}
    taken = _rate(
        cluster, ids.__contains__, lambda: connection.request("POST", "/jobsub/drain", {"drain": False})
    )
    for id in ids:
        connection.request("POST", f"{JOBS}/{id}/cancel")
    product.until_idle(connection)
    _until_empty(cluster)
    return taken


def _created(cluster: Cluster, template: Mapping[str, Any]) -> float:
    """Create as many with workers that each keep a connection."""
    pods = [_named(template) for _ in range(PODS)]
    names = [pod["metadata"]["name"] for pod in pods]
    connections = [cluster.connect() for _ in range(WORKERS)]

    def work(number: int) -> None:
        for pod in pods[number::WORKERS]:
            _post(connections[number], cluster.pods, pod)

    def all_of_them() -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(work, range(WORKERS)))

    try:
        return _rate(cluster, set(names).__contains__, all_of_them)
    finally:
        for connection in connections:
            connection.close()
        _delete(cluster, names)
        _until_empty(cluster)


def _rate(cluster: Cluster, ours: Callable[[str], bool], begin: Callable[[], object]) -> float:
    """Pods that are made a second, from the word to the last."""
    with cluster.connect() as watcher:
        changes = cluster.changes(watcher)
        began = time.perf_counter()
        begin()
        seen = 0
        for at, kind, pod in changes:
            seen += kind == "ADDED" and ours(pod["metadata"]["name"])
            if seen == PODS:
                return PODS / (at - began)
    raise CannotMeasure("the watch ended")


def _delete(cluster: Cluster, names: Sequence[str]) -> None:
    with cluster.connect() as connection:
        for name in names:
            connection.request("DELETE", f"{cluster.pods}/{name}?gracePeriodSeconds=0")


def _until_empty(cluster: Cluster) -> None:
    with cluster.connect() as connection:

        def empty() -> bool:
            return not connection.request("GET", f"{cluster.pods}?limit=1").json()["items"]

        until(empty, 60, "all Pods to go")


def _streamed(cluster: Cluster, path: str) -> Iterator[float]:
    with cluster.connect() as connection:
        for line in connection.open_stream(path):
            yield from lags(time.monotonic_ns(), [line.decode()])
    raise CannotMeasure(f"{path} ended")


def read(lines: Iterator[bytes]) -> Iterator[tuple[float, str, dict[str, Any]]]:
    """Take in a watch: when something came, what happened, and to what."""
    for line in lines:
        at = time.perf_counter()
        change = json.loads(line)
        yield at, change["type"], change["object"]


def _is(pod: Mapping[str, Any], name: str) -> bool:
    return bool(pod["metadata"].get("name") == name)


def runs(pod: Mapping[str, Any]) -> bool:
    """Whether the command's container has been started, as the kubelet says."""
    states = [each["state"] for each in pod["status"].get("containerStatuses", ()) if each["name"] == "main"]
    return any("running" in state or "terminated" in state for state in states)
