from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from pathlib import Path

import pytest
from jupyter_server.auth.identity import PasswordIdentityProvider, User
from tornado.httpclient import HTTPClientError
from tornado.httputil import HTTPHeaders
from tornado.iostream import StreamClosedError

from jupyter_jobsub.client.errors import Unreachable
from jupyter_jobsub.extension.forward import header_name_of


async def refused(fetch):
    with pytest.raises(HTTPClientError) as caught:
        await fetch
    response = caught.value.response
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(response.body)
    assert problem["status"] == response.code
    assert problem["title"]
    assert problem["detail"]
    assert "Traceback" not in problem["detail"]
    return problem


async def test_a_request_passes_and_its_response_comes_back(service, jp_fetch, jp_base_url):
    async def answer(handler):
        handler.set_status(201)
        handler.set_header("Location", "/jobsub/jobs/1")
        handler.set_header("Jobsub-Version", "7")
        handler.set_header("Content-Type", "application/json; charset=x")
        handler.write(b"[1]")

    service.answer = answer
    response = await jp_fetch("jobsub", "jobs", method="POST", body=b'{"name": "a"}', params={"a": "b c&d"})
    assert (response.code, response.body) == (201, b"[1]")
    assert response.headers["Location"] == f"{jp_base_url}jobsub/jobs/1"
    assert response.headers["Jobsub-Version"] == "7"
    assert response.headers["Content-Type"] == "application/json; charset=x"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert service.last.uri == "/jobsub/jobs?a=b+c%26d"
    assert json.loads(service.last.body) == {"name": "a"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def test_every_method_passes(service, jp_fetch, method):
    async def answer(handler):
        handler.set_status(204)

    service.answer = answer
    response = await jp_fetch("jobsub", "jobs", "1", method=method, allow_nonstandard_methods=True)
    assert response.code == 204
    assert "Content-Type" not in response.headers
    assert (service.last.method, service.last.path) == (method, "/jobsub/jobs/1")


async def test_the_head_of_a_response_tells_the_length_of_the_body(service, jp_fetch):
    async def answer(handler):
        handler.set_header("Content-Length", "12345")

    service.answer = answer
    response = await jp_fetch("jobsub", "jobs", method="HEAD")
    assert response.headers["Content-Length"] == "12345"


async def test_headers_that_matter_pass_and_secrets_stay(service, jp_serverapp, jp_fetch):
    token = jp_serverapp.identity_provider.token
    passed = {
        "Accept": "text/event-stream",
        "Content-Type": "application/json",
        "Idempotency-Key": "k1",
        "Last-Event-ID": "42",
    }
    kept = {
        "Cookie": "session=secret",
        "Jobsub-User": "root",
        "X-XSRFToken": "secret",
        "X-Forwarded-Access-Token": "secret",
        "Connection": "keep-alive, X-Odd",
        "TE": "trailers",
    }
    params = {"token": token, "_xsrf": "secret", "no_track_activity": "1", "limit": "5"}
    await jp_fetch("jobsub", "jobs", headers=passed | kept, params=params)
    given = service.last.headers
    assert {name: given[name] for name in passed} == passed
    assert "secret" not in str(given)
    assert token not in str(given)
    assert "Authorization" not in given
    assert given.get_list("Jobsub-User") != ["root"]
    assert service.last.uri == "/jobsub/jobs?limit=5"


class Ada(PasswordIdentityProvider):
    def get_user(self, handler):
        return User("ada lovelace")


async def test_the_person_is_named_to_the_service(service, jp_serverapp, jp_fetch):
    jp_serverapp.web_app.settings["identity_provider"] = Ada()
    await jp_fetch("jobsub", "jobs", headers={"Jobsub-User": "root"})
    assert service.last.headers.get_list("Jobsub-User") == ["ada%20lovelace"]


def test_any_name_can_be_a_header():
    assert header_name_of("ada.l+x@example.org") == "ada.l+x@example.org"
    assert header_name_of("Ä\r\nX: 1 %") == "%C3%84%0D%0AX%3A%201%20%25"


async def test_the_services_own_errors_pass_unchanged(service, jp_fetch):
    problem = {"type": "about:blank", "title": "T", "status": 422, "detail": "D", "errors": [{"field": "f"}]}

    async def answer(handler):
        handler.set_status(422)
        handler.set_header("Content-Type", "application/problem+json")
        handler.write(json.dumps(problem))

    service.answer = answer
    assert await refused(jp_fetch("jobsub", "jobs", method="POST", body=b"{}")) == problem


async def test_cookies_and_hop_by_hop_headers_of_the_service_stay(service, jp_fetch):
    async def answer(handler):
        handler.set_header("Set-Cookie", "a=b")
        handler.set_header("Keep-Alive", "timeout=5")
        handler.write("x")

    service.answer = answer
    headers = (await jp_fetch("jobsub", "jobs")).headers
    assert "a=b" not in headers.get_list("Set-Cookie")
    assert "Keep-Alive" not in headers


async def test_a_policy_of_the_service_counts_besides_the_servers_own(service, jp_fetch):
    async def answer(handler):
        handler.set_header("Content-Security-Policy", "sandbox")
        handler.write("x")

    service.answer = answer
    policies = (await jp_fetch("jobsub", "jobs")).headers.get_list("Content-Security-Policy")
    assert len(policies) == 2
    assert "default-src 'none'" in policies[0]
    assert policies[1] == "sandbox"


async def test_a_stream_arrives_piece_by_piece(service, jp_fetch):
    got: asyncio.Queue[bytes] = asyncio.Queue()

    async def answer(handler):
        handler.set_header("Content-Type", "text/event-stream")
        for n in range(3):
            handler.write(f"data: {n}\n\n")
            await handler.flush()
            assert await got.get() == f"data: {n}\n\n".encode()

    service.answer = answer
    response = await jp_fetch("jobsub", "events", streaming_callback=got.put_nowait)
    assert response.headers["Content-Type"] == "text/event-stream"


async def test_a_stream_that_says_nothing_yet_has_begun(service, open_raw):
    async def answer(handler):
        handler.set_header("Content-Type", "text/event-stream")
        await handler.flush()
        await service.gone.wait()

    service.answer = answer
    stream = await open_raw("GET", "jobsub/events")
    assert (await stream.read_until(b"\r\n")).startswith(b"HTTP/1.1 200")
    stream.close()
    await asyncio.wait_for(service.gone.wait(), 5)


async def test_a_client_that_leaves_ends_the_request(service, open_raw):
    async def answer(handler):
        await service.gone.wait()

    service.answer = answer
    stream = await open_raw("GET", "jobsub/jobs")
    while not service.requests:
        await asyncio.sleep(0.01)
    stream.close()
    await asyncio.wait_for(service.gone.wait(), 5)


async def test_a_slow_reader_slows_the_service_down(service, open_raw):
    sent = 0

    async def answer(handler):
        nonlocal sent
        for _ in range(1000):
            handler.write(b"x" * 100_000)
            await handler.flush()
            sent += 100_000

    service.answer = answer
    stream = await open_raw("GET", "jobsub/jobs/1/log")
    before = -1
    while sent != before:
        before = sent
        await asyncio.sleep(0.2)
    assert 0 < sent < 50_000_000
    stream.close()
    await asyncio.wait_for(service.gone.wait(), 5)


@pytest.mark.parametrize("counted", [True, False])
async def test_a_download_of_200_mb_is_whole(service, http_server_client, jp_fetch, counted):
    http_server_client.max_body_size = 2**30
    piece = bytes(range(256)) * 1024
    pieces = 200 * 2**20 // len(piece)
    expected, got = hashlib.sha256(), hashlib.sha256()

    async def answer(handler):
        if counted:
            handler.set_header("Content-Length", str(pieces * len(piece)))
        for n in range(pieces):
            part = n.to_bytes(4, "big") + piece[4:]
            expected.update(part)
            handler.write(part)
            await handler.flush()

    service.answer = answer
    await jp_fetch("jobsub", "jobs", "1", "log", streaming_callback=got.update, request_timeout=60)
    assert got.digest() == expected.digest()


@pytest.mark.parametrize("counted", [True, False])
async def test_half_a_response_is_never_a_whole_one(service, open_raw, counted):
    async def answer(handler):
        if counted:
            handler.set_header("Content-Length", "100")
        handler.write("half")
        await handler.flush()
        await service.kill()

    service.answer = answer
    stream = await open_raw("GET", "jobsub/jobs")
    with pytest.raises(StreamClosedError):
        await stream.read_until(b"0\r\n\r\n")


class FlakyService:
    """Dies of the first request and answers the next."""

    def __init__(self, service):
        self.service = service
        self.asked = 0
        service.answer = self.answer

    async def answer(self, handler):
        self.asked += 1
        if self.asked == 1:
            handler.request.connection.close()
        else:
            handler.write("ok")


@pytest.mark.parametrize(
    "request_",
    [{"method": "GET"}, {"method": "POST", "body": b"{}", "headers": {"Idempotency-Key": "k"}}],
    ids=["get", "post with a key"],
)
async def test_a_request_that_may_be_repeated_is(service, jp_fetch, request_):
    flaky = FlakyService(service)
    assert (await jp_fetch("jobsub", "jobs", **request_)).body == b"ok"
    assert flaky.asked == 2


async def test_a_request_that_may_not_be_repeated_is_not(service, jp_fetch):
    flaky = FlakyService(service)
    problem = await refused(jp_fetch("jobsub", "jobs", method="POST", body=b"{}"))
    assert problem["status"] == 503
    assert problem["remedy"]
    assert flaky.asked == 1


async def test_a_large_body_is_refused_before_it_is_sent(service, open_raw):
    stream = await open_raw("POST", "jobsub/jobs", "Content-Length: 2000000000")
    head = HTTPHeaders.parse((await stream.read_until(b"\r\n\r\n")).decode().partition("\r\n")[2])
    problem = json.loads(await stream.read_bytes(int(head["Content-Length"])))
    assert head["Content-Type"] == "application/problem+json"
    assert (problem["status"], bool(problem["remedy"])) == (413, True)
    assert not service.requests


async def test_a_large_body_of_unknown_length_is_refused_when_it_is_over(service, open_raw):
    stream = await open_raw("POST", "jobsub/jobs", "Transfer-Encoding: chunked")
    for _ in range(17):
        await stream.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    assert (await stream.read_until(b"\r\n")).startswith(b"HTTP/1.1 413")
    assert not service.requests


async def test_a_body_at_the_limit_passes(service, jp_fetch):
    body = b"x" * 2**20
    await jp_fetch("jobsub", "jobs", method="POST", body=body)
    assert service.last.body == body


async def test_six_streams_leave_room_for_requests(service, open_raw, jp_fetch):
    async def answer(handler):
        if handler.request.path == "/jobsub/events":
            handler.set_header("Content-Type", "text/event-stream")
            await handler.flush()
            await service.gone.wait()
        else:
            handler.write("ok")

    service.answer = answer
    streams = [await open_raw("GET", "jobsub/events") for _ in range(30)]
    for stream in streams:
        await stream.read_until(b"\r\n\r\n")
    for _ in range(10):
        assert (await jp_fetch("jobsub", "jobs")).body == b"ok"
    for stream in streams:
        stream.close()


async def test_an_unknown_start_of_the_address_is_not_ours(service, jp_fetch):
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("jobsubmarine")
    assert caught.value.code == 404
    assert not service.requests


async def test_a_service_that_cannot_start_is_a_503_with_a_remedy(folder: Path, monkeypatch, jp_fetch):
    (folder / "file").touch()
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(folder / "file" / "jobsub"))
    problem = await refused(jp_fetch("jobsub", "jobs"))
    assert problem["status"] == 503
    assert str(folder) in problem["detail"]
    assert problem["remedy"]


