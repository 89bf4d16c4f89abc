"""A task is moved to its end whatever its Pod says, late or twice, and whoever does not answer."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, cast

import pytest

from jupyter_jobsub.engines.kubernetes import names
from jupyter_jobsub.engines.kubernetes import task as module
from jupyter_jobsub.engines.kubernetes.api import Api
from jupyter_jobsub.engines.kubernetes.errors import Unreachable
from jupyter_jobsub.engines.kubernetes.harvest import Harvest, Loss
from jupyter_jobsub.engines.kubernetes.record import Records
from jupyter_jobsub.engines.kubernetes.task import Ground, KubernetesTask
from jupyter_jobsub.engines.kubernetes.verdict import OUT_OF_SIGHT
from jupyter_jobsub.model.job import JobId, Micros, Reason, TaskKey
from jupyter_jobsub.model.observation import Ended, Observation, Reachable, Started, Waiting
from tests.engines.kubernetes.launches import launch_of
from tests.engines.kubernetes.served import scenario

KEY = TaskKey(JobId("job-1"), 1)
VERSIONS = itertools.count(1)
STARTED = {"running": {"startedAt": "2026-11-21T17:00:10Z"}}
DONE = {
    "terminated": {
        "exitCode": 3,
        "reason": "Error",
        "startedAt": "2026-11-21T17:00:10Z",
        "finishedAt": "2026-11-21T17:00:20Z",
    }
}


def pod(main: Any = None, phase: str = "Pending", node: str = "", **more: Any) -> dict[str, Any]:
    conditions = more.pop("conditions", [])
    metadata = {
        "name": "job-1",
        "uid": "uid-1",
        "resourceVersion": str(next(VERSIONS)),
        "annotations": {names.KEY: str(KEY), **more.pop("annotations", {})},
        **more,
    }
    statuses = [{"name": "main", "state": main}] if main else []
    status = {"phase": phase, "conditions": conditions, "containerStatuses": statuses}
    containers = [{"name": "main", "image": "x:1"}, {"name": "keeper", "image": "x:1"}]
    return {"metadata": metadata, "spec": {"nodeName": node, "containers": containers}, "status": status}


def full() -> dict[str, Any]:
    said = "0/1 nodes are available: 1 Insufficient cpu."
    why = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": said}
    return pod(conditions=[why])


def runs(**more: Any) -> dict[str, Any]:
    return pod(STARTED, "Running", "node-1", **more)


def away(**more: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "True"}]
    return runs(conditions=conditions, **more)


class Cluster:
    """What the records are asked, and what they answer."""

    def __init__(self) -> None:
        self.there: dict[str, Any] | None = None
        self.troubles = 0
        self.asked: list[str] = []

    async def again(self, pod: Any) -> Any:
        if self.troubles:
            self.troubles -= 1
            raise Unreachable("nobody answers")
        return self.there

    async def mark(self, pod: Any, by: str, grace: float, said: str = "") -> Any:
        self.asked.append(by)
        annotations = {names.ENDED_BY: by, names.GRACE: str(grace), names.SAID: said}
        metadata = {**pod["metadata"], "resourceVersion": str(next(VERSIONS))}
        return {**pod, "metadata": {**metadata, "annotations": {**metadata["annotations"], **annotations}}}

    async def delete(self, pod: Any, *, force: bool = False) -> None:
        self.asked.append("force" if force else "delete")


class Nothing:
    """A harvest of a task that writes nothing, unless its node is lost."""

    def follow(self) -> None: ...

    def collect(self) -> None: ...

    async def finish(self, pod: Any, *, lost: bool) -> Loss:
        return Loss(lost, "its artifacts are lost" if lost else "")

    async def close(self) -> None: ...


class Owner:
    def __init__(self) -> None:
        self.cluster = Cluster()
        self.told: list[Observation] = []
        self._heard = asyncio.Event()
        ground = Ground(
            cast(Api, None),
            cast(Records, self.cluster),
            lambda _: (),
            lambda _: cast(Harvest, Nothing()),
            1.0,
            lambda: Micros(0),
            self._hear,
        )
        self.task = KubernetesTask(KEY, ground)

    def _hear(self, observation: Observation) -> None:
        self.told.append(observation)
        self._heard.set()

    async def until(self, condition: Callable[[], Any]) -> Any:
        async def wait() -> Any:
            while not (found := condition()):
                await asyncio.sleep(0)
            return found

        return await asyncio.wait_for(wait(), 60)

    async def hears(self, kind: type[Any]) -> Any:
        return await self.until(lambda: next((each for each in self.told if isinstance(each, kind)), None))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.0)


@scenario
async def test_it_starts_once_and_ends_once_however_often_that_is_told() -> None:
    owner = Owner()
    owner.task.watch(pod(), None)
    for _ in range(3):
        owner.task.saw(runs())
        await asyncio.sleep(0)
    for _ in range(3):
        owner.task.saw(pod(DONE, "Failed", "node-1"))
        await asyncio.sleep(0)
    ended = await owner.hears(Ended)
    assert (ended.exit_code, ended.reason) == (3, Reason.ERROR)
    assert [type(each) for each in owner.told] == [Started, Ended]
    await owner.until(lambda: owner.task._watch and owner.task._watch.done())  # it is kept by nothing


@scenario
async def test_an_answer_that_comes_after_the_watch_s_word_hides_nothing() -> None:
    owner = Owner()
    answer, newer = pod(), full()
    owner.task.saw(newer)
    owner.task.watch(answer, None)
    assert "no node" in (await owner.hears(Waiting)).message
    await owner.task.close()


@scenario
async def test_that_it_is_gone_is_believed_when_the_api_server_says_so() -> None:
    owner = Owner()
    there = runs()
    owner.cluster.there, owner.cluster.troubles = there, 2
    owner.task.watch(there, None)
    owner.task.saw(None)
    await owner.until(lambda: owner.cluster.troubles == 0)
    await asyncio.sleep(0)
    assert not owner.task.ended
    owner.cluster.there = None
    owner.task.saw(None)
    assert (await owner.hears(Ended)).reason is Reason.EXIT_UNKNOWN


@scenario
async def test_another_attempt_in_its_place_means_that_it_is_gone() -> None:
    owner = Owner()
    owner.task.watch(runs(), None)
    owner.task.saw(runs(annotations={names.KEY: str(TaskKey(KEY.job, 2))}))
    assert (await owner.hears(Ended)).reason is Reason.EXIT_UNKNOWN


@scenario
async def test_a_node_that_does_not_answer_is_told_and_what_is_halted_there_is_given_up() -> None:
    owner = Owner()
    owner.task.watch(away(), launch_of({"command": "x"}))
    lost = await owner.hears(Reachable)
    assert (lost.reachable, "node-1" in lost.message) == (False, True)
    assert owner.task.pod
    await owner.task.halt(owner.task.pod, 0)
    await owner.until(lambda: owner.cluster.asked == ["halt", "force"])
    marks = {names.ENDED_BY: "halt", names.GRACE: "0"}
    gone = {"deletionTimestamp": "2026-11-21T17:01:00Z", "deletionGracePeriodSeconds": 0}
    owner.task.saw(away(annotations=marks, **gone))
    ended = await owner.hears(Ended)
    assert (ended.reason, ended.message) == (Reason.HALTED, "")
    assert ended.note.split("; ") == [OUT_OF_SIGHT, str(Loss(log=True)), "its artifacts are lost"]


@scenario
async def test_who_was_thought_away_is_told_to_be_there() -> None:
    owner = Owner()
    owner.task.watch(runs(), launch_of({"command": "x"}, started=True))
    assert (await owner.hears(Reachable)).reachable
    await owner.task.close()


@scenario
async def test_what_has_no_node_is_deleted_and_is_its_own_mark() -> None:
    owner = Owner()
    owner.task.watch(full(), None)
    await owner.hears(Waiting)
    assert owner.task.pod
    await owner.task.halt(owner.task.pod, 1000)
    await owner.until(lambda: owner.cluster.asked == ["halt", "delete"])
    marks = {names.ENDED_BY: "halt", names.GRACE: "1000"}
    owner.task.saw(pod(annotations=marks, deletionTimestamp="2026-11-21T17:01:00Z"))
    assert (await owner.hears(Ended)).reason is Reason.HALTED


@scenario
async def test_what_was_never_there_is_lost_or_halted() -> None:
    lost, halted = Owner(), Owner()
    lost.task.watch(None, launch_of({"command": "x"}, started=True))
    assert (await lost.hears(Ended)).reason is Reason.EXIT_UNKNOWN
    await halted.task.halt(None, 0)
    assert (await halted.hears(Ended)).reason is Reason.HALTED


@scenario
async def test_who_is_closed_says_no_more() -> None:
    owner = Owner()
    owner.task.watch(runs(), None)
    await owner.hears(Started)
    await owner.task.close()
    owner.task.saw(pod(DONE, "Failed", "node-1"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert [type(each) for each in owner.told] == [Started]
