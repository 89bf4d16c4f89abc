"""A small HTTP/1.1 client: one connection, one request at a time, bodies as they come.

``http.client`` would do, but it imports the e-mail parser, which takes longer than all the rest of
``jupyter jobsub list``.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress

MAX_LINE = 65_536
MAX_HEADERS = 200
PIECE = 65_536
ANSWER_LIMIT = 60.0  # seconds of silence
BODILESS = (204, 304)


class ConnectionLost(ConnectionError):
    """The other side went away, or does not speak HTTP, in the middle of an exchange."""


class Response:
    """A status, its headers (names in lower case), and a body that is read once.

    ``chunks`` gives the body's pieces as they arrive; ``read`` the whole.
    """

    def __init__(self, status: int, headers: Mapping[str, str], chunks: Iterator[bytes]) -> None:
        self.status = status
        self.headers = headers
        self.chunks = chunks

    def read(self) -> bytes:
        """Read what is left of the body."""
        return b"".join(self.chunks)


class Connection:
    """One kept-alive connection; a response must be read before the next request."""

    def __init__(self, sock: socket.socket, host: str) -> None:
        self.socket = sock
        self._file = sock.makefile("rb")
        self._host = host

    def request(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send a request and read the head of its response.

        Raises
        ------
        ConnectionLost
            If the connection ends before that.
        OSError
            If it fails otherwise; TimeoutError when nothing came in time.
        """
        fields = {"Host": self._host, **(headers or {})}
        if body is not None or method == "POST":
            fields["Content-Length"] = str(len(body or b""))
        head = "\r\n".join([f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())])
        if head.count("\n") != len(fields) or head.count("\r") != len(fields):
            raise ValueError("a header has a line break in it")
        # it may have answered before it read all (a body over the limit)
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(head.encode("latin-1") + b"\r\n\r\n" + (body or b""))
        return self._response(method)

    def close(self) -> None:
        """Close the connection; only for the thread that uses it."""
        self._file.close()
        self.socket.close()

    def interrupt(self) -> None:
        """End what another thread is reading or sending; it closes the connection then."""
        with suppress(OSError):  # not connected any more
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)  # TLS's own would take its state away too

    def is_quiet(self) -> bool:
        """Say whether it can be used again: not closed, and nothing came without being asked for."""
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        return not poll.poll(0)

    def _response(self, method: str) -> Response:
        status = self._status()
        headers = self._headers()
        while 100 <= status < 200:
            status, headers = self._status(), self._headers()
        if method == "HEAD" or status in BODILESS:
            return Response(status, headers, iter(()))
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return Response(status, headers, self._chunked())
        if (length := headers.get("content-length")) is not None:
            return Response(status, headers, self._counted(_number(length, 10)))
        return Response(status, headers, iter(lambda: self._file.read1(PIECE), b""))

    def _status(self) -> int:
        version, _, rest = self._line().partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            raise ConnectionLost("the answer is not HTTP")
        return int(rest[:3])

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        for _ in range(MAX_HEADERS):
            line = self._line()
            if not line:
                return headers
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        raise ConnectionLost("the answer has too many headers")

    def _line(self) -> str:
        try:
            line = self._file.readline(MAX_LINE)
        except ConnectionError as error:
            raise ConnectionLost("the connection was cut") from error
        if not line.endswith(b"\n"):
            raise ConnectionLost("the connection ended")
        return line.rstrip(b"\r\n").decode("latin-1")

    def _counted(self, left: int) -> Iterator[bytes]:
        while left:
            try:
                piece = self._file.read1(min(left, PIECE))
            except ConnectionError as error:
                raise ConnectionLost("the connection was cut") from error
            if not piece:
                raise ConnectionLost("the connection ended in the middle of an answer")
            left -= len(piece)
            yield piece

    def _chunked(self) -> Iterator[bytes]:
        while size := _number(self._line().partition(";")[0], 16):
            yield from self._counted(size)
            self._line()
        while self._line():
            pass  # trailers


def _number(text: str, base: int) -> int:
    try:
        number = int(text.strip(), base)
    except ValueError:
        number = -1
    if number < 0:
        raise ConnectionLost("the answer's length is not a number")
    return number
