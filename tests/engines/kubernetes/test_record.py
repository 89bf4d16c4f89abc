"""A Pod as the record of its task, with an API server that holds objects as a real one does."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest

from jupyter_jobsub.engines.kubernetes import names
from jupyter_jobsub.engines.kubernetes.api import Api
from jupyter_jobsub.engines.kubernetes.errors import Refused, Unreachable
from jupyter_jobsub.engines.kubernetes.pod import Objects, Terms, build, void_pod
from jupyter_jobsub.engines.kubernetes.record import Records, abandoned, grace, kept
from jupyter_jobsub.engines.kubernetes.settings import parse_settings
from jupyter_jobsub.errors import EngineError, EngineUnavailable
from jupyter_jobsub.model.job import JobId, TaskKey
from tests.engines.kubernetes.launches import launch_of
from tests.engines.kubernetes.served import scenario

KEY = TaskKey(JobId("job-1"), 1)
REMOVED = "$deleteFromPrimitiveList/"  # in a strategic merge patch
NEXT = replace(KEY, attempt=2)


class Server:
    """Names are taken once, uids are checked, finalizers keep what is deleted."""

    namespace = "lab"

    def __init__(self) -> None:
        self.there: dict[tuple[str, str], dict[str, Any]] = {}
        self.refuses: Refused | None = None
        self.busy = False
        self._uids = itertools.count(1)

    async def create(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if self.refuses:
            raise self.refuses
        name = body["metadata"]["name"]
        if (kind, name) in self.there:
            raise Refused(409, "AlreadyExists", f'{kind} "{name}" already exists')
        metadata = {**body["metadata"], "uid": str(next(self._uids))}
        self.there[kind, name] = {**body, "metadata": metadata}
        return self.there[kind, name]

    async def get(self, kind: str, name: str) -> dict[str, Any] | None:
        return self.there.get((kind, name))

    async def patch(self, kind: str, name: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        found = self.there.get((kind, name))
        if found is None:
            return None
        if self.busy or body["metadata"]["uid"] != found["metadata"]["uid"]:
            raise Refused(409, "Conflict", "another uid")
        self.there[kind, name] = changed = _merged(found, body)
        if "deletionTimestamp" in changed["metadata"] and not changed["metadata"].get("finalizers"):
            del self.there[kind, name]
        return changed

    async def delete(self, kind: str, name: str, *, uid: str | None = None, grace: int | None = None) -> None:
        found = self.there.get((kind, name))
        if found is None or uid not in (None, found["metadata"]["uid"]):
            return
        if found["metadata"].get("finalizers"):
            found["metadata"] |= {"deletionTimestamp": "now", "deletionGracePeriodSeconds": grace or 0}
        else:
            del self.there[kind, name]

    async def uids(self, kind: str, selector: str) -> dict[str, str]:
        wanted = dict(each.split("=") for each in selector.split(","))
        return {
            name: each["metadata"]["uid"]
            for (of, name), each in self.there.items()
            if of == kind and wanted.items() <= each["metadata"]["labels"].items()
        }

    async def list(self, kind: str, selector: str) -> tuple[list[dict[str, Any]], str]:
        return [self.there[kind, name] for name in await self.uids(kind, selector)], "1"

    async def delete_all(self, kind: str, selector: str) -> None:
        for name in await self.uids(kind, selector):
            await self.delete(kind, name)


def _merged(old: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**old}
    for name, value in change.items():
        if name.startswith(REMOVED):
            listed = name.removeprefix(REMOVED)
            merged[listed] = [each for each in old.get(listed, ()) if each not in value]
            continue
        both = isinstance(value, Mapping) and isinstance(old.get(name), Mapping)
        merged[name] = _merged(old[name], value) if both else value
    return merged


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def records(server: Server) -> Records:
    return Records(cast(Api, server), "store-1")


def pod_of(key: TaskKey, store: str = "store-1") -> Objects:
    return Objects(void_pod(key, store))


def gang(store: str = "store-1") -> tuple[TaskKey, Objects]:
    roles = [{"name": name, "command": "x", "ports": [{"label": "p"}]} for name in ("a", "b")]
    key = TaskKey(JobId("job-1"), 1, "a")
    launch = launch_of({"task_roles": roles, "env": {"MINE": "x"}}, key=key)
    return key, build(launch, parse_settings({}), Terms(store, {}))


@scenario
async def test_a_pod_is_made_once(server: Server, records: Records) -> None:
    first = await records.make(KEY, pod_of(KEY))
    assert await records.make(KEY, pod_of(KEY)) == first == await records.find(KEY)
    assert first["metadata"]["finalizers"] == [names.FINALIZER]
    await server.delete("pods", "job-1")
    assert await records.find(KEY)  # whoever has deleted it


@scenario
async def test_an_earlier_attempt_gives_way(server: Server, records: Records) -> None:
    first = await records.make(KEY, pod_of(KEY))
    assert await records.find(NEXT, first) is None
    assert not server.there
    await records.make(KEY, pod_of(KEY))
    second = await records.make(NEXT, pod_of(NEXT))
    assert names.key_of(second) == NEXT


@scenario
async def test_what_is_another_s_is_left_alone(server: Server, records: Records) -> None:
    theirs = await Records(cast(Api, server), "store-2").make(KEY, pod_of(KEY, "store-2"))
    for asked in (records.make(KEY, pod_of(KEY)), records.find(KEY), records.find(KEY, theirs)):
        with pytest.raises(EngineError, match="the name job-1 is taken in the namespace lab"):
            await asked
    await records.purge(KEY.job)
    assert server.there["pods", "job-1"] == theirs


@scenario
async def test_a_secret_of_another_s_is_not_used(server: Server, records: Records) -> None:
    key, theirs = gang("store-2")
    await server.create("secrets", theirs.secrets[0])
    with pytest.raises(EngineError, match=f"the name {theirs.secrets[0]['metadata']['name']} is taken"):
        await records.make(key, gang()[1])


@scenario
async def test_what_a_gang_has_together_is_made_once_and_goes_once(server: Server, records: Records) -> None:
    key, objects = gang()
    pod = await records.make(key, objects)
    await records.make(key, objects)
    assert {kind for kind, _ in server.there} == {"pods", "secrets", "services"}
    await records.release(pod)
    await records.tidy(key, pod)
    await records.tidy(key, pod)
    assert not server.there


@scenario
async def test_of_what_was_refused_nothing_stays(server: Server, records: Records) -> None:
    key, objects = gang()
    await server.create("secrets", objects.secrets[0])
    await records.tidy(replace(key, attempt=2), None)
    assert server.there
    await records.tidy(key, None)
    assert not server.there
    await server.create("secrets", objects.secrets[0])
    await records.tidy(key, void_pod(key, "store-1"))
    assert not server.there


@scenario
async def test_purge_takes_all_of_a_job_and_of_no_other(server: Server, records: Records) -> None:
    await records.make(*gang())
    other = TaskKey(JobId("job-10"), 1)
    await records.make(other, pod_of(other))
    await records.purge(KEY.job)
    assert list(server.there) == [("pods", "job-10")]


class Killed(BaseException):
    """The process ends."""


class Dying(Server):
    """Carries out so many changes of one who is killed then."""

    left: float = float("inf")

    async def patch(self, *args: Any, **more: Any) -> Any:
        self._live()
        return await super().patch(*args, **more)

    async def delete(self, *args: Any, **more: Any) -> None:
        self._live()
        await super().delete(*args, **more)

    def _live(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed


@pytest.mark.parametrize("changes", range(5))
@pytest.mark.parametrize("how", ["settled", "purged"])
@scenario
async def test_who_is_killed_amid_a_removal_has_left_a_pod_that_is_found(how: str, changes: int) -> None:
    server = Dying()
    records = Records(cast(Api, server), "store-1")
    key, objects = gang()
    pod = await records.make(key, objects)
    server.left = changes
    with suppress(Killed):
        if how == "settled":
            await records.tidy(key, pod)
            await records.release(pod)
        else:
            await records.purge(key.job)
    assert not server.there or any(kept(each) for each in server.there.values())
    server.left = float("inf")
    await records.purge(key.job)
    assert not server.there


@scenario
async def test_who_marks_first_says_why_and_the_last_says_how_long(records: Records) -> None:
    pod = await records.make(KEY, pod_of(KEY))
    assert grace(pod) is None
    marked = await records.mark(pod, "deadline", 10)
    assert marked
    again = await records.mark(marked, "halt", 0.5)
    assert again
    assert again["metadata"]["annotations"][names.ENDED_BY] == "deadline"
    assert again["spec"]["activeDeadlineSeconds"] == 1
    assert grace(again) == 0.5


@scenario
async def test_a_pod_of_the_same_name_is_not_the_same(server: Server, records: Records) -> None:
    first = await records.make(KEY, pod_of(KEY))
    await records.release(first)
    second = await records.make(NEXT, pod_of(NEXT))
    assert await records.mark(first, "halt", 0) is None
    assert await records.again(first) is None
    await records.release(first)
    await records.delete(first)
    assert server.there["pods", "job-1"] == second
    assert await records.again(second) == second


@scenario
async def test_a_change_that_loses_to_others_is_asked_for_again(server: Server, records: Records) -> None:
    pod = await records.make(KEY, pod_of(KEY))
    server.busy = True
    with pytest.raises(Unreachable):
        await records.mark(pod, "halt", 0)
    with pytest.raises(Unreachable):
        await records.release(pod)
    assert server.there["pods", "job-1"] == pod
    assert kept(pod)


@scenario
async def test_what_was_never_made_never_is(server: Server, records: Records) -> None:
    mark = await records.void(KEY, None)
    assert mark
    assert names.VOID in mark["metadata"]["labels"]
    assert await records.make(KEY, pod_of(KEY)) == mark == await records.void(KEY, mark)
    server.there.clear()
    server.refuses = Refused(403, "Forbidden", "the namespace is being deleted")
    assert await records.void(KEY, None) is None


@scenario
async def test_finalizers_of_others_stay(server: Server, records: Records) -> None:
    pod = await records.make(KEY, pod_of(KEY))
    pod["metadata"]["finalizers"].append("example.com/theirs")
    await records.release(pod)
    assert server.there["pods", "job-1"]["metadata"]["finalizers"] == ["example.com/theirs"]


@scenario
async def test_what_a_node_is_not_asked_about_is_abandoned(server: Server, records: Records) -> None:
    pod = await records.make(KEY, pod_of(KEY))
    assert not abandoned(pod)
    await records.delete(pod, force=True)
    assert abandoned(server.there["pods", "job-1"])


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ('pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1', True),
        ("spec.containers[0].image: Required value", False),
    ],
)
@scenario
async def test_what_the_cluster_refuses(server: Server, records: Records, message: str, error: bool) -> None:
    server.refuses = Refused(403, "Forbidden", message)
    with pytest.raises(EngineError) as raised:
        await records.make(KEY, pod_of(KEY))
    assert isinstance(raised.value, EngineUnavailable) is error
