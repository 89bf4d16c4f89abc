from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from jupyter_jobsub.client.http import Connection, ConnectionLost, Response

Exchange = Callable[[bytes], Response]


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    """Make a request of a peer that says the given bytes and goes away."""
    pairs: list[tuple[Connection, socket.socket]] = []

    def make(said: bytes) -> Response:
        ours, theirs = socket.socketpair()
        pairs.append((Connection(ours, "localhost"), theirs))
        theirs.sendall(said)
        theirs.shutdown(socket.SHUT_WR)
        return pairs[-1][0].request("GET", "/")

    yield make
    for connection, theirs in pairs:
        connection.close()
        theirs.close()


def test_body_with_a_length(exchange: Exchange) -> None:
    response = exchange(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nJobsub-Version: 1\r\n\r\nhello and more")
    assert response.read() == b"hello"
    assert response.headers["jobsub-version"] == "1"


def test_body_in_chunks_with_extension_and_trailer(exchange: Exchange) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert exchange(head + b"3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\n").read() == b"abc0123456789"


def test_chunks_come_as_they_are_sent() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        connection = Connection(ours, "localhost")
        theirs.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        chunks = connection.request("GET", "/").chunks
        assert next(chunks) == b"abc"
        theirs.sendall(b"2\r\nde\r\n0\r\n\r\n")
        assert list(chunks) == [b"de"]
        connection.close()


def test_body_until_the_end(exchange: Exchange) -> None:
    assert exchange(b"HTTP/1.0 200 OK\r\n\r\nall of it").read() == b"all of it"


def test_interim_answers_are_passed_over(exchange: Exchange) -> None:
    said = b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
    response = exchange(said)
    assert (response.status, response.read()) == (204, b"")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 70_000,
    ],
)
def test_what_is_cut_short_or_not_http_is_lost(exchange: Exchange, said: bytes) -> None:
    with pytest.raises(ConnectionLost):
        exchange(said).read()


def test_the_request() -> None:
    ours, theirs = socket.socketpair()
    heard = bytearray()

    def serve() -> None:
        while not heard.endswith(b"{}"):
            heard.extend(theirs.recv(1000))
        theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with theirs:
        thread = threading.Thread(target=serve)
        thread.start()
        connection = Connection(ours, "here")
        connection.request("POST", "/a?b=c", b"{}", {"Content-Type": "application/json"})
        thread.join()
        connection.close()
    assert bytes(heard) == (
        b"POST /a?b=c HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )


@pytest.mark.parametrize("value", ["a\r\nX: 1", "a\nX: 1", "a\rX: 1"])
def test_a_header_can_not_bring_another(exchange: Exchange, value: str) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        connection = Connection(ours, "localhost")
        with pytest.raises(ValueError, match="line break"):
            connection.request("GET", "/", headers={"A": value})
        connection.close()


def test_an_answer_to_a_request_that_was_not_read_is_heard() -> None:
    ours, theirs = socket.socketpair()
    theirs.sendall(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n")
    theirs.close()
    connection = Connection(ours, "localhost")
    assert connection.request("POST", "/", b"x" * 1_000_000).status == 413
    connection.close()
