"""Requests from any number of threads over connections that are kept, and what ends them from outside."""

from __future__ import annotations

import json
import os
from _thread import allocate_lock  # importing threading would slow every command down
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlencode

from ..errors import UserError
from .errors import Closed, from_response, lost, not_json
from .http import Connection, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypeVar

    from .server import Endpoint

    T = TypeVar("T")

    class Held(Protocol):
        """What a scope can end: a connection, or another scope."""

        def interrupt(self) -> None: ...  # noqa: D102


TRIES = 3


class Scope:
    """What is ended together, at once and from any thread: connections in use, waits, other scopes."""

    def __init__(self) -> None:
        self.closed = False
        self._lock = allocate_lock()
        self._held: set[Held] = set()
        self._waking = allocate_lock()  # free when the scope is closed
        self._waking.acquire()

    def interrupt(self) -> None:
        """End all that is in the scope, and whatever comes into it; its users are told `Closed`."""
        with self._lock:
            if not self.closed:
                self.closed = True
                self._waking.release()
            for one in self._held:
                one.interrupt()

    @contextmanager
    def holding(self, one: Held) -> Iterator[None]:
        """Have a connection or another scope ended with this one."""
        with self._lock:
            if self.closed:
                raise Closed
            self._held.add(one)
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(one)

    def sleep(self, seconds: float) -> None:
        """Wait so long, or until the scope is closed."""
        if self._waking.acquire(timeout=seconds):
            self._waking.release()


class Transport:
    """Makes requests; each thread that waits for an answer has a connection to itself.

    Parameters
    ----------
    endpoint:
        Where the service is.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.scope = Scope()
        self._idle: list[Connection] = []
        self._process = os.getpid()

    def close(self) -> None:
        """Close the connections; what other threads wait for ends with `Closed`, later calls open others."""
        scope, self.scope = self.scope, Scope()
        scope.interrupt()
        while self._idle:
            self._idle.pop().close()

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
        scope = self.scope

        def once() -> tuple[Response, bytes]:
            with self._connection(scope) as connection:
                response = self._send(connection, method, target, data, sent)
                return response, response.read()

        return _repeat(once, scope, TRIES if (method == "GET" if repeatable is None else repeatable) else 1)

    @contextmanager
    def open(
        self,
        path: str,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        scope: Scope | None = None,
    ) -> Iterator[tuple[Connection, Response]]:
        """Begin a GET whose body is read as it comes, on a connection of its own.

        Parameters
        ----------
        scope:
            What ends it; by default `close` does.
        """
        scope = scope or self.scope

        def once() -> tuple[Connection, Response]:
            connection = self._connect(scope)
            try:
                with scope.holding(connection):
                    return connection, self._send(
                        connection, "GET", _target(path, query), None, headers or {}
                    )
            except BaseException:
                connection.close()
                raise

        connection, response = _repeat(once, scope, TRIES)
        try:
            with scope.holding(connection):
                yield connection, response
        finally:
            connection.close()

    def _send(
        self, connection: Connection, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Response:
        fields = {**self.endpoint.headers, **headers}
        response = connection.request(method, self.endpoint.prefix + target, body, fields)
        if response.status >= 300:
            raise from_response(response.status, response.read())
        return response

    @contextmanager
    def _connection(self, scope: Scope) -> Iterator[Connection]:
        """Lend a connection for one exchange; it is kept if the answer was read to its end."""
        connection = self._connect(scope, kept=True)
        whole = False
        try:
            with scope.holding(connection):
                yield connection
            whole = True
        except UserError:
            whole = True
            raise
        finally:
            if whole and not scope.closed:
                self._idle.append(connection)
            else:
                connection.close()

    def _connect(self, scope: Scope, *, kept: bool = False) -> Connection:
        if scope.closed:
            raise Closed
        return (self._kept() if kept else None) or self.endpoint.connect()

    def _kept(self) -> Connection | None:
        """Take a connection that was kept and is still good."""
        if self._process != os.getpid():  # after a fork they are the parent's
            self._idle, self._process = [], os.getpid()
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                return None
            if connection.is_quiet():
                return connection
            connection.close()
        return None


def _repeat(once: Callable[[], T], scope: Scope, tries: int) -> T:
    while True:
        tries -= 1
        try:
            return once()
        except OSError as error:
            if scope.closed:
                raise Closed from error
            if not tries or isinstance(error, TimeoutError):
                raise lost(error) from error


def _target(path: str, query: Mapping[str, object] | None) -> str:
    given = {key: _text(value) for key, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def _text(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [str(one) for one in value]
    return str(value).lower() if isinstance(value, bool) else str(value)
