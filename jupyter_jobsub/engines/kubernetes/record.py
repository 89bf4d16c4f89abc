"""The Pod of a task as its record: made once, marked, let go.

A finalizer keeps it in the API server until the end of its task is stored, whoever deletes it, as the
Pods of a batch Job are kept. What is not there was therefore never made, or its end is known: so a
command is run at most once, whoever is killed when. The name is the same for all attempts at a task
and the API server lets one have it, so that a Pod that never may run keeps a task from running, and a
request that comes late finds the name taken.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ...errors import EngineError, EngineUnavailable
from ...model.job import JobId, TaskKey
from . import names
from .api import Api, Kind
from .errors import Refused, Unreachable
from .names import Object
from .pod import Objects, void_pod
from .refusals import refusal

log = logging.getLogger(__name__)

TRIES = 2  # an earlier attempt's Pod is nearly always gone as soon as nobody keeps it


class Records:
    """The Pods of one store, and what they need beside them.

    Parameters
    ----------
    store:
        The store's id, which tells its Pods from those of others in the namespace.
    """

    def __init__(self, api: Api, store: str) -> None:
        self._api = api
        self.store = store

    async def make(self, key: TaskKey, objects: Objects) -> Object:
        """Create a task's Pod with all that it needs, or find the one that it has.

        What is left of an earlier attempt goes: that has ended, or this one would not have begun.

        Raises
        ------
        EngineError
            If the cluster will not have it, or another's Pod has its name.
        EngineUnavailable
            If it can't be made at the moment.
        """
        try:
            for secret in objects.secrets:
                await self._provide("secrets", secret, key)
            if objects.service:
                await self._provide("services", objects.service, key)
            for _ in range(TRIES):
                if made := await self._create("pods", _kept(objects.pod)):
                    return made
                if found := await self.find(key):
                    return found
            raise EngineUnavailable("what is left of an earlier attempt is being removed")
        except Refused as error:
            refused = refusal(error)
            raise (EngineUnavailable if refused.passing else EngineError)(refused.message) from error

    async def find(self, key: TaskKey, known: Object | None = None) -> Object | None:
        """Find a task's Pod; what is left of an earlier attempt goes.

        Parameters
        ----------
        known:
            What has its name, as far as is known; without it the API server is asked.
        """
        name = names.pod_name(key)
        pod = known or await self._api.get("pods", name)
        if pod is None:
            return None
        if not names.is_of(pod, self.store):
            raise self._taken(name)
        if (found := names.key_of(pod)) == key:
            return pod
        if found:  # nobody may have settled it before a crash; all of its attempt have ended
            await self.tidy(found, pod)
        await self.release(pod)
        return None

    async def void(self, key: TaskKey, known: Object | None) -> Object | None:
        """Find a task's Pod, or take its name so that it never runs; None where the cluster has no Pods."""
        try:
            return await self.find(key, known) or await self.make(key, Objects(void_pod(key, self.store)))
        except EngineError as error:
            log.info("%s is not there, and nothing can take its place: %s", key, error)
            return None

    async def again(self, pod: Object) -> Object | None:
        """Look at a Pod again; None if it is gone."""
        found = await self._api.get("pods", pod["metadata"]["name"])
        return found if found and _uid(found) == _uid(pod) else None

    async def mark(self, pod: Object, by: str, grace: float, said: str = "") -> Object | None:
        """Have a Pod end and say on it why; the first who does is right. None if it is gone.

        Its node sends TERM, as at a deadline of its own, so that its log can be read to the end; who
        deletes a Pod throws its log away.
        """
        annotations = pod["metadata"].get("annotations") or {}
        told = {names.GRACE: f"{grace:g}"}
        if names.ENDED_BY not in annotations:
            told |= {names.ENDED_BY: by, names.SAID: said}
        return await self._patch(
            pod, {"metadata": {"annotations": told}, "spec": {"activeDeadlineSeconds": 1}}
        )

    async def delete(self, pod: Object, *, force: bool = False) -> None:
        """Have a Pod never be given a node; or believe no more that its node will say how it ends."""
        await self._api.delete("pods", pod["metadata"]["name"], uid=_uid(pod), grace=0 if force else None)

    async def release(self, pod: Object) -> None:
        """Let go of a Pod whose end is known; what is deleted and still kept is found again after a crash."""
        await self.delete(pod)
        ours_alone = {"$deleteFromPrimitiveList/finalizers": [names.FINALIZER]}
        await self._patch(pod, {"metadata": ours_alone})

    async def tidy(self, key: TaskKey, pod: Object | None) -> None:
        """Remove what the tasks of an attempt had together; by now they all have ended.

        Parameters
        ----------
        pod:
            One of theirs, which says what that is; None or one that never ran if there may be no other.
        """
        if pod is None or names.VOID in pod["metadata"]["labels"]:
            await self._remove(f"{names.selector(self.store, key.job)},{names.ATTEMPT}={key.attempt}")
            return
        for name in sorted(_secrets(pod["spec"])):
            await self._api.delete("secrets", name)
        if service := pod["spec"].get("subdomain"):
            await self._api.delete("services", service)

    async def purge(self, job: JobId) -> None:
        """Remove all that there is of a job; the Pods last, by which what is left is found after a crash."""
        selector = names.selector(self.store, job)
        await self._remove(selector)
        pods, _ = await self._api.list("pods", selector)
        for pod in pods:
            await self.release(pod)

    async def _remove(self, selector: str) -> None:
        await self._api.delete_all("secrets", selector)
        await self._api.delete_all("services", selector)

    async def _provide(self, kind: Kind, body: Object, key: TaskKey) -> None:
        """Create what the tasks of an attempt have together, unless one of them has."""
        if await self._create(kind, body):
            return
        if body["metadata"]["name"] not in await self._api.uids(kind, names.selector(self.store, key.job)):
            raise self._taken(body["metadata"]["name"])

    def _taken(self, name: str) -> EngineError:
        place = f"the namespace {self._api.namespace}"
        return EngineError(f"the name {name} is taken in {place} by another service; clone the job")

    async def _create(self, kind: Kind, body: Object) -> Object | None:
        try:
            return await self._api.create(kind, body)
        except Refused as error:
            if error.reason != "AlreadyExists":  # a quota that others use at the same time is a Conflict
                raise
            return None

    async def _patch(self, pod: Object, change: Mapping[str, Any]) -> Object | None:
        """Change a Pod, and no other that has its name by now."""
        metadata = {**change.get("metadata", {}), "uid": _uid(pod)}
        try:
            return await self._api.patch("pods", pod["metadata"]["name"], {**change, "metadata": metadata})
        except Refused as error:
            if error.status != 409:
                raise
            if await self.again(pod):  # it is no other: too many change it at once
                raise Unreachable(error.message) from error
            return None


