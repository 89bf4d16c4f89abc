"""A scripted service on a unix socket, for faults that the real one does not make."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import jupyter_jobsub
from jupyter_jobsub import JobsubClient
from jupyter_jobsub.client import stream
from tests.live import Live, live


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[[Request], Iterable[bytes]]


def answer(
    body: object = None,
    *,
    status: int = 200,
    version: str = jupyter_jobsub.__version__,
    kind: str = "application/json",
) -> bytes:
    """A whole response."""
    text = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nJobsub-Version: {version}\r\nContent-Type: {kind}\r\n"
    return f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text


def problem(status: int, **members: object) -> bytes:
    """A refusal."""
    return answer({"status": status, **members}, status=status, kind="application/problem+json")


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(text: str | bytes) -> bytes:
    """A chunk of a chunked body."""
    data = text.encode() if isinstance(text, str) else text
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def event(name: str, data: object, id: str | None = None) -> bytes:
    """A server-sent event in a chunk."""
    return chunk((f"id: {id}\n" if id else "") + f"event: {name}\ndata: {json.dumps(data)}\n\n")


class FakeService:
    """Answers requests with what the script gives; cuts the connection after an answer that ends with b""."""

    def __init__(self, data_dir: Path, script: Answer) -> None:
        self.requests: list[Request] = []
        self._script = script
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(data_dir / "service.sock"))
        self._listener.listen()
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for sock in self._open:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, sock.makefile("rb") as file:
            try:
                while request := self._read(file):
                    if request.target.endswith("/healthz"):
                        sock.sendall(answer({"status": "ok"}))
                        continue
                    self.requests.append(request)
                    piece = b""
                    for piece in self._script(request):
                        sock.sendall(piece)
                    if not piece:
                        return
            except OSError:
                pass

    @staticmethod
    def _read(file: Any) -> Request | None:
        words = file.readline().split()
        if not words:
            return None
        headers = {}
        while line := file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = file.read(int(headers.get("content-length", 0)))
        return Request(words[0].decode(), words[1].decode(), headers, body)


class Tools:
    """What tests make answers with."""

    STREAM = STREAM
    CUT = b""
    answer = staticmethod(answer)
    problem = staticmethod(problem)
    chunk = staticmethod(chunk)
    event = staticmethod(event)


@pytest.fixture
def http() -> type[Tools]:
    return Tools


@pytest.fixture
def data_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A private folder whose path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="jobsub-"))
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(folder))
    monkeypatch.delenv("JOBSUB_URL", raising=False)
    monkeypatch.setattr(stream, "DELAYS", (0.0,))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def fake(data_dir: Path) -> Iterator[Callable[[Answer], FakeService]]:
    """Start services with a script."""
    services: list[FakeService] = []

    def start(script: Answer) -> FakeService:
        services.append(FakeService(data_dir, script))
        return services[-1]

    yield start
    for service in services:
        service.close()


@pytest.fixture(scope="module")
def service() -> Iterator[Live]:
    """A real service."""
    with live() as running:
        yield running


@pytest.fixture
def at_service(service: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have clients find it."""
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(service.data))
    monkeypatch.delenv("JOBSUB_URL", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def client(at_service: None) -> Iterator[JobsubClient]:
    with JobsubClient(start=False) as made:
        yield made


class Left:
    """What this process has open."""

    @staticmethod
    def sockets() -> set[str]:
        names = set()
        for entry in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                names.add(str(entry.readlink()))
        return {name for name in names if name.startswith("socket:")}


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """See that no thread and no socket is left."""
    before = Left.sockets(), set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before[1]:
        thread.join(10)
        assert not thread.is_alive(), thread
    assert Left.sockets() <= before[0]
