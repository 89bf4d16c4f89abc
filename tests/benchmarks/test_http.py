"""The measuring client, against a server of the standard library."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.http import Address, Closed, Connection, encode, flood

EVENTS = b': hello\n\nid: 1\nevent: log\ndata: {"text": "a"}\n\nevent: end\ndata: {}\n\n'


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/closed":
            self.close_connection = True
            return
        self.send_response(200 if self.path == "/events" else 404)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in (EVENTS[:30], EVENTS[30:]):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = json.dumps({"path": self.path, "body": body.decode(), "x": self.headers.get("X")}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield ("127.0.0.1", server.server_address[1])
        server.shutdown()
        thread.join()


def test_requests_share_a_connection_and_its_headers(address: Address) -> None:
    with Connection(address, {"X": "1"}) as connection:
        first = connection.request("POST", "/a", {"b": 1})
        second = connection.request("POST", "/c", None, {"X": "2"})
    assert (first.status, first.json()) == (201, {"path": "/a", "body": '{"b": 1}', "x": "1"})
    assert second.json() == {"path": "/c", "body": "", "x": "2"}


def test_a_chunked_answer_is_read_whole(address: Address) -> None:
    with Connection(address) as connection:
        assert connection.request("GET", "/other").body == EVENTS
        assert connection.request("POST", "/a").status == 201


def test_events(address: Address) -> None:
    with Connection(address) as connection:
        assert list(connection.events("/events")) == [("log", {"text": "a"}), ("end", {})]


def test_a_stream_is_discarded_up_to_its_mark(address: Address) -> None:
    with Connection(address) as connection:
        connection.open_stream("/events")
        assert connection.discard(b"event: end") > 20


def test_a_server_that_hangs_up_is_said(address: Address) -> None:
    with Connection(address) as connection, pytest.raises(Closed):
        connection.request("GET", "/closed")


def test_a_flood_is_answered_whole(address: Address) -> None:
    load = flood(address, [encode("POST", "/a", {"n": 1})] * 50, clients=4)
    assert (load.requests, load.statuses) == (50, frozenset({201}))
    assert load.rate > 0
