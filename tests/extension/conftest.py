"""A Jupyter server with the extension, before a service that is played or real."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream
from tornado.netutil import bind_unix_socket
from tornado.tcpclient import TCPClient
from tornado.web import Application, RequestHandler
from traitlets.config import Config

from jupyter_jobsub import paths
from jupyter_jobsub.extension.app import JobsubExtension

Answer = Callable[[RequestHandler], Awaitable[None]]


class Played(RequestHandler):
    """Answers as the test said."""

    def initialize(self, service: PlayedService) -> None:
        self.service = service

    @property
    def listens(self) -> bool:
        """It is the extension itself that asks, for the server's event logger."""
        return "passive" in self.request.query_arguments

    async def answer(self) -> None:
        if self.listens:
            await self.service.answer_listener(self)
            return
        self.service.requests.append(self.request)
        await self.service.answer(self)

    get = head = post = put = patch = delete = answer

    def on_connection_close(self) -> None:
        if not self.listens:
            self.service.gone.set()


async def say_ok(handler: RequestHandler) -> None:
    handler.write({"ok": True})


async def say_hello(handler: RequestHandler) -> None:
    handler.set_header("Content-Type", "text/event-stream")
    handler.write('event: hello\ndata: {"last": 0}\n\n')
    await handler.flush()
    await asyncio.Event().wait()


class PlayedService:
    """A service on the socket of a data folder, which answers what a test tells it to."""

    def __init__(self, folder: Path) -> None:
        self.address = paths.socket_path(folder)
        self.requests: list[HTTPServerRequest] = []
        self.gone = asyncio.Event()
        self.answer: Answer = say_ok
        self.answer_listener: Answer = say_hello
        self.server: HTTPServer | None = None

    def start(self) -> None:
        self.server = HTTPServer(
            Application([(r"/jobsub/healthz", Healthz), (r".*", Played, {"service": self})])
        )
        self.server.add_socket(bind_unix_socket(str(self.address), 0o600))

    async def kill(self) -> None:
        """Stop listening and cut every connection."""
        assert self.server is not None
        self.server.stop()
        self.address.unlink()
        await self.server.close_all_connections()

    @property
    def last(self) -> HTTPServerRequest:
        return self.requests[-1]


class Healthz(RequestHandler):
    def get(self) -> None:
        self.write({"status": "ok"})


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder whose socket path is short."""
    path = Path(tempfile.mkdtemp(prefix="jobsub-"))
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(path))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def jp_server_config(folder: Path) -> Config:
    return Config({"ServerApp": {"jpserver_extensions": {"jupyter_jobsub": True}}})


@pytest.fixture
def service(folder: Path, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[PlayedService]:
    async def start() -> PlayedService:
        played = PlayedService(folder)
        played.start()
        return played

    played = jp_asyncio_loop.run_until_complete(start())
    yield played
    if played.address.exists():
        jp_asyncio_loop.run_until_complete(played.kill())


@pytest.fixture
def extension(jp_serverapp: ServerApp) -> JobsubExtension:  # noqa: F405
    [app] = jp_serverapp.extension_manager.extension_apps["jupyter_jobsub"]
    return app


@pytest.fixture
def open_raw(http_server, jp_http_port, jp_base_url, jp_auth_header):
    streams = []

    async def send(method: str, path: str, *lines: str, body: bytes = b"") -> IOStream:
        stream = await TCPClient().connect("127.0.0.1", jp_http_port)
        streams.append(stream)
        head = [f"{method} {jp_base_url}{path} HTTP/1.1", "Host: localhost", *lines]
        head += [f"{name}: {value}" for name, value in jp_auth_header.items()]
        await stream.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        return stream

    yield send
    for stream in streams:
        stream.close()
