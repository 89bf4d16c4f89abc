"""HTTP as the service speaks it: routes, requests, replies, problems.

A route is declared once; dispatching, validation of query and body, and the OpenAPI document
all come from that declaration. Endpoints parse nothing: they get a `Call` and answer a `Reply`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import pydantic_core
from pydantic import BaseModel, ValidationError
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler, stream_request_body

from .. import __version__
from ..errors import (
    EngineUnavailable,
    FieldError,
    InvalidRequest,
    NotFound,
    StoreError,
    StoreUnavailable,
    TooLarge,
    UserError,
)
from ..model.explain import explain
from ..policy import Person
from .bodies import parse_json

if TYPE_CHECKING:
    from .app import Service

log = logging.getLogger(__name__)

_Query = TypeVar("_Query", bound=BaseModel)


@dataclass(frozen=True)
class Reply:
    """What an endpoint answers; data that is not bytes is sent as JSON."""

    data: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """One request, as an endpoint sees it."""

    service: Service
    person: Person
    params: Mapping[str, str]
    handler: Handler
    _query: BaseModel | None = None
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def headers(self) -> Mapping[str, str]:
        """The request's headers."""
        return self.handler.request.headers

    def query(self, model: type[_Query]) -> _Query:
        """The validated query."""
        assert isinstance(self._query, model)
        return self._query

    def json(self) -> Any:
        """The decoded body."""
        return parse_json(self.handler.body)

    async def send(self, data: bytes) -> None:
        """Write a part of a streamed answer, waiting while the reader is slow."""
        async with self._sending:  # tornado forgets a flush that is waiting when another one begins
            self.handler.write(data)
            await self.handler.flush()

    def stream(self, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        """Begin a streamed answer, which ends when its reader goes away."""
        self.handler.streaming = asyncio.current_task()
        self.handler.set_header("Content-Type", content_type)
        self.handler.set_header("Cache-Control", "no-cache")
        for name, value in (headers or {}).items():
            self.handler.set_header(name, value)
        if self.handler.request.method == "HEAD":
            raise HeadersOnly


class HeadersOnly(Exception):
    """All of a streamed answer that HEAD asks for is there."""


Endpoint: TypeAlias = Callable[[Call], Awaitable[Reply | None]]


@dataclass(frozen=True)
class Route:
    """An endpoint's address, contract and documentation.

    Parameters
    ----------
    path:
        With ``{names}`` of parameters.
    query, body, answer:
        Models of the query, the body and the JSON that is answered.
    statuses:
        What it may answer, besides 200 or ``status``.
    media:
        The answer's content type where it isn't JSON.
    stream:
        Models of its server-sent events, by their names.
    headers, answer_headers:
        What counts of the request's and the answer's.
    """

    method: str
    path: str
    endpoint: Endpoint
    summary: str
    query: type[BaseModel] | None = None
    body: Any = None
    answer: Any = None
    status: int = 200
    statuses: Sequence[int] = ()
    media: str = "application/json"
    body_optional: bool = False
    stream: Mapping[str, Any] = field(default_factory=dict)
    headers: Sequence[str] = ()
    answer_headers: Sequence[str] = ()


@stream_request_body  # so that a huge body is answered with 413 and never held in memory
class Handler(RequestHandler):
    """Serves the routes of one path."""

    def initialize(self, service: Service, routes: Mapping[str, Route]) -> None:
        """Take what the application gives."""
        self.service = service
        self.routes = routes
        self.streaming: asyncio.Task[Any] | None = None
        self._chunks: list[bytes] = []
        self._received = 0

    @property
    def body(self) -> bytes:
        """The request's body."""
        return b"".join(self._chunks)

    def data_received(self, chunk: bytes) -> None:
        """Keep what is under the limit, count the rest."""
        self._received += len(chunk)
        if self._received <= self.service.config.max_body_bytes:
            self._chunks.append(chunk)

    def set_default_headers(self) -> None:
        """Say who answers, and that nothing may be guessed from contents."""
        self.clear_header("Server")
        self.set_header("Jobsub-Version", __version__)
        self.set_header("X-Content-Type-Options", "nosniff")

    async def _serve(self, **params: str) -> None:
        try:
            route = self._route()
            call = Call(self.service, self.service.person_of(self.request), params, self)
            call._query = self._parse_query(route)
            self._refuse_huge()
            reply = await route.endpoint(call)
            if reply is not None:
                self._reply(reply)
        except HeadersOnly:
            await self.flush()  # before anybody counts the bytes of a body that isn't sent
        except (StreamClosedError, asyncio.CancelledError):
            log.debug("%s went away", self.request.path)
        except UserError as error:
            self._problem(error.status, problem(error, reading=self.request.method in ("GET", "HEAD")))
        except StoreUnavailable as error:
            log.error("store: %s", error)
            self._problem(503, _plain(503, str(error), "try again in a moment"))
        except EngineUnavailable as error:
            self._problem(503, _plain(503, str(error), "nothing was removed; try again in a moment"))
        except StoreError as error:
            log.error("store: %s", error)
            self._problem(507, _plain(507, str(error), "free disk space or see `jupyter jobsub doctor`"))

    get = post = delete = head = put = patch = options = _serve

    def on_connection_close(self) -> None:
        """End what was being streamed to a reader that has gone."""
        if self.streaming:
            self.streaming.cancel()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer tornado's own errors, and ours, as problems without a traceback."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        detail = error.log_message if isinstance(error, HTTPError) and error.log_message else ""
        self._problem(status_code, _plain(status_code, detail or HTTPStatus(status_code).description))

    def _route(self) -> Route:
        method = "GET" if self.request.method == "HEAD" else self.request.method
        if method in self.routes:
            return self.routes[method]
        possible = sorted([*self.routes, *(["HEAD"] if "GET" in self.routes else [])])
        self.set_header("Allow", ", ".join(possible))
        raise _NotAllowed(
            f"{self.request.method} is not possible on {self.request.path}",
            remedy=f"use {' or '.join(possible)}",
        )

    def _refuse_huge(self) -> None:
        limit = self.service.config.max_body_bytes
        if self._received > limit:
            raise TooLarge(f"the body is over {limit} bytes", remedy="send less; put large data into files")

    def _parse_query(self, route: Route) -> BaseModel | None:
        given = {name: self.get_arguments(name) for name in self.request.query_arguments}
        model = route.query or Nothing
        many = {n for n, f in model.model_fields.items() if "list" in str(f.annotation)}
        try:
            return model.model_validate({n: v if n in many else v[-1] for n, v in given.items()})
        except ValidationError as error:
            raise explain(error) from error

    def _reply(self, reply: Reply) -> None:
        self.set_status(reply.status)
        for name, value in reply.headers.items():
            self.set_header(name, value)
        if reply.status == HTTPStatus.NO_CONTENT:
            return
        if isinstance(reply.data, bytes):
            self.write(reply.data)
        else:
            self.set_header("Content-Type", "application/json")
            self.write(to_json(reply.data))

    def _problem(self, status: int, body: Mapping[str, Any]) -> None:
        if self._headers_written:
            connection: Any = self.request.connection
            connection.close()  # a reader of half an answer must not take it for the whole
            return
        self.set_status(status)
        self.set_header("Content-Type", "application/problem+json")
        self.finish(to_json(body))


class Nothing(BaseModel, extra="forbid"):
    """No parameters."""


class _NotAllowed(UserError):
    status = 405
    title = "Method not allowed"


class Missing(Handler):
    """Answers for paths that nothing is at."""

    def _route(self) -> Route:
        raise NotFound(
            f"there is nothing at {self.request.path}", remedy="see what there is: /jobsub/openapi.json"
        )


def to_json(data: Any) -> bytes:
    """Encode compactly, as UTF-8."""
    return pydantic_core.to_json(data)


def problem(error: UserError, *, reading: bool) -> dict[str, Any]:
    """The error as problem+json (RFC 9457); where nobody only reads, it says that nothing was changed."""
    body = {"type": "about:blank", "title": error.title, "status": error.status}
    if isinstance(error, InvalidRequest):
        count = len({e.field for e in error.errors})
        wrong = f"{count} {'field is' if count == 1 else 'fields are'} wrong"
        body["detail"] = wrong if reading else f"{wrong}; nothing was changed"
        body["errors"] = [_field(e) for e in error.errors]
    else:
        body["detail"] = error.detail
    return body | ({"remedy": error.remedy} if getattr(error, "remedy", "") else {})


def _field(error: FieldError) -> dict[str, str]:
    return {"field": error.field, "message": error.message, "remedy": error.remedy}


def _plain(status: int, detail: str, remedy: str = "") -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return body | ({"remedy": remedy} if remedy else {})
