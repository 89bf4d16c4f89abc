"""The way to the service: its socket, its start, and one request at a time as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from functools import cached_property
from typing import Any

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream, StreamClosedError

from ..client.errors import DOCTOR, Unreachable
from ..client.local import LocalEndpoint, check_folder
from ..errors import StoreError, UserError

PARAMETERS = HTTP1ConnectionParameters(max_body_size=sys.maxsize)  # a log may have any length
METHODS_WITH_BODY = ("POST", "PUT", "PATCH")


class ConnectionLost(Unreachable):
    """The service went away before the end of its response."""


class Upstream:
    """The local service, started when it is needed.

    Each request has its own connection: on a unix socket that costs a fraction of a millisecond,
    and none is left that could be stale, or that the service would take for somebody connected.
    """

    def __init__(self) -> None:
        self.on_contact: Callable[[], Awaitable[None]] | None = None  # the service is about to be asked
        self.exchanges: set[Exchange] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._start: asyncio.Task[None] | None = None
        self._found = False  # the service was there once, in a version that suits

    @cached_property
    def endpoint(self) -> LocalEndpoint:
        """Where the service is, and how every surface starts it."""
        return LocalEndpoint()

    async def connect(self, *, start: bool = True) -> IOStream:
        """Connect to the service, and start it if nobody answers.

        Raises
        ------
        Unreachable
            If it can't be started, or isn't there and is not to be started.
        """
        if self._closed:
            raise Unreachable("This Jupyter server is stopping.")
        stream = self._open() if self._found or not start else None
        if stream is None and start:
            await self._find()
            stream = self._open()
        if stream is None:
            raise Unreachable("The service is running and does not answer.", remedy=DOCTOR)
        if start and self.on_contact is not None:
            await self.on_contact()
        return stream

    def _open(self) -> IOStream | None:
        address = self.endpoint.socket_path
        sock = socket.socket(socket.AF_UNIX)
        sock.setblocking(False)
        try:
            check_folder(address.parent)
            sock.connect(str(address))
        except OSError:
            sock.close()
            return None
        return IOStream(sock)

    async def _find(self) -> None:
        """Start the service or wait for the start that is under way."""
        if self._start is None:
            self._start = asyncio.create_task(self._start_service())
            self._start.add_done_callback(self._started)
        start = self._start
        try:
            await asyncio.shield(start)
        except asyncio.CancelledError:
            if not start.cancelled():
                raise
            raise Unreachable("This Jupyter server is stopping.") from None

    async def _start_service(self) -> None:
        """Do what every surface does, in a thread because it waits."""
        try:
            await asyncio.to_thread(lambda: self.endpoint.connect().close())
        except (OSError, StoreError, UserError) as error:
            raise Unreachable(f"The service can't be started: {error}", remedy=DOCTOR) from error

    def _started(self, start: asyncio.Task[None]) -> None:
        self._start = None
        self._found = not start.cancelled() and start.exception() is None

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the requests, until it ends."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def close(self) -> None:
        """End every exchange, and wait for what `run` runs."""
        self._closed = True
        for exchange in list(self.exchanges):
            exchange.close()
        if self._start is not None:
            self._start.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)


class Exchange(HTTPMessageDelegate):
    """One request, and what is done with its response; subclasses say what.

    Parameters
    ----------
    method, target, headers, body
        The request.
    """

    def __init__(self, method: str, target: str, headers: HTTPHeaders, body: bytes = b"") -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.begun = False
        self.closed = False
        self._complete = False
        self._stream: IOStream | None = None

    async def begin(self, start: ResponseStartLine, headers: HTTPHeaders) -> None:
        """Take the response's head."""

    async def receive(self, chunk: bytes) -> None:
        """Take a piece of the body; no more is read before this returns."""

    async def run(self, upstream: Upstream, *, start: bool = True) -> None:
        """Send the request and take the response to its end, or until `close`.

        Parameters
        ----------
        start
            Start the service if nobody answers.

        Raises
        ------
        Unreachable
            If there is no service; ConnectionLost if it went away meanwhile.
        """
        upstream.exchanges.add(self)
        try:
            self._stream = await upstream.connect(start=start)
            if not self.closed:
                await self._exchange(self._stream)
        finally:
            upstream.exchanges.discard(self)
            self.close_stream()
        if not (self._complete or self.closed):
            raise ConnectionLost(
                "The service ended while it answered.", remedy="it is started anew by the next request"
            )

    async def _exchange(self, stream: IOStream) -> None:
        connection = HTTP1Connection(stream, True, PARAMETERS)
        if self.body or self.method in METHODS_WITH_BODY:
            self.headers["Content-Length"] = str(len(self.body))
        self.headers["Host"] = "localhost"
        self.headers["Connection"] = "close"
        start = RequestStartLine(self.method, self.target, "HTTP/1.1")
        connection.write_headers(start, self.headers, self.body)
        connection.finish()
        with contextlib.suppress(StreamClosedError):  # what it means, `run` says
            await connection.read_response(self)

    def close(self) -> None:
        """Stop: nobody wants the rest."""
        self.closed = True
        self.close_stream()

    def close_stream(self) -> None:
        """Close the connection, if there is one."""
        if self._stream is not None:
            self._stream.close()

    async def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        """Take the head, for tornado."""
        assert isinstance(start_line, ResponseStartLine)
        self.begun = True
        if not self.closed:
            await self.begin(start_line, headers)

    async def data_received(self, chunk: bytes) -> None:
        """Take a piece, for tornado."""
        if not self.closed:
            await self.receive(chunk)

    def finish(self) -> None:
        """Note that the response is whole, for tornado."""
        self._complete = True
