from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from jupyter_jobsub import errors
from jupyter_jobsub.client import (
    Client,
    Expired,
    LocalEndpoint,
    ServerEndpoint,
    Unauthorized,
    Unreachable,
    find,
)
from jupyter_jobsub.client.errors import from_response


def test_jobs_fetches_pages_as_needed(fake: Callable, http: type) -> None:
    pages = {"": (["a", "b"], "2"), "2": (["c", "d"], "4"), "4": (["e"], None)}

    def script(request):
        cursor = request.target.partition("cursor=")[2].partition("&")[0]
        ids, after = pages[cursor]
        yield http.answer({"items": [{"id": i} for i in ids], "next": after})

    service = fake(script)
    with Client() as client:
        assert [
            row["id"] for row in client.jobs(page_size=2, phase=["Failed", "Running"], mine=True)
        ] == list("abcde")
        assert [row["id"] for row in client.jobs(limit=3, page_size=2)] == list("abc")
    targets = [request.target for request in service.requests]
    assert targets[0] == "/jobsub/jobs?limit=2&phase=Failed&phase=Running&mine=true"
    assert [target.partition("?")[2] for target in targets[3:]] == ["limit=2", "limit=1&cursor=2"]


def test_submit_is_sent_again_under_its_key(fake: Callable, http: type) -> None:
    replies = iter(
        [
            [http.CUT],
            [b"HTTP/1.1 201 Created\r\nContent-Le", http.CUT],
            [http.answer({"id": "a"}, status=201)],
        ]
    )
    service = fake(lambda request: next(replies))
    with Client() as client:
        assert client.submit({"command": "true"}) == {"id": "a"}
    keys = {request.headers["idempotency-key"] for request in service.requests}
    assert len(service.requests) == 3
    assert len(keys) == 1
    assert service.requests[2].json == {"command": "true"}


def test_what_may_not_be_done_twice_is_not_sent_again(fake: Callable, http: type) -> None:
    service = fake(lambda request: [http.CUT])
    with Client() as client, pytest.raises(Unreachable, match="lost"):
        client.delete("job-1")
    assert len(service.requests) == 1


def test_a_get_is_given_up_after_some_tries(fake: Callable, http: type) -> None:
    service = fake(lambda request: [http.CUT])
    with Client() as client, pytest.raises(Unreachable, match="lost"):
        client.job("job-1")
    assert len(service.requests) == 3


def test_an_id_can_not_leave_its_place_in_the_path(fake: Callable, http: type) -> None:
    service = fake(lambda request: [http.answer({})])
    with Client() as client:
        client.job("../stop?x")
    assert service.requests[0].target == "/jobsub/jobs/..%2Fstop%3Fx"


def test_a_log_is_read_as_it_comes(fake: Callable, http: type) -> None:
    fake(lambda request: [http.STREAM, http.chunk(b"one\n"), http.chunk(b"\xfftwo"), b"0\r\n\r\n"])
    with Client() as client:
        assert list(client.log("job-1")) == [b"one\n", b"\xfftwo"]


def test_a_log_that_is_cut_is_not_taken_for_whole(fake: Callable, http: type) -> None:
    fake(lambda request: [http.STREAM, http.chunk(b"one\n"), http.CUT])
    with Client() as client, pytest.raises(Unreachable):
        list(client.log("job-1"))


def part(status: int, body: bytes, length: int, version: str = '"v1"') -> bytes:
    """The begin of an artifact."""
    return f"HTTP/1.1 {status} X\r\nETag: {version}\r\nContent-Length: {length}\r\n\r\n".encode() + body


def test_an_artifact_is_read_on_where_the_connection_was_lost(fake: Callable, http: type) -> None:
    parts = iter([part(200, b"abc", 9), part(206, b"def", 6), part(206, b"ghi", 3)])
    service = fake(lambda request: [next(parts), http.CUT])
    with Client() as client:
        assert b"".join(client.artifact("job-1", "a b/c", attempt=2)) == b"abcdefghi"
    asked = [
        (request.target, request.headers.get("range"), request.headers.get("if-range"))
        for request in service.requests
    ]
    target = "/jobsub/jobs/job-1/artifacts/a%20b/c?attempt=2"
    assert asked == [(target, None, None), (target, "bytes=3-", '"v1"'), (target, "bytes=6-", '"v1"')]


