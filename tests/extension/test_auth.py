from __future__ import annotations

import json

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

GUARDED = ("jobsub", "jobsub/jobs", "jobsub/server", "jobsub/healthz/x", "jobsub/no/such")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
PATHS = {"/jobsub/healthz", "/jobsub/ws", "/jobsub/server", "/jobsub(?:/.*)?"}
NOBODY = {"Authorization": "token wrong"}


class Asked(Authorizer):
    """Allows nothing and keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []

    def is_authorized(self, handler, user, action, resource) -> bool:
        self.asked.append((action, resource))
        return False


@pytest.fixture
def denying(jp_serverapp):
    jp_serverapp.web_app.settings["authorizer"] = authorizer = Asked()
    return authorizer


@pytest.fixture
def our_routes(jp_serverapp, jp_base_url):
    """The patterns, below the base URL, of every handler that this package has added."""
    rules = [rule for group in jp_serverapp.web_app.default_router.rules for rule in group.target.rules]
    ours = [rule for rule in rules if rule.target.__module__.startswith("jupyter_jobsub")]
    return {rule.matcher.regex.pattern.removesuffix("$").replace(jp_base_url, "/", 1) for rule in ours}


async def test_the_tests_below_know_every_route(our_routes):
    assert our_routes == PATHS


async def refusal(jp_fetch, path, method, **kwargs):
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch(path, method=method, allow_nonstandard_methods=True, follow_redirects=False, **kwargs)
    response = caught.value.response
    assert response.headers["Content-Type"] == "application/problem+json"
    if method != "HEAD":
        assert json.loads(response.body)["status"] == response.code
    return response


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize("method", METHODS)
async def test_nobody_gets_anything(service, jp_fetch, path, method):
    response = await refusal(jp_fetch, path, method, headers=dict(NOBODY))
    assert response.code == 403
    if method != "HEAD":
        assert "log in" in json.loads(response.body)["remedy"]
    assert not service.requests


@pytest.mark.parametrize("method", METHODS)
async def test_a_server_that_allows_no_unauthenticated_access_answers_the_same(
    service, jp_serverapp, jp_fetch, method
):
    jp_serverapp.web_app.settings["allow_unauthenticated_access"] = False
    assert (await refusal(jp_fetch, "jobsub/jobs", method, headers=dict(NOBODY))).code == 403


@pytest.mark.parametrize("open_to_all", [True, False])
async def test_whether_the_service_answers_is_told_to_everybody(service, jp_serverapp, jp_fetch, open_to_all):
    jp_serverapp.web_app.settings["allow_unauthenticated_access"] = open_to_all
    for method, body in (("GET", b'{"status": "ok"}'), ("HEAD", b"")):
        response = await jp_fetch("jobsub/healthz", method=method, headers=dict(NOBODY))
        assert (response.code, response.body) == (200, body)
    await service.kill()
    response = await refusal(jp_fetch, "jobsub/healthz", "GET", headers=dict(NOBODY))
    assert (response.code, json.loads(response.body)["detail"]) == (503, "The service does not answer.")
    for method in METHODS[2:]:
        assert (await refusal(jp_fetch, "jobsub/healthz", method, headers=dict(NOBODY))).code == 403


@pytest.mark.parametrize("method", METHODS)
async def test_who_is_not_authorized_gets_nothing(service, denying, jp_fetch, method):
    assert (await refusal(jp_fetch, "jobsub/jobs", method)).code == 403
    action = "read" if method in ("GET", "HEAD") else "write"
    assert denying.asked == [(action, "jobsub")]
    assert not service.requests


async def test_what_this_server_says_of_itself_is_for_those_who_may_read(service, denying, jp_fetch):
    assert (await refusal(jp_fetch, "jobsub/server", "GET")).code == 403
    assert denying.asked == [("read", "jobsub")]


async def test_methods_do_not_share_an_action(service, denying, jp_fetch):
    for method in ("POST", "GET", "DELETE"):
        await refusal(jp_fetch, "jobsub/jobs", method)
    assert [action for action, _ in denying.asked] == ["write", "read", "write"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_page_of_another_site_cannot_write(service, jp_serverapp, jp_fetch, method):
    """A browser's cookie alone is not enough: the XSRF token must come with it."""
    cookie = await logged_in_cookie(jp_fetch, jp_serverapp)
    headers = {"Authorization": "", "Cookie": cookie, "Origin": "http://evil.example"}
    assert (await refusal(jp_fetch, "jobsub/jobs", method, headers=headers)).code in (403, 404)
    headers = {"Authorization": "", "Cookie": cookie}
    response = await refusal(jp_fetch, "jobsub/jobs", method, headers=headers)
    assert response.code == 403
    assert "XSRF" in json.loads(response.body)["remedy"]
    assert not service.requests


async def logged_in_cookie(jp_fetch, jp_serverapp) -> str:
    response = await jp_fetch("api/status")
    return "; ".join(cookie.partition(";")[0] for cookie in response.headers.get_list("Set-Cookie"))


async def test_a_browser_with_cookie_and_xsrf_token_can_write(service, jp_serverapp, jp_fetch):
    cookie = await logged_in_cookie(jp_fetch, jp_serverapp)
    headers = {"Authorization": "", "Cookie": f"{cookie}; _xsrf=abc", "X-XSRFToken": "abc"}
    response = await jp_fetch("jobsub/jobs", method="POST", body=b"{}", headers=headers)
    assert response.code == 200


@pytest.fixture
def connect(jp_http_port, http_server, jp_base_url, jp_auth_header):
    def open_socket(headers=None):
        url = f"ws://127.0.0.1:{jp_http_port}{jp_base_url}jobsub/ws"
        return websocket_connect(HTTPRequest(url, headers=jp_auth_header | (headers or {})))

    return open_socket


async def refused_socket(connecting):
    with pytest.raises(HTTPClientError) as caught:
        await connecting
    return caught.value.code


async def test_nobody_gets_a_socket(connect, jp_serverapp):
    assert await refused_socket(connect(NOBODY)) == 403
    jp_serverapp.web_app.settings["allow_unauthenticated_access"] = False
    assert await refused_socket(connect(NOBODY)) == 403


async def test_who_is_not_authorized_gets_no_socket(connect, denying):
    assert await refused_socket(connect()) == 403
    assert denying.asked == [("execute", "jobsub")]


async def test_a_page_of_another_site_gets_no_socket(connect, jp_serverapp, jp_fetch):
    cookie = await logged_in_cookie(jp_fetch, jp_serverapp)
    headers = {"Authorization": "", "Cookie": cookie}
    (await connect(headers)).close()
    assert await refused_socket(connect(headers | {"Origin": "http://evil.example"})) == 403


async def test_the_socket_address_says_what_it_is(jp_fetch):
    response = await refusal(jp_fetch, "jobsub/ws", "GET")
    problem = json.loads(response.body)
    assert (response.code, problem["detail"]) == (400, "This address is for WebSockets only.")
    assert "wss://" in problem["remedy"]
    assert (await refusal(jp_fetch, "jobsub/ws", "GET", headers=dict(NOBODY))).code == 403
    for method in METHODS[1:]:
        assert (await refusal(jp_fetch, "jobsub/ws", method)).code == 405
