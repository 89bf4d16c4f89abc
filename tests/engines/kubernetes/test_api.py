"""What the API server may answer, and what becomes of it; a real one is asked in tests/kubernetes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest
from aiohttp import WSMsgType, web
from kubernetes.aio.config import incluster_config

from jupyter_jobsub.clock import wall_clock
from jupyter_jobsub.engines.kubernetes import connection, credentials, sockets
from jupyter_jobsub.engines.kubernetes import exec as exec_module
from jupyter_jobsub.engines.kubernetes.api import Api, Expired, Refused, Unreachable
from jupyter_jobsub.engines.kubernetes.connection import Connection
from jupyter_jobsub.errors import EngineError, EngineUnavailable
from tests.engines.kubernetes.served import Where, asking, kubeconfig, pods, scenario, served, status


class TestAnswers:
    @scenario
    async def test_a_list_is_read_page_by_page(self, tmp_path: Path) -> None:
        asked = []

        async def answer(request: web.Request) -> web.Response:
            asked.append(dict(request.query))
            return pods("b", version="9") if "continue" in request.query else pods("a", more="tok en")

        async with served(answer) as host, asking(host, tmp_path) as api:
            items, version = await api.list("pods", "job=x", "status.phase=Running")
        assert [it["metadata"]["name"] for it in items] == ["a", "b"]
        assert version == "9"
        assert [query.get("continue") for query in asked] == [None, "tok en"]
        assert asked[0]["labelSelector"] == "job=x"
        assert asked[0]["fieldSelector"] == "status.phase=Running"

    @scenario
    async def test_a_list_that_takes_too_long_begins_anew(self, tmp_path: Path) -> None:
        answers = [pods("gone", more="1"), status(410, "Expired"), pods("a", more="2"), pods("b")]

        async def answer(request: web.Request) -> web.Response:
            return answers.pop(0)

        async with served(answer) as host, asking(host, tmp_path) as api:
            items, _ = await api.list("pods")
        assert [it["metadata"]["name"] for it in items] == ["a", "b"]

    @pytest.mark.parametrize("page", ["<html>please log in", "[]", ""])
    @scenario
    async def test_what_is_no_api_server_may_be_one_later(self, page: str, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            return web.Response(text=f"{page}\n", content_type="text/html")

        async with served(answer) as host, asking(host, tmp_path) as api:
            with pytest.raises(
                Unreachable, match=f"{host} is not the cluster's API server: {re.escape(page)}"
            ):
                await api.get("pods", "a")
            if page:
                async with api.watch("pods", "5") as changes:
                    with pytest.raises(Unreachable, match="is not the cluster's API server"):
                        await anext(changes)

    @pytest.mark.parametrize(
        ("code", "kind"),
        [(400, Refused), (403, Refused), (409, Refused), (422, Refused), (410, Expired)]
        + [(code, Unreachable) for code in (500, 502, 503, 504)],
    )
    @scenario
    async def test_a_failure_says_what_the_server_said(self, code: int, kind: type, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            return status(code, "Why", "because of this")

        async with served(answer) as host, asking(host, tmp_path) as api:
            with pytest.raises(kind, match="because of this") as caught:
                await api.create("pods", {})
        if isinstance(caught.value, Refused):
            assert (caught.value.status, caught.value.reason) == (code, "Why")

    @scenario
    async def test_an_answer_of_something_else_is_a_failure_too(self, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            return web.Response(status=502, text="<html>Bad gateway")

        async with served(answer) as host, asking(host, tmp_path) as api:
            with pytest.raises(Unreachable, match="502 <html>Bad gateway"):
                await api.get("pods", "a")

    @scenario
    async def test_what_is_not_there_is_none_and_need_not_be_deleted(self, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            return status(404, "NotFound")

        async with served(answer) as host, asking(host, tmp_path) as api:
            assert await api.get("pods", "a") is None
            assert await api.patch("pods", "a", {}) is None
            await api.delete("pods", "a")
            with pytest.raises(Refused):
                await api.create("pods", {})

    @scenario
    async def test_only_the_one_that_is_meant_is_deleted(self, tmp_path: Path) -> None:
        bodies = []

        async def answer(request: web.Request) -> web.Response:
            bodies.append(await request.json())
            return status(409, "Conflict", "the UID in the precondition does not match")

        async with served(answer) as host, asking(host, tmp_path) as api:
            await api.delete("pods", "a", uid="u", grace=0)
        assert bodies[0]["preconditions"] == {"uid": "u"}
        assert bodies[0]["gracePeriodSeconds"] == 0

    @scenario
    async def test_the_contents_of_what_is_deleted_are_not_read(self, tmp_path: Path) -> None:
        asked = []

        async def answer(request: web.Request) -> web.Response:
            asked.append((request.method, request.path.rsplit("/", 1)[1], request.headers["Accept"]))
            return pods("a", "b") if request.method == "GET" else web.json_response({})

        async with served(answer) as host, asking(host, tmp_path) as api:
            await api.delete_all("secrets", "job=x")
        assert asked[0][:2] == ("GET", "secrets")
        assert sorted(it[:2] for it in asked[1:]) == [("DELETE", "a"), ("DELETE", "b")]
        assert "PartialObjectMetadataList" in asked[0][2]

    @scenario
    async def test_usage_is_empty_without_a_metrics_server(self, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            return status(404)

        async with served(answer) as host, asking(host, tmp_path) as api:
            assert list(await api.usage("")) == []


class TestPace:
    @scenario
    async def test_waits_as_long_as_it_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        answers = [status(429, Retry_After="3"), status(429), pods("a")]
        rests: list[float] = []

        async def answer(request: web.Request) -> web.Response:
            return answers.pop(0)

        async with served(answer) as host, asking(host, tmp_path) as api:
            monkeypatch.setattr(api._connection._throttle, "rest", rests.append)
            assert await api.get("pods", "a")
        assert rests == [3, 1]

    @scenario
    async def test_gives_up_on_a_server_that_always_says_so(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rests: list[float] = []

        async def answer(request: web.Request) -> web.Response:
            return status(429, Retry_After="86400")

        async with served(answer) as host, asking(host, tmp_path) as api:
            monkeypatch.setattr(api._connection._throttle, "rest", rests.append)
            with pytest.raises(Unreachable, match="slow down"):
                await api.get("pods", "a")
        assert rests
        assert max(rests) <= 15

    @scenario
    async def test_many_streams_do_not_wait_for_one_another(self, tmp_path: Path) -> None:
        """The client's own limit would be a hundred connections."""
        number, open_, go = 150, [], asyncio.Event()

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            open_.append(request)
            await response.write(b"li")
            await go.wait()
            await response.write(b"ne\n")
            return response

        async def follow(api: Api) -> bytes:
            async with api.log("a", "main", follow=True) as log:
                if len(open_) == number:
                    go.set()
                return await log.read()

        async with served(answer) as host, asking(host, tmp_path) as api:
            texts = await asyncio.gather(*(follow(api) for _ in range(number)))
        assert texts == [b"line\n"] * number

    def test_the_death_of_a_silent_peer_is_noticed(self) -> None:
        with sockets.kept_alive((socket.AF_INET, socket.SOCK_STREAM, 0)) as made:
            assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            idle, pause, times = (
                made.getsockopt(socket.IPPROTO_TCP, option)
                for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            )
        assert idle + pause * times <= 60


