"""Every call of the service's HTTP interface, as a method; values are what JSON says."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from urllib.parse import quote

from ..errors import NotFound, Unavailable
from .errors import Closed, lost
from .http import Connection, Response
from .server import find
from .stream import Event, Stream
from .transport import Scope, Transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from .server import Endpoint

    Row: TypeAlias = dict[str, Any]

PARTIAL = 206
FINAL = ("Succeeded", "Failed", "Cancelled")


def _ignore(_: Exception) -> None:
    """Say nothing about a stream that is being got back."""


class Client(Transport):
    """Talks to the service, for any number of threads; each stream has a connection of its own.

    Parameters
    ----------
    endpoint:
        Where the service is; found by `server.find` if None.
    on_lost:
        Told why when a stream broke and getting it back takes more than one try.
    """

    def __init__(
        self, endpoint: Endpoint | None = None, *, on_lost: Callable[[Exception], None] = _ignore
    ) -> None:
        super().__init__(find() if endpoint is None else endpoint)
        self.on_lost = on_lost

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # jobs

    def submit(self, spec: Mapping[str, object], *, idempotency_key: str | None = None) -> Row:
        """Submit a job; sent again safely if the connection is lost, thanks to its key."""
        key = idempotency_key or os.urandom(16).hex()
        headers = {"Idempotency-Key": key}
        answer: Row = self.call("POST", "/jobsub/jobs", body=spec, headers=headers, repeatable=True)
        return answer

    def page(self, **query: object) -> Row:
        """Fetch one page of the list: ``items``, ``next``, a cursor or None, and ``total``, or None."""
        answer: Row = self.call("GET", "/jobsub/jobs", query=query)
        return answer

    def jobs(self, *, limit: int | None = None, page_size: int = 500, **query: object) -> Iterator[Row]:
        """Iterate over the list, newest first if there is no ``sort``, fetching pages as needed."""
        cursor, left = None, limit
        while left is None or left > 0:
            size = page_size if left is None else min(left, page_size)
            page = self.page(limit=size, cursor=cursor, **query)
            yield from page["items"][:left]
            left = None if left is None else left - len(page["items"])
            cursor = page["next"]
            if cursor is None:
                return

    def job(self, job_id: str) -> Row:
        """Fetch one job with its tasks."""
        answer: Row = self.call("GET", _job(job_id))
        return answer

    def spec(self, job_id: str) -> Row:
        """Fetch the specification that the job was submitted with."""
        answer: Row = self.call("GET", _job(job_id, "spec"))
        return answer

    def timeline(self, job_id: str) -> list[Row]:
        """Fetch what happened to the job, oldest first."""
        answer: list[Row] = self.call("GET", _job(job_id, "timeline"))["items"]
        return answer

    def act(self, job_id: str, action: str) -> Row:
        """Cancel, pause, resume or purge; asking twice is the same as asking once."""
        answer: Row = self.call("POST", _job(job_id, action), repeatable=True)
        return answer

    def edit(self, job_id: str, **changes: object) -> Row:
        """Change ``name`` or, while the job waits, ``priority`` and ``deadline_seconds``."""
        answer: Row = self.call("PATCH", _job(job_id), body=changes, repeatable=True)
        return answer

    def rerun(self, job_id: str) -> Row:
        """Submit the job again, from what was kept of it; gives the new job."""
        key = {"Idempotency-Key": os.urandom(16).hex()}
        answer: Row = self.call("POST", _job(job_id, "rerun"), headers=key, repeatable=True)
        return answer

    def delete(self, job_id: str) -> None:
        """Delete a finished job with its log."""
        self.call("DELETE", _job(job_id))

    # metrics and artifacts

    def metrics(self, job_id: str, **query: object) -> Row:
        """Fetch what a task has used over a ``window``."""
        answer: Row = self.call("GET", _job(job_id, "metrics"), query=query)
        return answer

    def artifacts(self, job_id: str, **query: object) -> Row:
        """Fetch the list of what the job keeps."""
        answer: Row = self.call("GET", _job(job_id, "artifacts"), query=query)
        return answer

    def artifact(self, job_id: str, path: str, **query: object) -> Iterator[bytes]:
        """Read one of the files that the job keeps, in pieces; if the connection is lost, on from there."""
        target = _job(job_id, "artifacts", quote(path, errors="surrogateescape"))
        scope, done, version = self.scope, 0, ""
        while True:
            begun, rest = done, {"Range": f"bytes={done}-", "If-Range": version} if done else None
            with self.open(target, query, rest, scope) as (_, response):
                if done and response.status != PARTIAL:
                    raise Unavailable(f"{path} has changed while it was read.", remedy="read it again")
                version = response.headers.get("etag", "")
                try:
                    for chunk in response.chunks:
                        done += len(chunk)
                        yield chunk
                    return
                except OSError as error:
                    if scope.closed:
                        raise Closed from error
                    if done == begun or not version:
                        raise lost(error) from error

    # sweeps

    def submit_sweep(self, spec: Mapping[str, object], grid: Mapping[str, object], *, key: str) -> Row:
        """Submit a job for each point of a grid; sent again safely under its idempotency key."""
        answer: Row = self.call(
            "POST",
            "/jobsub/sweeps",
            body={"spec": spec, "grid": grid},
            headers={"Idempotency-Key": key},
            repeatable=True,
        )
        return answer

    # logs and events

    def log(
        self, job_id: str, *, tail: int | None = None, raw: bool = False, **where: object
    ) -> Iterator[bytes]:
        """Read a log as it is now: its last lines, or all of it; raw with its reports of progress."""
        part = {"download": True, "reports": raw} if tail is None else {"tail": tail}
        return self.body(_job(job_id, "log"), {**part, **where})

    def body(self, path: str, query: Mapping[str, object] | None = None) -> Iterator[bytes]:
        """Read what a GET answers in pieces, as they come."""
        scope = self.scope
        with self.open(path, query, scope=scope) as (_, response):
            try:
                yield from response.chunks
            except OSError as error:
                raise Closed if scope.closed else lost(error) from error

    def follow(
        self,
        job_id: str,
        *,
        scope: Scope | None = None,
        on_lost: Callable[[Exception], None] | None = None,
        **query: object,
    ) -> Iterator[tuple[str, Any]]:
        """Follow a log to the job's end, whatever happens to the service meanwhile.

        Parameters
        ----------
        scope:
            Ends it, by `Scope.interrupt`.
        on_lost:
            Told instead of the client's own.

        Yields
        ------
        ("log", bytes), ("attempt", number) when another attempt begins, ("job", job) when it has
        changed, at last ("end", job).
        """
        for event in self._stream(_job(job_id, "log"), {"follow": True, **query}, None, scope, on_lost):
            data = json.loads(event.data)
            if event.name == "log":
                yield "log", base64.b64decode(data["base64"]) if "base64" in data else data["text"].encode()
            elif event.name == "attempt":
                yield "attempt", data["attempt"]
            elif event.name in ("job", "end"):
                yield event.name, data
            if event.name == "end":
                return

    def events(
        self,
        *,
        timeout: float | None = None,
        scope: Scope | None = None,
        on_lost: Callable[[Exception], None] | None = None,
        **query: object,
    ) -> Iterator[tuple[str, Row]]:
        """Watch what happens to all jobs: ("hello", …) at each connection, ("job", …), ("deleted", …)."""
        for event in self._stream("/jobsub/events", query, timeout, scope, on_lost):
            yield event.name, json.loads(event.data)

    def wait(self, job_ids: Iterable[str], *, timeout: float | None = None) -> Iterator[Row]:
        """Yield each job once, when it is final.

        Raises
        ------
        TimeoutError
            If some aren't after that many seconds.
        NotFound
            If one of them does not exist, or is deleted meanwhile.
        """
        return (row for row in self.changes(job_ids, timeout=timeout) if row["phase"] in FINAL)

    def changes(
        self, job_ids: Iterable[str], *, timeout: float | None = None, progress: bool | None = None
    ) -> Iterator[Row]:
        """Yield each job as it is now and as it changes, at last when it is final; raises as `wait` does.

        Parameters
        ----------
        progress:
            Also when its progress or usage has changed.
        """
        left = dict.fromkeys(job_ids)
        if not left:
            return
        for name, data in self.events(timeout=timeout, progress=progress):
            if name == "hello":  # what happened before this connection is in the jobs themselves
                rows = [self.job(job_id) for job_id in left]
            elif name == "deleted" and data["id"] in left:
                raise NotFound(f"{data['id']} has been deleted.")
            else:
                rows = [data["job"]] if name == "job" else []
            for row in rows:
                if row["id"] in left:
                    if row["phase"] in FINAL:
                        del left[row["id"]]
                    yield row
            if not left:
                return

    def _stream(
        self,
        path: str,
        query: Mapping[str, object] | None,
        timeout: float | None = None,
        scope: Scope | None = None,
        on_lost: Callable[[Exception], None] | None = None,
    ) -> Iterator[Event]:
        own = scope or Scope()

        def open(last: str | None) -> AbstractContextManager[tuple[Connection, Response]]:
            headers = {"Accept": "text/event-stream"}
            if last is not None:
                headers["Last-Event-ID"] = last
            return self.open(path, query, headers, own)

        with self.scope.holding(own):
            yield from Stream(open, on_lost or self.on_lost, own, timeout)


def _job(job_id: str, *more: str) -> str:
    return "/".join(["/jobsub/jobs", quote(job_id, safe=""), *more])
