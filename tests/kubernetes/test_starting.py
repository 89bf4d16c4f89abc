"""What is seen of Pods on a real cluster that do not start, or are ended from outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes.api import Api
from jupyter_jobsub.engines.kubernetes.entry import KILL, RUN, keeper_command
from jupyter_jobsub.engines.kubernetes.errors import Refused
from jupyter_jobsub.engines.kubernetes.events import Events
from jupyter_jobsub.engines.kubernetes.refusals import refusal
from jupyter_jobsub.engines.kubernetes.verdict import Seen, ended, seen
from jupyter_jobsub.engines.kubernetes.watch import Mirror, Object
from jupyter_jobsub.model.job import JobId, Micros, Reason, TaskKey
from tests.kubernetes.cluster import JOB_IMAGE
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.pods import PATIENCE, connected, scenario
from tests.kubernetes.registry import registry

CLOSED = "127.0.0.1:1/missing:1"


@dataclass
class Onlooker:
    """Looks at a namespace's Pods as the engine does."""

    api: Api
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.pods = Mirror(self.api, "pods", "", lambda *_: self.changed.set())
        self.events = Events(self.api, lambda _: self.changed.set())

    async def until(self, name: str, condition: Callable[[Seen], object]) -> Seen:
        """Wait until a Pod is seen to be so."""
        return await asyncio.wait_for(self._until(name, condition), PATIENCE)

    async def _until(self, name: str, condition: Callable[[Seen], object]) -> Seen:
        while True:
            self.changed.clear()
            pod = self.pods.get(name)
            found = seen(pod, self.events.of(pod)) if pod else Seen()
            if condition(found):
                return found
            await self.changed.wait()


@asynccontextmanager
async def looking(namespace: Namespace) -> AsyncIterator[Onlooker]:
    async with connected(namespace.kubeconfig) as api:
        onlooker = Onlooker(api)
        await onlooker.pods.open()
        await onlooker.events.open()
        try:
            yield onlooker
        finally:
            await onlooker.pods.close()
            await onlooker.events.close()


def pod(name: str, command: str = "sleep 600", *, image: str = JOB_IMAGE, **more: Any) -> dict[str, Any]:
    """A Pod with the containers of a task's; ``more`` is the main one's, or the Pod's."""
    requests = {"cpu": "10m", "memory": "32Mi", **more.pop("asks", {})}
    limits = {name: amount for name, amount in requests.items() if name != "cpu"}
    command_of = {"keeper": "sleep 600 & wait", "main": command}
    containers = [
        {
            "name": each,
            "image": image,
            "command": ["bash", "-c", text],
            "resources": {"requests": requests, "limits": limits} if each == "main" else {},
        }
        for each, text in command_of.items()
    ]
    containers[1] |= more.pop("main", {})
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": containers, **more}
    spec["shareProcessNamespace"] = True  # so that no command is a process 1, which TERM does not end
    return {"metadata": {"name": name}, "spec": spec}


WAITING: dict[str, tuple[dict[str, Any], str]] = {
    "too-large": ({"asks": {"cpu": "500"}}, "no node has 500 CPUs: choose a smaller instance type"),
    "no-such-device": ({"asks": {"example.com/gpu": "1"}}, "no node has 1 GPU (example.com/gpu)"),
    "no-such-node": ({"nodeSelector": {"gpu": "a100"}}, "(gpu=a100): see node_selector in the configuration"),
    "no-claim": (
        {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "nope"}}]},
        "there is no PersistentVolumeClaim nope",
    ),
    "no-secret-to-mount": (
        {
            "volumes": [{"name": "v", "secret": {"secretName": "nope"}}],
            "main": {"volumeMounts": [{"name": "v", "mountPath": "/v"}]},
        },
        'the volume v can\'t be mounted: secret "nope" not found',
    ),
    "registry-away": ({"image": CLOSED}, "its registry 127.0.0.1:1 does not answer: connection refused"),
}

HOPELESS: dict[str, tuple[dict[str, Any], str]] = {
    "no-name": ({"image": "No Name"}, "No Name is no name of a container image"),
    "never-pulled": (
        {"main": {"image": "nope:1", "imagePullPolicy": "Never"}},
        "the image nope:1 is not on the node and may not be pulled there",
    ),
    "no-secret": ({"main": {"envFrom": [{"secretRef": {"name": "nope"}}]}}, 'secret "nope" not found'),
    "not-as-root": ({"securityContext": {"runAsNonRoot": True}}, "set run_as_user in the configuration"),
    "no-shell": ({"main": {"command": ["no-such-shell"]}}, "has no shell (sh)"),
}


@pytest.mark.parametrize("case", WAITING)
@scenario
async def test_what_a_pod_waits_for(namespace: Namespace, case: str) -> None:
    more, words = WAITING[case]
    async with looking(namespace) as onlooker:
        await onlooker.api.create("pods", pod(case, **more))
        found = await onlooker.until(case, lambda it: it.waiting and not it.pulling)
        await onlooker.api.delete("pods", case, grace=0)
    assert words in found.waiting
    assert not found.hopeless