class TestCredentials:
    @scenario
    async def test_a_token_that_is_refused_is_read_anew_once_for_all(self, tmp_path: Path) -> None:
        tokens = []

        async def answer(request: web.Request) -> web.Response:
            tokens.append(request.headers["Authorization"])
            return pods("a") if tokens[-1] == "Bearer new" else status(401, "Unauthorized")

        async with served(answer) as host, asking(host, tmp_path) as api:
            api._connection._read_at -= connection._RENEWAL
            kubeconfig(host, tmp_path, token="new")
            await asyncio.gather(*(api.get("pods", "a") for _ in range(5)))
            access = api._connection._access
            await api.get("pods", "a")
            assert api._connection._access is access
        assert tokens.count("Bearer new") == 6

    @scenario
    async def test_one_that_stays_refused_is_no_answer(self, tmp_path: Path) -> None:
        """A job does not fail because somebody has to log in again."""

        async def answer(request: web.Request) -> web.Response:
            return status(401, "Unauthorized", "Unauthorized")

        async with served(answer) as host, asking(host, tmp_path) as api:
            for _ in range(2):
                with pytest.raises(Unreachable, match="does not accept the credentials"):
                    await api.get("pods", "a")

    @scenario
    async def test_a_configuration_that_has_gone_is_no_answer(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection, "_RENEWAL", 0)

        async def answer(request: web.Request) -> web.Response:
            return status(401)

        async with served(answer) as host, asking(host, tmp_path) as api:
            (tmp_path / "kubeconfig").unlink()
            with pytest.raises(Unreachable, match="There is no kubeconfig"):
                await api.get("pods", "a")

    @scenario
    async def test_a_plugin_is_asked_for_a_token_and_again_when_it_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection, "_RENEWAL", 0)
        plugin = tmp_path / "plugin.py"
        plugin.write_text(
            "import json, pathlib, sys\n"
            "count = pathlib.Path(sys.argv[1]); n = len(count.read_text()) if count.exists() else 0\n"
            "count.write_text('x' * (n + 1))\n"
            "told = {'apiVersion': 'client.authentication.k8s.io/v1', 'kind': 'ExecCredential'}\n"
            "print(json.dumps({**told, 'status': {'token': f't{n}'}}))\n"
        )
        exec_ = {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": [str(plugin), str(tmp_path / "count")],
        }
        tokens = []

        async def answer(request: web.Request) -> web.Response:
            tokens.append(request.headers["Authorization"])
            return pods() if tokens[-1] == "Bearer t1" else status(401)

        async with served(answer) as host, asking(host, tmp_path, exec=exec_) as api:
            await api.list("pods")
        assert tokens == ["Bearer t0", "Bearer t1"]

    @scenario
    async def test_a_plugin_that_waits_for_somebody_later_is_no_answer(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def answer(request: web.Request) -> web.Response:
            return status(401)

        async def wait(*_: object, **__: object) -> None:
            await asyncio.Event().wait()

        async with served(answer) as host, asking(host, tmp_path) as api:
            api._connection._read_at -= connection._RENEWAL
            monkeypatch.setattr(credentials, "_PATIENCE", 0)
            monkeypatch.setattr(credentials.config, "load_kube_config", wait)
            asked = (asyncio.wait_for(api.get("pods", "a"), 30) for _ in range(2))
            first, second = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(first, Unreachable)
        assert isinstance(second, Unreachable)
        assert "wait for somebody to log in" in str(first)
        assert "does not accept the credentials" in str(second)

    @scenario
    async def test_the_service_in_a_pod_uses_its_account(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        authority = Path(certifi.where()).read_text()
        for name, text in (("namespace", "jobs\n"), ("token", "secret"), ("ca.crt", authority)):
            (tmp_path / name).write_text(text)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.delenv("KUBECONFIG", raising=False)
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
        monkeypatch.setattr(credentials, "_ACCOUNT", tmp_path)
        monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
        monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
        made = await Connection.open(Where(None))
        assert (made.host, made.namespace) == ("https://127.0.0.1:1", "jobs")
        assert made._access.arguments()["headers"] == {"Authorization": "bearer secret"}
        await made.close()

    @scenario
    async def test_a_cluster_that_is_elsewhere_now_is_found(self, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            return pods("a") if request.headers["Authorization"] == "Bearer new" else status(401)

        async with served(answer) as old:
            pass
        async with asking(old, tmp_path) as api:
            with pytest.raises(Unreachable):
                await api.get("pods", "a")
            async with served(answer) as host:
                os.utime(kubeconfig(host, tmp_path, token="new"), ns=(1, 1))
                assert await api.get("pods", "a")

    @pytest.mark.parametrize("moved", [False, True])
    @scenario
    async def test_streams_go_on_unless_the_way_is_another(
        self, moved: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection, "_RENEWAL", 0)
        renewed = asyncio.Event()

        async def answer(request: web.Request) -> web.StreamResponse:
            if not request.path.endswith("/log"):
                return status(401) if request.headers["Authorization"] == "Bearer old" else pods()
            response = web.StreamResponse()
            await response.prepare(request)
            await renewed.wait()
            await response.write(b"line\n")
            return response

        async with served(answer) as host, asking(host, tmp_path) as api, api.log("a", "main") as log:
            kubeconfig(host.replace("127.0.0.1", "localhost") if moved else host, tmp_path, token="new")
            await api.list("pods")
            renewed.set()
            if moved:
                with pytest.raises(Unreachable):
                    await log.read()
            else:
                assert await log.read() == b"line\n"


NOTHING: dict[str, list[object]] = {"contexts": [], "clusters": [], "users": []}
BOTH = [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("b", "a")]


class TestConfiguration:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (None, "There is no kubeconfig at"),
            ("a: [", "is not YAML"),
            ("hello", r"can't be used: .*\. See what kubectl makes of it: "),
            ("{}", r"has no current-context\. It has none at all\. Set "),
            (
                json.dumps({"current-context": "x", **NOTHING}),
                r"has no context x\. It has none at all\. Set ",
            ),
            (
                json.dumps(NOTHING | {"contexts": BOTH}),
                r"has no current-context\. Choose one of these: a, b\.",
            ),
        ],
    )
    @scenario
    async def test_what_is_wrong_with_it_is_said(self, text: str | None, said: str, tmp_path: Path) -> None:
        file = tmp_path / "kubeconfig"
        if text is not None:
            file.write_text(text)
        with pytest.raises(EngineError, match=said) as caught:
            await Api.connect(Where(str(file)))
        assert str(file) in str(caught.value)

    @scenario
    async def test_a_context_that_is_not_there_and_those_that_are(self, tmp_path: Path) -> None:
        file = kubeconfig("https://127.0.0.1:1", tmp_path)
        with pytest.raises(EngineError, match=r"has no context there\. Choose one of these: here\. Set "):
            await Api.connect(Where(str(file), "there"))

    @scenario
    async def test_credentials_that_are_not_accepted_and_what_to_do(self, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            return status(401, "Unauthorized", "Unauthorized")

        async with served(answer) as host:
            file = kubeconfig(host, tmp_path)
            with pytest.raises(EngineUnavailable, match=r"the credentials: Unauthorized\. Log in") as caught:
                await Api.connect(Where(str(file)))
        assert "kubectl create token jupyter-jobsub --namespace ns --duration 720h" in str(caught.value)

    @scenario
    async def test_a_plugin_that_fails(self, tmp_path: Path) -> None:
        version = "client.authentication.k8s.io/v1"
        plugin = {"apiVersion": version, "command": sys.executable, "args": ["-c", "exit(3)"]}
        file = kubeconfig("https://127.0.0.1:1", tmp_path, exec=plugin)
        with pytest.raises(EngineError, match="gives no credentials"):
            await Api.connect(Where(str(file)))

    @scenario
    async def test_a_plugin_that_waits_for_somebody(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def wait(*_: object, **__: object) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(credentials, "_PATIENCE", 0)
        monkeypatch.setattr(credentials.config, "load_kube_config", wait)
        with pytest.raises(EngineError, match="wait for somebody to log in"):
            await Api.connect(Where(str(kubeconfig("https://127.0.0.1:1", tmp_path))))

    @pytest.mark.parametrize(
        ("cluster", "said"),
        [
            ({"server": "127.0.0.1:6443"}, "server that is no http address: 127.0.0.1:6443"),
            (
                {"server": "https://a", "proxy-url": "socks5://b"},
                "proxy-url that is no http address: socks5://b",
            ),
        ],
    )
    @scenario
    async def test_an_address_that_nobody_can_reach(
        self, cluster: dict[str, str], said: str, tmp_path: Path
    ) -> None:
        file = kubeconfig("", tmp_path)
        config = json.loads(file.read_text())
        config["clusters"][0]["cluster"] = cluster
        file.write_text(json.dumps(config))
        with pytest.raises(EngineError, match=said):
            await Api.connect(Where(str(file)))

    @pytest.mark.parametrize(
        ("environment", "proxy"),
        [
            ({}, None),
            ({"https_proxy": "http://p:3128"}, "http://p:3128"),
            ({"HTTPS_PROXY": "p:3128"}, "http://p:3128"),
            ({"https_proxy": "socks5://p"}, None),
            ({"https_proxy": "http://p:3128", "no_proxy": "other,.example"}, None),
            ({"http_proxy": "http://p:3128"}, None),
        ],
    )
    @scenario
    async def test_the_proxy_of_the_environment_is_used(
        self,
        environment: dict[str, str],
        proxy: str | None,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for name in ("http_proxy", "https_proxy", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        made = await Connection.open(Where(str(kubeconfig("https://api.example:6443", tmp_path))))
        assert made._access.arguments()["proxy"] == proxy
        await made.close()

    @scenario
    async def test_thousands_may_be_followed(self, tmp_path: Path) -> None:
        before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, hard // 2), hard))
        try:
            made = await Connection.open(Where(str(kubeconfig("http://127.0.0.1:1", tmp_path))))
            await made.close()
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)

    @scenario
    async def test_several_files_are_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "a").mkdir()
        first = kubeconfig("http://127.0.0.1:1", tmp_path / "a")
        monkeypatch.setenv("KUBECONFIG", os.pathsep.join([str(tmp_path / "none"), str(first)]))
        made = await Connection.open(Where(None, namespace="other"))
        assert (made.host, made.namespace) == ("http://127.0.0.1:1", "other")
        await made.close()

    @scenario
    async def test_a_server_that_knows_of_no_rights_yet_is_waited_for(self, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            return status(403)

        async with served(answer) as host:
            with pytest.raises(EngineUnavailable, match="does not say what may be done there"):
                await Api.connect(Where(str(kubeconfig(host, tmp_path))))

    @scenario
    async def test_a_right_or_namespace_that_is_missing_is_waited_for(self, tmp_path: Path) -> None:
        gone, verbs = True, ["get"]

        async def answer(request: web.Request) -> web.Response:
            if request.path.endswith("/namespaces/ns"):
                return status(404) if gone else web.json_response({})
            asked = (await request.json()).get("spec", {}).get("resourceAttributes", {})
            user = {"userInfo": {"username": "bob"}}
            return web.json_response({"status": {"allowed": asked.get("verb") in verbs, **user}})

        async with served(answer) as host:
            file = str(kubeconfig(host, tmp_path))
            with pytest.raises(EngineUnavailable, match="no namespace ns"):
                await Api.connect(Where(file))
            gone = False
            with pytest.raises(EngineUnavailable, match="bob may not create"):
                await Api.connect(Where(file))
            verbs.clear()  # as where who may not look for the namespace asks for one that is not there
            with pytest.raises(EngineUnavailable, match="or there is no such namespace") as caught:
                await Api.connect(Where(file))
        assert ": kubectl create namespace ns; jupyter jobsub manifests --namespace ns |" in str(caught.value)

    @scenario
    async def test_the_time_is_the_cluster_s(self, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            response = pods("a")
            response.headers["Date"] = "Sat, 21 Nov 2043 17:00:00 GMT"
            return response

        async with served(answer) as host, asking(host, tmp_path) as api:
            here = wall_clock()
            assert abs(api.now() - here) < 60 * 10**6
            await api.get("pods", "a")
            assert api.now() - here > 365 * 24 * 3600 * 10**6

    @scenario
    async def test_nobody_there_is_said_in_words(self, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            return status(500)

        async with served(answer) as host:
            file = kubeconfig(host, tmp_path)
        with pytest.raises(
            EngineUnavailable, match=f"{host} does not answer: .*refused\\. Start it"
        ) as caught:
            await Api.connect(Where(str(file), "here"))
        assert f"KUBECONFIG={file} kubectl --context here get pods --namespace ns" in str(caught.value)


def lines(*events: tuple[str, dict[str, object]]) -> bytes:
    return b"".join(json.dumps({"type": kind, "object": it}).encode() + b"\n" for kind, it in events)


class TestStreams:
    @scenario
    async def test_events_come_whole_however_they_are_cut(self, tmp_path: Path) -> None:
        sent = lines(("ADDED", {"a": "é\n" * 1000}), ("BOOKMARK", {"b": 1}), ("DELETED", {"c": []}))

        async def answer(request: web.Request) -> web.StreamResponse:
            assert request.query["resourceVersion"] == "5"
            response = web.StreamResponse()
            await response.prepare(request)
            for at in range(0, len(sent), 7):
                await response.write(sent[at : at + 7])
            return response

        async with served(answer) as host, asking(host, tmp_path) as api, api.watch("pods", "5") as changes:
            assert [change async for change, _ in changes] == ["ADDED", "BOOKMARK", "DELETED"]

    @pytest.mark.parametrize("in_the_stream", [True, False])
    @scenario
    async def test_a_forgotten_version_is_said_either_way(self, in_the_stream: bool, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            if not in_the_stream:
                return status(410, "Expired")
            event = ("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})
            return web.Response(body=lines(("ADDED", {"metadata": {}}), event))

        async def watch(api: Api) -> None:
            async with api.watch("pods", "5") as changes:
                seen.extend([change async for change, _ in changes])

        seen: list[str] = []
        async with served(answer) as host, asking(host, tmp_path) as api:
            with pytest.raises(Expired):
                await watch(api)

    @scenario
    async def test_a_stream_that_breaks_is_not_one_that_ends(self, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"half a li")
            assert request.transport
            request.transport.abort()
            return response

        async with served(answer) as host, asking(host, tmp_path) as api:
            with pytest.raises(Unreachable):
                async with api.log("a", "main") as log:
                    await log.read()

    @pytest.mark.parametrize("refusal", [426, 505])
    @scenario
    async def test_a_proxy_that_insists_on_a_newer_protocol_has_its_way(
        self, refusal: int, tmp_path: Path
    ) -> None:
        versions = []

        async def answer(request: web.Request) -> web.StreamResponse:
            versions.append(request.version.minor)
            return web.Response(status=refusal) if request.version.minor == 0 else web.Response(text="line\n")

        async def follow(api: Api) -> bytes:
            async with api.log("a", "main", follow=True) as log:
                return await log.read()

        async with served(answer) as host, asking(host, tmp_path) as api:
            assert await asyncio.gather(follow(api), follow(api)) == [b"line\n"] * 2
            assert await follow(api) == b"line\n"
        assert sorted(versions[:4]) == [0, 0, 1, 1]
        assert versions[4:] == [1]

    @pytest.mark.parametrize("begun", [True, False])
    @scenario
    async def test_who_is_cancelled_leaves_no_connection(self, begun: bool, tmp_path: Path) -> None:
        there, gone = asyncio.Event(), asyncio.Event()

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            if begun:
                await response.prepare(request)
            there.set()
            try:
                await asyncio.sleep(60)
            finally:
                gone.set()
            return response

        async def follow(api: Api) -> None:
            async with api.log("a", "main", follow=True) as log:
                await log.read()

        async with served(answer) as host, asking(host, tmp_path) as api:
            task = asyncio.create_task(follow(api))
            await there.wait()
            task.cancel()
            await asyncio.wait_for(gone.wait(), 10)
            with pytest.raises(asyncio.CancelledError):
                await task


Script = Callable[[web.WebSocketResponse], object]


class TestExec:
    @staticmethod
    def failing(code: int) -> bytes:
        causes = [{"reason": "ExitCode", "message": str(code)}]
        told = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
        return b"\x03" + json.dumps(told).encode()

    @pytest.mark.parametrize("protocol", ["v5.channel.k8s.io", "v4.channel.k8s.io"])
    @scenario
    async def test_bytes_errors_and_exit_code_come_apart(self, protocol: str, tmp_path: Path) -> None:
        asked = []

        async def answer(request: web.Request) -> web.WebSocketResponse:
            asked.append(request.query.getall("command"))
            socket = web.WebSocketResponse(protocols=[protocol])
            await socket.prepare(request)
            for message in (b"\x01", b"\x02", b"\x01a\x00\xff", b"\x02oh", b"\x01b", self.failing(7)):
                await socket.send_bytes(message)
            await socket.close()
            return socket

        command = ["sh", "-c", "echo a+b & c; exit 7", ""]
        async with (
            served(answer) as host,
            asking(host, tmp_path) as api,
            api.exec("a", "keeper", command) as ran,
        ):
            assert [chunk async for chunk in ran] == [b"a\x00\xff", b"b"]
        assert (ran.exit_code, ran.stderr) == (7, b"oh")
        assert asked == [command]

    @scenario
    async def test_the_end_of_a_connection_is_no_exit_code(self, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse(protocols=["v4.channel.k8s.io"])
            await socket.prepare(request)
            await socket.send_bytes(b"\x01half")
            await socket.close()
            return socket

        async with served(answer) as host, asking(host, tmp_path) as api:
            with pytest.raises(Unreachable, match="before the command had ended"):
                async with api.exec("a", "main", ["tar"]) as ran:
                    await ran.read()
        assert ran.exit_code is None

    @scenario
    async def test_a_silent_one_is_kept_open(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(exec_module, "_PING", 0.01)

        async def answer(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse(protocols=["v4.channel.k8s.io"], autoping=False)
            await socket.prepare(request)
            for _ in range(2):
                assert (await socket.receive()).type is WSMsgType.PING
            await socket.send_bytes(b'\x03{"status": "Success"}')
            return socket

        async with (
            served(answer) as host,
            asking(host, tmp_path) as api,
            api.exec("a", "main", ["sleep"]) as ran,
        ):
            assert await ran.read() == b""
        assert ran.exit_code == 0

    @scenario
    async def test_a_command_that_can_not_be_started_is_refused(self, tmp_path: Path) -> None:
        told = {"status": "Failure", "reason": "InternalError", "code": 500, "message": "no tar in $PATH"}

        async def answer(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse(protocols=["v4.channel.k8s.io"])
            await socket.prepare(request)
            await socket.send_bytes(b"\x03" + json.dumps(told).encode())
            return socket

        async with served(answer) as host, asking(host, tmp_path) as api:
            with pytest.raises(Refused, match=r"no tar in \$PATH"):
                async with api.exec("a", "main", ["tar"]) as ran:
                    await ran.read()

    @pytest.mark.parametrize(("code", "kind"), [(404, Refused), (403, Refused), (500, Unreachable)])
    @scenario
    async def test_one_that_never_begins_says_why(self, code: int, kind: type, tmp_path: Path) -> None:
        async def answer(request: web.Request) -> web.Response:
            return status(code)

        async with served(answer) as host, asking(host, tmp_path) as api:
            with pytest.raises(kind, match=str(code)):
                async with api.exec("a", "main", ["true"]):
                    pass

    @scenario
    async def test_who_leaves_early_leaves_no_connection(self, tmp_path: Path) -> None:
        ended = asyncio.Event()

        async def answer(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse(protocols=["v4.channel.k8s.io"])
            await socket.prepare(request)
            await socket.send_bytes(b"\x01much")
            try:
                while not (await socket.receive()).type.name.startswith(("CLOS", "ERROR")):
                    pass
            finally:
                ended.set()
            return socket

        async with served(answer) as host, asking(host, tmp_path) as api:
            async with api.exec("a", "main", ["cat"]) as ran:
                assert await anext(ran) == b"much"
            await asyncio.wait_for(ended.wait(), 10)
