"""What becomes of jobs whose Pods can't start or are ended from outside, or whose cluster is away."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

from tests.chaos.x7 import OPTIONS
from tests.kubernetes import namespaces
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.registry import registry
from tests.kubernetes.world import Served, serving

RUNNING = "echo up; until [ -e /project/chaos/{go} ]; do sleep 0.1; done; echo done; exit 7"


@pytest.fixture
def served(namespace: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), namespace) as found:
        yield found


def pods(served: Served) -> str:
    return f"{served.world.namespace.path}/pods"


def test_an_image_that_is_nowhere_fails_the_job(
    namespace: Namespace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with registry() as host:
        images = f'c.JobsubService.images = {{"missing": "{host}/missing:1"}}\n'
        with serving(tmp_path_factory.mktemp("served"), namespace, images) as served:
            ended = served.in_phase(served.submit("true"), "Failed", "Succeeded")
    assert (ended["phase"], ended["reason"], ended["exit_code"]) == ("Failed", "LaunchFailed", None)
    assert ended["message"].startswith(f"there is no image {host}/missing:1")


def test_a_pod_that_is_deleted_by_hand_fails_the_job_and_its_log_stays(served: Served) -> None:
    id = served.submit("echo up; sleep 600")
    served.logged(id, "up")
    served.world.namespace.api.call("DELETE", f"{pods(served)}/{id}")
    ended = served.in_phase(id, "Failed", "Succeeded")
    assert (ended["phase"], ended["reason"], ended["exit_code"]) == ("Failed", "Error", 143)
    assert ended["message"] == "its Pod was deleted from the cluster"
    assert served.log(id) == "up\n"


def test_a_pod_that_is_evicted_is_tried_again(served: Served) -> None:
    id = served.submit("echo $JOBSUB_ATTEMPT; [ $JOBSUB_ATTEMPT = 2 ] || sleep 600; exit 0", retries=1)
    served.logged(id, "1")
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": id}}
    served.world.namespace.api.call("POST", f"{pods(served)}/{id}/eviction", eviction)
    ended = served.in_phase(id, "Failed", "Succeeded")
    assert (ended["phase"], ended["attempt"]) == ("Succeeded", 2)
    told = [event["message"] for event in served.client.timeline(id)]
    assert any("attempt 1 failed (" in message and "its Pod was evicted" in message for message in told)
    assert served.log(id) == "2\n"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_node_that_is_lost_and_comes_back(
    private_cluster: Callable[..., Cluster], tmp_path_factory: pytest.TempPathFactory
) -> None:
    cluster = private_cluster(**OPTIONS)
    folder = tmp_path_factory.mktemp("served")
    with namespaces.made(cluster, "lost", folder) as namespace, serving(folder, namespace) as served:
        stays, goes = (served.submit(RUNNING.format(go=name)) for name in ("stays", "goes"))
        for id in (stays, goes):
            served.logged(id, "up")
        cluster.stop("kubelet", signal.SIGKILL)
        for id in (stays, goes):
            lost = served.in_phase(id, "Unknown")
            assert "does not answer" in lost["message"]
        served.client.act(goes, "cancel")
        ended = served.in_phase(goes, "Cancelled")
        assert ended["exit_code"] is None
        assert ended["message"].startswith("cancelled by ")
        assert "may still run there" in ended["message"]
        cluster.start("kubelet")
        assert served.in_phase(stays, "Running")["message"] == ""
        (served.world.marks / "stays").touch()
        ended = served.in_phase(stays, "Failed", "Succeeded")
        assert (ended["exit_code"], served.log(stays)) == (7, "up\ndone\n")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_api_server_that_crashes_and_has_forgotten(
    private_cluster: Callable[..., Cluster], tmp_path_factory: pytest.TempPathFactory
) -> None:
    cluster = private_cluster(**OPTIONS)
    folder = tmp_path_factory.mktemp("served")
    with namespaces.made(cluster, "api", folder) as namespace, serving(folder, namespace) as served:
        runs, ends = (served.submit(RUNNING.format(go=name)) for name in ("runs", "ends"))
        for id in (runs, ends):
            served.logged(id, "up")
        cluster.stop("kube-apiserver", signal.SIGKILL)
        (served.world.marks / "ends").touch()
        waits = served.submit("exit 5")
        cluster.start("kube-apiserver")
        cluster.wait_ready()
        assert served.in_phase(ends, "Failed", "Succeeded")["exit_code"] == 7
        assert served.in_phase(waits, "Failed", "Succeeded")["exit_code"] == 5
        assert served.client.job(runs)["phase"] == "Running"
        (served.world.marks / "runs").touch()
        assert served.in_phase(runs, "Failed", "Succeeded")["exit_code"] == 7
        assert [served.log(id) for id in (runs, ends)] == ["up\ndone\n"] * 2