@pytest.mark.parametrize("case", HOPELESS)
@scenario
async def test_what_never_will_start(namespace: Namespace, case: str) -> None:
    more, words = HOPELESS[case]
    async with looking(namespace) as onlooker:
        await onlooker.api.create("pods", pod(case, **more))
        found = await onlooker.until(case, lambda it: it.hopeless)
        await onlooker.api.delete("pods", case, grace=0)
    assert words in found.hopeless


@scenario
async def test_an_image_that_is_nowhere_is_given_up_at_once(namespace: Namespace) -> None:
    async with looking(namespace) as onlooker:
        with registry() as host:
            await onlooker.api.create("pods", pod("nowhere", image=f"{host}/nowhere:1"))
            found = await onlooker.until("nowhere", lambda it: it.hopeless)
        await onlooker.api.delete("pods", "nowhere", grace=0)
    assert found.hopeless == f"there is no image {host}/nowhere:1: see its name and tag, then rerun the job"


async def _create_until_refused(api: Api, body: Object) -> None:
    """Create a Pod again and again: an API server needs a moment to hear of a quota."""
    while True:
        await api.create("pods", body)
        await api.delete("pods", body["metadata"]["name"], grace=0)


@scenario
async def test_a_quota_of_the_cluster(namespace: Namespace) -> None:
    path = f"{namespace.path}/resourcequotas"
    quota = {"metadata": {"name": "team"}, "spec": {"hard": {"requests.cpu": "1", "requests.memory": "1Gi"}}}
    namespace.api.call("POST", path, quota)
    try:
        async with connected(namespace.kubeconfig) as api:
            with pytest.raises(Refused) as refused:
                await _create_until_refused(api, pod("too-much", asks={"cpu": "2"}))
    finally:
        namespace.api.call("DELETE", f"{path}/team")
    assert not refusal(refused.value).passing


def _judged(last: Seen, *, gone: bool = False) -> tuple[int | None, Reason, str]:
    told = ended(TaskKey(JobId("j"), 1), last, gone=gone, halted=False, deadline=1, now=Micros(0))
    return told.exit_code, told.reason, told.message


@scenario
async def test_memory_that_is_too_small(namespace: Namespace) -> None:
    async with looking(namespace) as onlooker:
        await onlooker.api.create("pods", pod("large", "exec tail /dev/zero"))
        found = await onlooker.until("large", lambda it: it.ended)
        await onlooker.api.delete("pods", "large", grace=0)
    code, reason, message = _judged(found)
    assert (code, reason) == (137, Reason.ERROR)
    assert "more memory than its instance type has" in message


def _evict(namespace: Namespace, name: str) -> None:
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    namespace.api.call("POST", f"{namespace.path}/pods/{name}/eviction", body)


def _delete(namespace: Namespace, name: str) -> None:
    namespace.api.call("DELETE", f"{namespace.path}/pods/{name}")


ENDED: dict[str, tuple[Callable[[Namespace, str], None], str]] = {
    "evicted": (_evict, "its Pod was evicted, as when a node is drained"),
    "deleted": (_delete, "its Pod was deleted from the cluster"),
}


@pytest.mark.parametrize("case", ENDED)
@scenario
async def test_what_is_ended_from_outside(namespace: Namespace, case: str) -> None:
    end, words = ENDED[case]
    body = pod(case)
    body["metadata"]["finalizers"] = ["example.com/kept"]
    async with looking(namespace) as onlooker:
        await onlooker.api.create("pods", body)
        await onlooker.until(case, lambda it: it.started_at)
        end(namespace, case)
        found = await onlooker.until(case, lambda it: it.over)
        await onlooker.api.patch("pods", case, {"metadata": {"finalizers": None}})
    assert _judged(found) == (143, Reason.ERROR, words)


@scenario
async def test_the_deadline_of_a_pod(namespace: Namespace) -> None:
    async with looking(namespace) as onlooker:
        await onlooker.api.create("pods", pod("late", activeDeadlineSeconds=1))
        found = await onlooker.until("late", lambda it: it.over)
        await onlooker.api.delete("pods", "late", grace=0)
    assert _judged(found)[1] is Reason.DEADLINE_EXCEEDED


@scenario
async def test_a_command_that_ends_before_its_shell_has_begun_is_not_waited_for(namespace: Namespace) -> None:
    body = pod("early", "kill -9 $$$$", volumes=[{"name": "run", "emptyDir": {}}])
    keeper = body["spec"]["containers"][0]
    keeper |= {"command": keeper_command(600, 600, 1), "volumeMounts": [{"name": "run", "mountPath": RUN}]}
    async with looking(namespace) as onlooker:
        await onlooker.api.create("pods", body)
        await onlooker.until("early", lambda it: it.keeping)
        async with onlooker.api.exec("early", "keeper", KILL) as kill:
            await kill.read()
        found = await onlooker.until("early", lambda it: it.over)
        await onlooker.api.delete("pods", "early", grace=0)
    assert _judged(found)[:2] == (137, Reason.ERROR)