class StartedOnce:
    """An endpoint whose start a test can hold."""

    def __init__(self, real, error=None):
        self.socket_path = real.socket_path
        self.calls = 0
        self.go = threading.Event()
        self.error = error
        self.real = real

    def connect(self):
        self.calls += 1
        self.go.wait(10)
        if self.error:
            raise self.error
        return self.real.connect()


async def test_requests_at_once_share_a_start(service, extension, jp_fetch):
    upstream = extension.hub.upstream
    upstream.endpoint = endpoint = StartedOnce(upstream.endpoint)
    fetches = [asyncio.ensure_future(jp_fetch("jobsub", "jobs")) for _ in range(5)]
    while not endpoint.calls:
        await asyncio.sleep(0.01)
    await jp_fetch("api", "status")  # the event loop is free meanwhile
    endpoint.go.set()
    assert {(await fetch).code for fetch in fetches} == {200}
    assert endpoint.calls == 1


async def test_a_start_that_failed_is_tried_again_by_the_next_request(service, extension, jp_fetch):
    upstream = extension.hub.upstream
    upstream.endpoint = endpoint = StartedOnce(upstream.endpoint, Unreachable("No room.", remedy="make some"))
    endpoint.go.set()
    problem = await refused(jp_fetch("jobsub", "jobs"))
    assert (problem["detail"], problem["remedy"]) == ("No room.", "make some")
    endpoint.error = None
    assert (await jp_fetch("jobsub", "jobs")).code == 200


async def test_stopping_the_server_ends_what_is_under_way(service, extension, open_raw):
    async def answer(handler):
        handler.set_header("Content-Type", "text/event-stream")
        await handler.flush()
        await service.gone.wait()

    service.answer = answer
    stream = await open_raw("GET", "jobsub/events")
    await stream.read_until(b"\r\n\r\n")
    await extension.stop_extension()
    await asyncio.wait_for(service.gone.wait(), 5)
    with pytest.raises(StreamClosedError):
        await stream.read_until(b"0\r\n\r\n")
