"""Every call of the service's HTTP interface, as a method; values are what JSON says."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, urlencode

from ..errors import NotFound
from .errors import from_response, lost, not_json
from .http import Connection, Response
from .server import find
from .stream import Event, Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias, TypeVar

    from .server import Endpoint

    Row: TypeAlias = dict[str, Any]
    T = TypeVar("T")

TRIES = 3
FINAL = ("Succeeded", "Failed", "Cancelled")


def _ignore(_: Exception) -> None:
    """Say nothing about a stream that is being got back."""


class Client:
    """Talks to the service over one kept-alive connection, and one more for each stream.

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
        self.endpoint = find() if endpoint is None else endpoint
        self.on_lost = on_lost
        self._connection: Connection | None = None

    def close(self) -> None:
        """Close the connection; a later call opens it again."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # requests

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> Any:
        """Make a request and decode the answer.

        Parameters
        ----------
        query:
            None values are left out, sequences repeated.
        repeatable:
            It may be sent again when the connection is lost before the answer; by default a GET.

        Raises
        ------
        UserError
            If the service refuses.
        Unreachable
            If nobody answers.
        """
        _, text = self.exchange(method, path, query=query, body=body, headers=headers, repeatable=repeatable)
        try:
            return json.loads(text) if text else None
        except ValueError as error:
            raise not_json() from error

    def exchange(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> tuple[Response, bytes]:
        """Make a request; give the response and its whole body."""
        sent = dict(headers or {})
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        target = _target(path, query)

        def once() -> tuple[Response, bytes]:
            response = self._send(self._kept(), method, target, data, sent)
            return response, response.read()

        return self._repeat(once, TRIES if (method == "GET" if repeatable is None else repeatable) else 1)

    def open(
        self, path: str, query: Mapping[str, object] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[Connection, Response]:
        """Begin a GET whose body is read as it comes, on a connection of its own."""

        def once() -> tuple[Connection, Response]:
            connection = self.endpoint.connect()
            try:
                return connection, self._send(connection, "GET", _target(path, query), None, headers or {})
            except BaseException:
                connection.close()
                raise

        return self._repeat(once, TRIES)

    def _send(
        self, connection: Connection, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Response:
        fields = {**self.endpoint.headers, **headers}
        response = connection.request(method, self.endpoint.prefix + target, body, fields)
        if response.status >= 300:
            raise from_response(response.status, response.read())
        return response

    def _kept(self) -> Connection:
        if self._connection is None:
            self._connection = self.endpoint.connect()
        return self._connection

    def _repeat(self, once: Callable[[], T], tries: int) -> T:
        while True:
            tries -= 1
            try:
                return once()
            except (ConnectionError, TimeoutError) as error:
                self.close()
                if not tries or isinstance(error, TimeoutError):
                    raise lost(error) from error

    # jobs

    def submit(self, spec: Mapping[str, object], *, idempotency_key: str | None = None) -> Row:
        """Submit a job; sent again safely if the connection is lost, thanks to its key."""
        key = idempotency_key or os.urandom(16).hex()
        headers = {"Idempotency-Key": key}
        answer: Row = self.call("POST", "/jobsub/jobs", body=spec, headers=headers, repeatable=True)
        return answer

    def page(self, **query: object) -> Row:
        """Fetch one page of the list: ``items``, newest first, and ``next``, a cursor or None."""
        answer: Row = self.call("GET", "/jobsub/jobs", query=query)
        return answer

    def jobs(self, *, limit: int | None = None, page_size: int = 500, **query: object) -> Iterator[Row]:
        """Iterate over the list, newest first, fetching pages as needed."""
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
        """Cancel, pause or resume; asking twice is the same as asking once."""
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

    # logs and events

    def log(self, job_id: str, **query: object) -> Iterator[bytes]:
        """Read a log as it is now: the whole (``download=True``), or its last ``tail`` lines."""
        connection, response = self.open(_job(job_id, "log"), query)
        try:
            yield from response.chunks
        except (ConnectionError, TimeoutError) as error:
            raise lost(error) from error
        finally:
            connection.close()

    def follow(self, job_id: str, **query: object) -> Iterator[tuple[str, Any]]:
        """Follow a log to the job's end, whatever happens to the service meanwhile.

        Yields
        ------
        ("log", bytes), ("attempt", number) when another attempt begins, ("job", job) when it has
        changed, at last ("end", job).
        """
        for event in self._stream(_job(job_id, "log"), {"follow": True, **query}):
            data = json.loads(event.data)
            if event.name == "log":
                yield "log", base64.b64decode(data["base64"]) if "base64" in data else data["text"].encode()
            elif event.name == "attempt":
                yield "attempt", data["attempt"]
            elif event.name in ("job", "end"):
                yield event.name, data
            if event.name == "end":
                return

    def events(self, *, timeout: float | None = None) -> Iterator[tuple[str, Row]]:
        """Watch what happens to all jobs: ("hello", …) at each connection, ("job", …), ("deleted", …)."""
        for event in self._stream("/jobsub/events", None, timeout):
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
        left = dict.fromkeys(job_ids)
        if not left:
            return
        for name, data in self.events(timeout=timeout):
            if name == "hello":  # what happened before this connection is in the jobs themselves
                rows = [self.job(job_id) for job_id in left]
            elif name == "deleted" and data["id"] in left:
                raise NotFound(f"{data['id']} has been deleted.")
            else:
                rows = [data["job"]] if name == "job" else []
            for row in rows:
                if row["id"] in left and row["phase"] in FINAL:
                    del left[row["id"]]
                    yield row
            if not left:
                return

    def _stream(
        self, path: str, query: Mapping[str, object] | None, timeout: float | None = None
    ) -> Iterator[Event]:
        def open(last: str | None) -> tuple[Connection, Response]:
            headers = {"Accept": "text/event-stream"}
            if last is not None:
                headers["Last-Event-ID"] = last
            return self.open(path, query, headers)

        return iter(Stream(open, self.on_lost, timeout))


def _job(job_id: str, *more: str) -> str:
    return "/".join(["/jobsub/jobs", quote(job_id, safe=""), *more])


def _target(path: str, query: Mapping[str, object] | None) -> str:
    given = {key: _text(value) for key, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def _text(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [str(one) for one in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