def test_an_artifact_that_changes_is_not_put_together(fake: Callable, http: type) -> None:
    parts = iter([part(200, b"abc", 9), part(200, b"xyz", 3)])
    fake(lambda request: [next(parts), http.CUT])
    with Client() as client, pytest.raises(errors.Unavailable, match="has changed"):
        list(client.artifact("job-1", "a"))


def test_an_artifact_of_which_nothing_more_comes_is_given_up(fake: Callable, http: type) -> None:
    parts = iter([part(200, b"abc", 9), part(206, b"", 6)])
    fake(lambda request: [next(parts), http.CUT])
    with Client() as client, pytest.raises(Unreachable, match="lost"):
        list(client.artifact("job-1", "a"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (410, Expired),
        (413, errors.TooLarge),
        (503, errors.Unavailable),
        (418, errors.UserError),
        (500, errors.UserError),
    ],
)
def test_a_refusal_has_its_class(status: int, kind: type[errors.UserError]) -> None:
    body = json.dumps({"title": "T", "detail": "why", "remedy": "do", "status": status}).encode()
    error = from_response(status, body)
    assert type(error) is kind
    assert (error.status, error.title, error.detail, error.remedy) == (status, "T", "why", "do")


def test_an_invalid_request_has_all_its_errors() -> None:
    rows = [
        {"field": "name", "message": "is empty", "remedy": "fill it"},
        {"field": "env.1", "message": "bad"},
    ]
    error = from_response(422, json.dumps({"errors": rows, "detail": "x"}).encode())
    assert isinstance(error, errors.InvalidRequest)
    assert [(e.field, e.message, e.remedy) for e in error.errors] == [
        ("name", "is empty", "fill it"),
        ("env.1", "bad", ""),
    ]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'"x"', b"\xff"])
def test_a_refusal_in_other_words(body: bytes) -> None:
    assert from_response(502, body).detail == "HTTP status 502"


def test_a_jupyter_servers_refusal() -> None:
    error = from_response(403, b'{"message": "Forbidden", "reason": null}')
    assert isinstance(error, errors.Forbidden)
    assert error.detail == "Forbidden"


def test_a_server_that_is_not_ours(fake: Callable, http: type) -> None:
    replies = iter([http.answer(b"<html>", kind="text/html"), http.answer(b"<html>", status=404)])
    fake(lambda request: [next(replies)])
    with Client() as client:
        with pytest.raises(Unreachable, match="not one of the service's"):
            client.page()
        with pytest.raises(errors.NotFound, match="knows nothing of jobs") as found:
            client.page()
    assert "extension is enabled" in found.value.remedy


def test_a_login_page_means_that_a_token_is_missing() -> None:
    error = from_response(302, b"")
    assert isinstance(error, Unauthorized)
    assert "JOBSUB_TOKEN" in error.remedy


def test_find_prefers_the_url(monkeypatch: pytest.MonkeyPatch, data_dir) -> None:
    assert isinstance(find(), LocalEndpoint)
    monkeypatch.setenv("JOBSUB_URL", "http://localhost:8888/user/me/")
    monkeypatch.setenv("JOBSUB_TOKEN", "secret")
    endpoint = find()
    assert isinstance(endpoint, ServerEndpoint)
    assert (endpoint.prefix, endpoint.headers) == ("/user/me", {"Authorization": "token secret"})


@pytest.mark.parametrize(
    ("url", "prefix", "token"),
    [
        ("localhost:8888", "", None),
        ("https://hub.example/user/me?token=abc", "/user/me", "abc"),
        ("http://[::1]:8888/", "", None),
    ],
)
def test_server_addresses(url: str, prefix: str, token: str | None) -> None:
    endpoint = ServerEndpoint(url)
    assert endpoint.prefix == prefix
    assert endpoint.headers == ({"Authorization": f"token {token}"} if token else {})
    assert "token" not in endpoint.url


@pytest.mark.parametrize("url", ["ftp://x", "http://", "unix:///x", "http://x:port"])
def test_wrong_addresses(url: str) -> None:
    with pytest.raises(Unreachable, match="no http or https address") as found:
        ServerEndpoint(url)
    assert "JOBSUB_URL" in found.value.remedy


def test_a_server_that_is_not_there(unused_port: int) -> None:
    with pytest.raises(
        Unreachable, match=r"Can't connect to http://127.0.0.1:\d+/: Connection refused"
    ) as found:
        ServerEndpoint(f"http://127.0.0.1:{unused_port}/").connect()
    assert "JOBSUB_URL" in found.value.remedy


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
