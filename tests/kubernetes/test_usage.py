"""What a metrics server says of Pods, asked as the shipped account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from jupyter_jobsub.clock import wall_clock
from jupyter_jobsub.engines.kubernetes import names
from jupyter_jobsub.engines.kubernetes.usage import Meter
from jupyter_jobsub.model.job import JobId, Micros, TaskKey
from tests.kubernetes.cluster.access import Access
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.pods import connected, scenario, until

GROUP = "metrics.k8s.io"
KEY, OTHERS = TaskKey(JobId("k7x2mp9w4q3t"), 1), TaskKey(JobId("k7x2mp9w4q3u"), 1)


@pytest.fixture
def metrics(cluster: Access, namespace: Namespace) -> Iterator[str]:
    """The path of a namespace's figures, which a test writes itself where no metrics server does."""
    groups = {it["name"] for it in cluster.api.call("GET", "/apis")["groups"]}
    if GROUP in groups:
        pytest.skip("this cluster measures by itself what Pods use")
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"pods.{GROUP}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
        },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": "PodMetrics", "plural": "pods"},
            "versions": [{"name": "v1beta1", "served": True, "storage": True, "schema": schema}],
        },
    }
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    cluster.api.call("POST", definitions, definition)
    try:
        yield f"/apis/{GROUP}/v1beta1/namespaces/{namespace.name}/pods"
    finally:
        cluster.api.call("DELETE", f"{definitions}/pods.{GROUP}")


def figures(key: TaskKey, store: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{GROUP}/v1beta1",
        "kind": "PodMetrics",
        "metadata": {"name": names.pod_name(key), "labels": names.labels(key, store)},
        "timestamp": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "window": "15s",
        "containers": [{"name": "main", "usage": {"cpu": "1500000000n", "memory": "65536Ki"}}],
    }


@scenario
async def test_a_cluster_that_measures_nothing(namespace: Namespace) -> None:
    async with connected(namespace.kubeconfig) as api:
        assert list(await api.usage(names.selector("nobody's"))) == []


@scenario
async def test_a_stores_pods_have_the_figures_that_are_measured(
    cluster: Access, namespace: Namespace, metrics: str
) -> None:
    async with connected(namespace.kubeconfig) as api:
        await until_served(cluster, metrics)
        for key, store in ((KEY, "ours"), (OTHERS, "theirs")):
            cluster.api.call("POST", metrics, figures(key, store))
        measured = await api.usage(names.selector("ours"))
        now = wall_clock()
        started = Micros(now - 4_000_000)
        (sample,) = Meter().samples(now, {KEY: started}, measured).values()
    assert [it["metadata"]["name"] for it in measured] == [names.pod_name(KEY)]
    assert (sample.cpu, sample.memory) == (6_000_000, 64 * 2**20)


async def until_served(cluster: Access, metrics: str) -> None:
    """Wait until the new kind can be asked for."""

    async def served() -> bool:
        try:
            cluster.api.call("GET", metrics)
        except RuntimeError:
            return False
        return True

    await until(served)
