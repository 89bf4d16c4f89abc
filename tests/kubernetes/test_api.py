"""The API server itself, asked as the shipped account."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os

import pytest

from jupyter_jobsub.engines.kubernetes.api import Refused, Unreachable
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.pods import connected, phase, scenario, shell, until


@scenario
async def test_a_pod_from_its_creation_to_its_end(namespace: Namespace) -> None:
    async with connected(namespace.kubeconfig) as api:
        made = await api.create("pods", shell("life", "echo one; echo two; exit 3", job="life"))
        with pytest.raises(Refused) as caught:
            await api.create("pods", shell("life", "true"))
        assert (caught.value.status, caught.value.reason) == (409, "AlreadyExists")
        patched = await api.patch("pods", "life", {"metadata": {"annotations": {"seen": "yes"}}})
        assert patched
        assert patched["metadata"]["annotations"] == {"seen": "yes"}
        over = await phase(api, "life", "Failed")
        assert over["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3
        items, version = await api.list("pods", "job=life")
        assert [it["metadata"]["uid"] for it in items] == [made["metadata"]["uid"]]
        assert int(version) >= int(over["metadata"]["resourceVersion"])
        async with api.log("life", "main") as log:
            lines = (await log.read()).splitlines()
        assert [line.split(b" ", 1)[1] for line in lines] == [b"one", b"two"]
        await api.delete("pods", "life", uid="another's")
        assert await api.get("pods", "life")
        await api.delete("pods", "life", uid=made["metadata"]["uid"])

        async def gone() -> bool:
            return await api.get("pods", "life") is None

        await until(gone)
        await api.delete("pods", "life")
        assert await api.patch("pods", "life", {"metadata": {}}) is None


@scenario
async def test_all_that_is_selected_goes(namespace: Namespace) -> None:
    async with connected(namespace.kubeconfig) as api:
        for name, job in (("a", "x"), ("b", "x"), ("c", "y")):
            meta = {"name": name, "labels": {"job": job}}
            await api.create("secrets", {"metadata": meta, "stringData": {"key": "value"}})
            await api.create("services", {"metadata": meta, "spec": {"clusterIP": "None"}})
        for kind in ("secrets", "services"):
            await api.delete_all(kind, "job=x")
            left, _ = await api.list(kind, "job in (x, y)")
            assert [it["metadata"]["name"] for it in left] == ["c"]


@scenario
async def test_a_secret_as_large_as_they_may_be(namespace: Namespace) -> None:
    data = {"part": base64.b64encode(os.urandom(900 * 1024)).decode()}
    async with connected(namespace.kubeconfig) as api:
        made = await api.create("secrets", {"metadata": {"name": "large"}, "data": data})
        assert made["data"] == data
        await api.delete("secrets", "large")


@scenario
async def test_a_followed_log_comes_while_it_is_written(namespace: Namespace) -> None:
    async with connected(namespace.kubeconfig) as api:
        await api.create("pods", shell("talks", "echo first; read -t 600 < <(sleep 600)"))
        await phase(api, "talks", "Running")
        async with api.log("talks", "main", follow=True) as log:
            assert (await anext(log)).endswith(b" first\n")
        async with api.log("talks", "main", since="2100-01-01T00:00:00Z") as log:
            assert await log.read() == b""
        await api.delete("pods", "talks")


@scenario
async def test_a_command_in_a_container_gives_all_its_bytes(namespace: Namespace) -> None:
    async with connected(namespace.kubeconfig) as api:
        await api.create("pods", shell("runs", "sleep 600"))
        await phase(api, "runs", "Running")
        write = "head -c 30000000 /dev/urandom | tee /tmp/x; sha256sum /tmp/x >&2; exit 7"
        async with api.exec("runs", "main", ["bash", "-c", write]) as ran:
            digest = hashlib.sha256(await ran.read()).hexdigest()
        assert ran.stderr.decode().split()[0] == digest
        assert ran.exit_code == 7
        async with api.exec("runs", "main", ["printf", "%s|", "a b", "c&d=e+f", ""]) as ran:
            assert await ran.read() == b"a b|c&d=e+f||"
        assert ran.exit_code == 0
        async with api.exec("runs", "main", ["sh", "-c", "kill -9 $$"]) as ran:
            assert await ran.read() == b""
        assert ran.exit_code == 137
        with pytest.raises(Refused, match="nothing-like-it"):
            async with api.exec("runs", "main", ["nothing-like-it"]) as ran:
                await ran.read()
        await api.delete("pods", "runs")


@scenario
async def test_a_command_where_nothing_runs(namespace: Namespace) -> None:
    async with connected(namespace.kubeconfig) as api:
        await api.create("pods", shell("over", "true"))
        await phase(api, "over", "Succeeded")
        with pytest.raises(Unreachable, match="500"):
            async with api.exec("over", "main", ["true"]):
                pass
        with pytest.raises(Refused, match="404"):
            async with api.exec("never", "main", ["true"]):
                pass


@scenario
async def test_many_creations_at_once(namespace: Namespace) -> None:
    """More connections than the client's default."""
    async with connected(namespace.kubeconfig) as api:
        secrets = [{"metadata": {"name": f"many-{n}", "labels": {"job": "many"}}} for n in range(130)]
        await asyncio.gather(*(api.create("secrets", secret) for secret in secrets))
        found, _ = await api.list("secrets", "job=many")
        assert len(found) == 130
