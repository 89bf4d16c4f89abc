"""The part of the Kubernetes API that the engine uses, in one namespace, as plain JSON.

Every call may raise ``Unreachable`` (try again later) and ``Refused`` (it won't help to). A call
that is cancelled leaves no connection behind; streams are context managers for the same reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

import aiohttp

from ...clock import wall_clock
from ...errors import EngineError, EngineUnavailable
from ...model.job import Micros
from . import access
from .connection import STREAM, Connection
from .credentials import Where, kubectl
from .errors import ApiError, Expired, Refused, Unauthorized, Unreachable
from .exec import PROTOCOLS, Exec, kept_open
from .names import Object
from .streams import Bytes, Changes, parsed

__all__ = [
    "Api",
    "ApiError",
    "Bytes",
    "Changes",
    "Exec",
    "Expired",
    "Kind",
    "Object",
    "Refused",
    "Unreachable",
]

Kind: TypeAlias = Literal["pods", "secrets", "services", "events"]

_PAGE = 250
_DELETED_AT_ONCE = 8
_WATCH_SECONDS = 290
_METADATA_ALONE = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


class Api:
    """One namespace of one cluster."""

    def __init__(self, connection: Connection) -> None:
        self.namespace = connection.namespace
        self.host = connection.host
        self._connection = connection
        self._home = f"/api/v1/namespaces/{quote(connection.namespace)}"

    @classmethod
    async def connect(cls, where: Where) -> Api:
        """Find the cluster and see that it can be worked with.

        Raises
        ------
        EngineUnavailable
            If nobody answers, the credentials have expired, or whoever administers the cluster has to
            give the namespace or a right: jobs go on by themselves then.
        EngineError
            In words, if there is no configuration, or it can't be used.
        """
        api = cls(await Connection.open(where))
        try:
            await access.check(api._json, api.namespace)
        except BaseException as error:
            await api.close()
            if isinstance(error, ApiError):
                raise _told(error, where, api.namespace) from error
            raise
        return api

    async def close(self) -> None:
        """End all that is under way."""
        await self._connection.close()

    def now(self) -> Micros:
        """Tell the time in the cluster, and this machine's as long as nobody there has answered."""
        return self._connection.hours.now() or wall_clock()

    async def create(self, kind: Kind, body: Object) -> Object:
        """Create an object and give what was made of it; ``Refused`` 409 if its name is taken."""
        return await self._json("POST", f"{self._home}/{kind}", body=body)

    async def get(self, kind: Kind, name: str) -> Object | None:
        """Give an object as it is now, or None if there is none."""
        return await self._if_there("GET", self._path(kind, name))

    async def list(self, kind: Kind, selector: str = "", fields: str = "") -> tuple[Sequence[Object], str]:
        """Give all that there is now, and the version to watch from."""
        return await self._pages(kind, _selection(selector, fields))

    @asynccontextmanager
    async def watch(
        self, kind: Kind, version: str, selector: str = "", fields: str = ""
    ) -> AsyncIterator[Changes]:
        """Iterate over (type, object): ADDED, MODIFIED, DELETED, and BOOKMARK, which is a version alone.

        Entered when the server has agreed; ends when the server ends it, every few minutes.

        Raises
        ------
        Expired
            On entering or later: list again.
        """
        query = _selection(selector, fields) | {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=_WATCH_SECONDS + 30)
        async with self._connection.request(
            "GET", f"{self._home}/{kind}", query=query, timeout=timeout
        ) as response:
            yield Changes(Bytes(response, self.host))

    async def patch(self, kind: Kind, name: str, body: Object) -> Object | None:
        """Merge a strategic patch into an object and give what it is then, or None if there is none."""
        content = "application/strategic-merge-patch+json"
        return await self._if_there("PATCH", self._path(kind, name), body=body, content=content)

    async def delete(
        self, kind: Kind, name: str, *, uid: str | None = None, grace: int | None = None
    ) -> None:
        """Ask for an object's end; fine if it is gone, or is another than the uid's."""
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        try:
            await self._json("DELETE", self._path(kind, name), body=options)
        except Refused as error:
            if error.status not in (404, 409):
                raise

    async def uids(self, kind: Kind, selector: str) -> Mapping[str, str]:
        """Give the names and uids of all that is selected; of Secrets no more is read."""
        items, _ = await self._pages(kind, _selection(selector), accept=_METADATA_ALONE)
        return {item["metadata"]["name"]: item["metadata"]["uid"] for item in items}

    async def delete_all(self, kind: Kind, selector: str) -> None:
        """Ask for the end of all that is selected, some at a time."""
        found = iter((await self.uids(kind, selector)).items())

        async def work() -> None:
            for name, uid in found:
                await self.delete(kind, name, uid=uid)

        done = await asyncio.gather(*(work() for _ in range(_DELETED_AT_ONCE)), return_exceptions=True)
        for failed in filter(None, done):
            raise failed

    @asynccontextmanager
    async def log(
        self,
        pod: str,
        container: str,
        *,
        since: str | None = None,
        follow: bool = False,
        lines: int | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Bytes]:
        """Iterate over a container's log, each line with its time stamp.

        Parameters
        ----------
        since:
            RFC 3339; lines of this second and later.
        follow:
            Until the container ends, or the connection does, which looks the same; else what there is now.
        lines:
            Only so many last lines.
        limit:
            Only so many first bytes.
        """
        asked = {"sinceTime": since, "tailLines": lines, "limitBytes": limit}
        query = {"container": container, "timestamps": "true", "follow": str(follow).lower()}
        query |= {name: str(value) for name, value in asked.items() if value is not None}
        path = f"{self._path('pods', pod)}/log"
        async with self._connection.request(
            "GET", path, query=query, accept="*/*", timeout=STREAM, bare=follow
        ) as response:
            yield Bytes(response, self.host)

    @asynccontextmanager
    async def exec(self, pod: str, container: str, command: Sequence[str]) -> AsyncIterator[Exec]:
        """Run a command in a container; leaving early doesn't end it there.

        Raises
        ------
        Unreachable
            On entering, also where the container does not run (the API server answers 500 then).
        Refused
            While reading, if the command can't be started.
        """
        query = [("container", container), ("stdout", "true"), ("stderr", "true")]
        query += [("command", word) for word in command]
        path = f"{self._path('pods', pod)}/exec"
        socket = await self._connection.socket(path, query, PROTOCOLS)
        try:
            async with kept_open(socket):
                yield Exec(socket, self.host)
        finally:
            await socket.cut()

    async def usage(self, selector: str) -> Sequence[Object]:
        """Give what Pods use now by the metrics API; empty where there is none, or it may not be asked."""
        path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{quote(self.namespace)}/pods"
        try:
            items: Sequence[Object] = (await self._json("GET", path, query=_selection(selector)))["items"]
        except ApiError:
            return ()
        return items

    def _path(self, kind: Kind, name: str) -> str:
        return f"{self._home}/{kind}/{quote(name, safe='')}"

    async def _json(self, method: str, path: str, **request: Any) -> Object:
        async with self._connection.request(method, path, **request) as response:
            return parsed(await Bytes(response, self.host).read(), self.host)

    async def _if_there(self, method: str, path: str, **request: Any) -> Object | None:
        try:
            return await self._json(method, path, **request)
        except Refused as error:
            if error.status == 404:
                return None
            raise

    async def _pages(
        self, kind: Kind, query: dict[str, str], accept: str = "application/json"
    ) -> tuple[Sequence[Object], str]:
        items: Sequence[Object] = ()
        more = ""
        while True:
            page = query | {"limit": str(_PAGE)} | ({"continue": more} if more else {})
            try:
                answer = await self._json("GET", f"{self._home}/{kind}", query=page, accept=accept)
            except Expired:  # it took too long
                items, more = (), ""
                continue
            items = [*items, *(answer["items"] or ())]  # null where there are none
            more = answer["metadata"].get("continue", "")
            if not more:
                return items, answer["metadata"]["resourceVersion"]


def _told(error: ApiError, where: Where, namespace: str) -> EngineError:
    """Say what is wrong with a cluster that was not reached, and what to do."""
    look = f"See what kubectl says here: {kubectl(where)} get pods --namespace {namespace}"
    if isinstance(error, Unauthorized):
        token = f"kubectl create token jupyter-jobsub --namespace {namespace} --duration 720h"
        return EngineUnavailable(
            f"{error}. Log in again as for kubectl; or, if the kubeconfig has a token, it has expired: "
            f"put a new one there, from: {token}"
        )
    if isinstance(error, Refused):
        said = f"The cluster does not say what may be done there: {error}. {look}"
        return EngineUnavailable(said) if error.passing else EngineError(said)
    why = (
        f"{str(error).rstrip('.')}. Start it, or correct the kubeconfig or the proxy on the way there. {look}"
    )
    return EngineUnavailable(why)


def _selection(selector: str = "", fields: str = "") -> dict[str, str]:
    asked = {"labelSelector": selector, "fieldSelector": fields}
    return {name: value for name, value in asked.items() if value}
