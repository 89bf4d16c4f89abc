"""A small keep-alive HTTP/1.1 client over a unix socket, TCP or TLS: the same code for both sides.

It costs tens of microseconds a request, so that what is measured is the server.
"""

from __future__ import annotations

import json
import resource
import selectors
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Address: TypeAlias = Path | tuple[str, int]
STREAM_LIMIT = 120.0  # seconds; a stream that sends signs of life alone is stuck by then


class Closed(ConnectionError):
    """The server closed the connection before the answer was whole."""


@dataclass(frozen=True)
class Response:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Decode the body."""
        return json.loads(self.body)


def connect(address: Address, timeout: float = 60.0) -> socket.socket:
    """Open a stream to the server."""
    if isinstance(address, Path):
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(timeout)
        stream.connect(str(address))
        return stream
    stream = socket.create_connection(address, timeout)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def encode(method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> bytes:
    """Build the bytes of one request."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(content)}"]
    if body is not None:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Connection:
    """One keep-alive connection; headers given here go with every request."""

    def __init__(
        self,
        address: Address,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._headers = dict(headers or {})
        self._socket = connect(address, timeout)
        if trust and isinstance(address, tuple):
            self._socket = trust.wrap_socket(self._socket, server_hostname=address[0])
        self._read = b""
        self._buffer = bytearray(1 << 16)
        self._until_when = float("inf")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._socket.close()

    def request(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send one request and read its answer."""
        return self.send(encode(method, path, body, {**self._headers, **(headers or {})}))

    def send(self, request: bytes) -> Response:
        """Send a request that is built already and read its answer."""
        self._socket.sendall(request)
        status, found = self._head()
        content = b"".join(self._chunks()) if _chunked(found) else self._exactly(_length(status, found))
        return Response(status, found, content)

    def events(self, path: str, headers: Mapping[str, str] | None = None) -> Iterator[tuple[str, Any]]:
        """Follow server-sent events as (name, decoded data), comments left out."""
        lines = self.open_stream(path, headers)
        name, data = "message", ""
        for line in lines:
            if line.startswith(b"event: "):
                name = line[7:].decode()
            elif line.startswith(b"data: "):
                data += line[6:].decode()
            elif not line and data:
                yield name, json.loads(data)
                name, data = "message", ""

    def open_stream(self, path: str, headers: Mapping[str, str] | None = None) -> Iterator[bytes]:
        """Ask for a stream; once its head has come, answer an iterator over its lines."""
        self._socket.sendall(encode("GET", path, None, {**self._headers, **(headers or {})}))
        self._until_when = time.monotonic() + STREAM_LIMIT
        status, found = self._head()
        if status != 200:
            raise Closed(f"{path} answered {status}")
        return self._lines(_chunked(found))

    def discard(self, mark: bytes) -> int:
        """Read and forget, at next to no cost, until the mark has passed; answer the bytes read."""
        buffer, last, total = bytearray(1 << 20), self._read, len(self._read)
        while mark not in last:
            count = self._receive(buffer)
            total += count
            last = last[-len(mark) :] + buffer[max(0, count - (1 << 14)) : count]
        return total

    def _lines(self, chunked: bool) -> Iterator[bytes]:
        pieces = self._chunks() if chunked else self._pieces()
        rest = b""
        for piece in pieces:
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole

    def _head(self) -> tuple[int, dict[str, str]]:
        first, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = (line.split(":", 1) for line in lines if line)
        return int(first.split()[1]), {name.lower(): value.strip() for name, value in pairs}

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._until(b"\r\n"), 16):
            yield self._exactly(size + 2)[:-2]
        self._until(b"\r\n")

    def _pieces(self) -> Iterator[bytes]:
        while True:
            if not self._read:
                self._more()
            piece, self._read = self._read, b""
            yield piece

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._read:
            self._more()
        found, self._read = self._read.split(mark, 1)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            self._more()
        found, self._read = self._read[:size], self._read[size:]
        return found

    def _more(self) -> None:
        self._read += self._buffer[: self._receive(self._buffer)]

    def _receive(self, buffer: bytearray) -> int:
        count = self._socket.recv_into(buffer)
        if not count:
            raise Closed("the server closed the connection")
        if time.monotonic() > self._until_when:
            raise TimeoutError(f"a stream did not end within {STREAM_LIMIT:g} s")
        return count


def _chunked(headers: Mapping[str, str]) -> bool:
    return headers.get("transfer-encoding", "").lower() == "chunked"


def _length(status: int, headers: Mapping[str, str]) -> int:
    return 0 if status in (204, 304) else int(headers.get("content-length", "0"))


@dataclass(frozen=True)
class Load:
    """What a flood of requests came to.

    Parameters
    ----------
    seconds:
        First byte sent to last answer read.
    busy:
        Share of that time in which the client itself used a processor.
    """

    requests: int
    statuses: frozenset[int]
    seconds: float
    busy: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def flood(address: Address, requests: Sequence[bytes], clients: int) -> Load:
    """Send prebuilt requests over that many connections, each with one in flight."""
    waiting = list(reversed(requests))
    statuses: set[int] = set()
    streams = [connect(address) for _ in range(min(clients, len(requests)))]
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ, stream)
        unread = dict.fromkeys(streams, b"")
        began, used = time.perf_counter(), _processor_seconds()
        for stream in streams:
            stream.sendall(waiting.pop())
        done = 0
        while done < len(requests):
            for key, _ in selector.select(60) or _silent():
                stream = key.data
                unread[stream] += stream.recv(1 << 16) or _silent()
                if (status := _whole(unread[stream])) is None:
                    continue
                unread[stream], done = b"", done + 1
                statuses.add(status)
                if waiting:
                    stream.sendall(waiting.pop())
        seconds = time.perf_counter() - began
        busy = (_processor_seconds() - used) / seconds
    for stream in streams:
        stream.close()
    return Load(len(requests), frozenset(statuses), seconds, busy)


def _silent() -> Any:
    raise Closed("the server stopped answering under load")


def _whole(answer: bytes) -> int | None:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = answer[:end].lower()
    at = head.find(b"content-length:")
    length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
    return int(answer[9:12]) if len(answer) >= end + 4 + length else None


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
