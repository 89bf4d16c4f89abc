"""What the figures of a cluster take for a Pod that runs, and for the same Pod."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks import cluster


def pod(**states: dict[str, Any]) -> dict[str, Any]:
    return {"status": {"containerStatuses": [{"name": n, "state": state} for n, state in states.items()]}}


@pytest.mark.parametrize(
    ("seen", "is_"),
    [
        ({"status": {"phase": "Pending"}}, False),
        (pod(main={"waiting": {"reason": "ContainerCreating"}}), False),
        (pod(keeper={"running": {}}, main={"waiting": {}}), False),
        (pod(keeper={"waiting": {}}, main={"running": {"startedAt": "2026-11-21T18:00:00Z"}}), True),
        (pod(main={"terminated": {"exitCode": 0}}), True),
    ],
)
def test_a_pod_runs_when_its_command_does(seen: dict[str, Any], is_: bool) -> None:
    assert cluster.runs(seen) is is_


def test_the_same_pod_is_created_as_nobodys() -> None:
    labels = {"jupyter-jobsub/store": "s", "jupyter-jobsub/job": "j", "team": "x"}
    metadata = {"name": "j", "uid": "1", "labels": labels, "annotations": {"a": "b"}, "finalizers": ["f"]}
    containers = [{"name": "main", "image": "base"}]
    found = cluster.nobodys(
        {
            "metadata": metadata,
            "spec": {"nodeName": "node", "priority": 0, "containers": containers},
            "status": {},
        }
    )
    assert found == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"labels": {"team": "x"}, "annotations": {"a": "b"}},
        "spec": {"containers": containers},
    }


def test_a_watch_is_read_in_its_order() -> None:
    lines = [json.dumps({"type": t, "object": {"n": n}}).encode() for n, t in enumerate(("ADDED", "DELETED"))]
    found = list(cluster.read(iter(lines)))
    assert [(kind, thing) for _, kind, thing in found] == [("ADDED", {"n": 0}), ("DELETED", {"n": 1})]
    assert found[0][0] <= found[1][0]