def kept(pod: Object) -> bool:
    """Say whether a Pod is kept as a record: its end may not be stored yet."""
    return names.FINALIZER in (pod["metadata"].get("finalizers") or ())


def grace(pod: Object) -> float | None:
    """Read how many seconds a Pod has that was told to end; None if it was not."""
    told = (pod["metadata"].get("annotations") or {}).get(names.GRACE)
    return None if told is None else float(told)


def abandoned(pod: Object) -> bool:
    """Say whether a Pod was deleted without waiting for its node."""
    grace: int | None = pod["metadata"].get("deletionGracePeriodSeconds")
    return grace == 0


def _secrets(spec: Object) -> set[str]:
    """Name the Secrets that a Pod reads."""
    read = [
        source["secretRef"]["name"] for each in spec["containers"] for source in each.get("envFrom") or ()
    ]
    for volume in spec.get("volumes") or ():
        sources = (volume.get("projected") or {}).get("sources") or ()
        read += [source["secret"]["name"] for source in sources if "secret" in source]
    return set(read)


def _kept(pod: Object) -> Object:
    return {**pod, "metadata": {**pod["metadata"], "finalizers": [names.FINALIZER]}}


def _uid(pod: Object) -> str:
    uid: str = pod["metadata"]["uid"]
    return uid
