"""Forward everything under ``jobsub/`` to the service: bytes as they come, both ways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.concurrent import Future
from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPServerRequest, ResponseStartLine
from tornado.iostream import StreamClosedError

from ..client.errors import Unreachable
from .problems import ProblemHandler
from .upstream import ConnectionLost, Exchange, Upstream

# What a request may carry to the service. Everything else stays here: cookies, tokens, and the
# headers with which proxies pass both.
REQUEST_HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Cache-Control",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "Last-Event-ID",
    "Range",
    "User-Agent",
)
SERVERS_OWN_ARGUMENTS = {"token", "_xsrf", "no_track_activity"}
# Of a response, everything passes but what belongs to a connection or to the Jupyter server.
KEPT_HERE = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-content-type-options",
}
UNESCAPED = "-._~@+"
REPEATABLE = ("GET", "HEAD")


@web.stream_request_body
class ForwardHandler(ProblemHandler, APIHandler):
    """Any request to the service."""

    upstream: Upstream
    max_body_bytes: int
    exchange: Exchange | None = None

    def initialize(self, upstream: Upstream, max_body_bytes: int) -> None:
        """Take what all requests share."""
        self.upstream = upstream
        self.max_body_bytes = max_body_bytes
        self.body = bytearray()

    async def prepare(self, **kwargs: Any) -> None:
        """Refuse a body that is too large before it is sent."""
        await super().prepare(**kwargs)
        length = self.request.headers.get("Content-Length", "")
        if length.isdigit() and int(length) > self.max_body_bytes:
            self._refuse_body()

    def data_received(self, chunk: bytes) -> None:
        """Keep the body, which is small."""
        if self._finished:
            return
        self.body += chunk
        if len(self.body) > self.max_body_bytes:
            self._refuse_body()

    def _refuse_body(self) -> None:
        self.write_problem(
            413,
            f"The request's body is over the limit of {self.max_body_bytes} bytes.",
            "send less, and put large inputs into files that the job reads",
        )

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Forward."""
        await self.forward()

    @web.authenticated
    @authorized
    async def head(self) -> None:
        """Forward."""
        await self.forward()

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Forward."""
        await self.forward()

    @web.authenticated
    @authorized
    async def put(self) -> None:
        """Forward."""
        await self.forward()

    @web.authenticated
    @authorized
    async def patch(self) -> None:
        """Forward."""
        await self.forward()

    @web.authenticated
    @authorized
    async def delete(self) -> None:
        """Forward."""
        await self.forward()

    async def forward(self) -> None:
        """Pass the request on, and the response back."""
        try:
            try:
                await self._attempt()
            except ConnectionLost:
                if not self._repeatable():
                    raise
                await self._attempt()
        except Unreachable as error:
            if self._begun():
                self._abort()
            else:
                self.write_problem(503, error.detail, error.remedy)

    async def _attempt(self) -> None:
        self.exchange = exchange = Forwarding(self)
        await exchange.run(self.upstream)
        if exchange.closed:
            self._abort()

    def _begun(self) -> bool:
        return self.exchange is not None and self.exchange.begun

    def _repeatable(self) -> bool:
        """Tell whether the request may be sent again without being done twice."""
        safe = self.request.method in REPEATABLE or "Idempotency-Key" in self.request.headers
        return safe and not self._begun()

    def _abort(self) -> None:
        """Cut the connection, so that nobody takes half a response for a whole one."""
        cast(HTTP1Connection, self.request.connection).close()

    def on_connection_close(self) -> None:
        """Tell the service that nobody listens any more."""
        if self.exchange is not None:
            self.exchange.close()

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None, **_: Any) -> Future[None]:
        """Finish with the content type that is set, where other API handlers say JSON."""
        self.update_api_activity()
        return super(APIHandler, self).finish(chunk)

    def compute_etag(self) -> None:
        """Leave validators to the service."""


class Forwarding(Exchange):
    """One request of a handler, whose response goes back through it."""

    def __init__(self, handler: ForwardHandler) -> None:
        request = handler.request
        assert request.method is not None
        super().__init__(
            request.method,
            target_of(request, handler.base_url),
            request_headers(request.headers, handler.current_user),
            bytes(handler.body),
        )
        self.handler = handler

    async def begin(self, start: ResponseStartLine, headers: HTTPHeaders) -> None:
        """Pass the head; at once if it is a stream, else with the first piece."""
        self.handler.set_status(start.code, start.reason)
        self.handler.clear_header("Content-Type")
        copy_headers(headers.get_all(), self.handler)
        if location := headers.get("Location"):
            self.handler.set_header("Location", url_path_join(self.handler.base_url, location))
        if "Content-Length" not in headers:
            await self._flush()

    async def receive(self, chunk: bytes) -> None:
        """Pass a piece, and wait until it has gone."""
        self.handler.write(chunk)
        await self._flush()

    async def _flush(self) -> None:
        try:
            await self.handler.flush()
        except StreamClosedError:
            self.close()


def target_of(request: HTTPServerRequest, base_url: str) -> str:
    """The service's path for a request's, without the arguments meant for the Jupyter server."""
    query = "&".join(a for a in request.query.split("&") if a.partition("=")[0] not in SERVERS_OWN_ARGUMENTS)
    path = "/" + request.path.removeprefix(base_url)
    return f"{path}?{query}" if query else path


def request_headers(given: HTTPHeaders, user: Any) -> HTTPHeaders:
    """The headers that reach the service, and the name of the person."""
    headers = HTTPHeaders({name: given[name] for name in REQUEST_HEADERS if name in given})
    headers["Jobsub-User"] = header_name_of(user.username)
    return headers


def header_name_of(username: str) -> str:
    """A user name as a header's value: percent-encoded beyond the usual characters."""
    return quote(username, safe=UNESCAPED)


def copy_headers(headers: Iterable[tuple[str, str]], handler: ForwardHandler) -> None:
    """Copy a response's headers that are not this server's business."""
    seen = set()
    for name, value in headers:
        if name.lower() in KEPT_HERE:
            continue
        # policies add up: what the service forbids is forbidden besides what this server does
        if name in seen or name.lower() == "content-security-policy":
            handler.add_header(name, value)
        else:
            handler.set_header(name, value)
            seen.add(name)
