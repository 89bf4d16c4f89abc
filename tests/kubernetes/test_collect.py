"""Artifacts come from real Pods, whole, whatever their names are and whoever is killed."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jupyter_jobsub.archive import ArtifactArchive, ArtifactLimits
from jupyter_jobsub.engines.base import Launch
from jupyter_jobsub.engines.kubernetes import names
from jupyter_jobsub.engines.kubernetes.api import Api
from jupyter_jobsub.engines.kubernetes.collect import Collector
from jupyter_jobsub.engines.kubernetes.containers import KEEPER, MAIN, Object, state, terminated
from jupyter_jobsub.engines.kubernetes.pod import Terms, build
from jupyter_jobsub.engines.kubernetes.settings import KubernetesSettings
from jupyter_jobsub.model.catalog import Image
from jupyter_jobsub.model.job import JobId, TaskKey
from jupyter_jobsub.model.resources import Resources
from tests.engines.kubernetes.launches import launch_of
from tests.kubernetes.cluster import JOB_IMAGE
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.pods import PATIENCE, connected, scenario, until

LIMITS = ArtifactLimits(files=5000, bytes=2**30)
_NUMBERS = itertools.count(1)

# a service of its own, that can be killed
COLLECT = """
import asyncio, sys
from pathlib import Path
from tests.kubernetes.test_collect import LIMITS, Collector, connected, launch_in
async def main(kubeconfig, archive, job):
    async with connected(Path(kubeconfig)) as api:
        await Collector(api, LIMITS).collect(job, launch_in(Path(archive), job))
asyncio.run(main(*sys.argv[1:]))
"""


def launch_in(archive: Path, job: str, command: str = "true") -> Launch:
    return launch_of(
        {"command": command},
        key=TaskKey(JobId(job), 1),
        image=Image("base", JOB_IMAGE),
        resources=Resources(cpu=50),
        artifacts=archive / job / "1.artifacts",
    )


class Lab:
    """Runs tasks without an engine, and fetches what they have kept."""

    def __init__(self, api: Api, kubeconfig: Path, root: Path) -> None:
        self.api, self.kubeconfig, self.root = api, kubeconfig, root
        self.archive = ArtifactArchive(root)

    async def begin(self, command: str) -> Launch:
        launch = launch_in(self.root, f"job-{next(_NUMBERS)}", textwrap.dedent(command))
        await self.api.create("pods", build(launch, KubernetesSettings(), Terms("store-1", {})).pod)
        return launch

    async def pod(self, launch: Launch) -> Object:
        return await self.api.get("pods", names.pod_name(launch.key)) or {}

    async def ended(self, launch: Launch, container: str) -> Object:
        async def told() -> Object:
            return terminated(await self.pod(launch), container)

        found: Object = await until(told)
        return found

    async def said(self, launch: Launch, text: str) -> None:
        """Wait until the command has written a text."""

        async def told() -> bool:
            return "running" in state(await self.pod(launch), MAIN) and text in await self.log(launch)

        await until(told)

    async def log(self, launch: Launch) -> str:
        async with self.api.log(names.pod_name(launch.key), MAIN) as log:
            return (await log.read()).decode()

    async def collect(self, launch: Launch) -> str:
        collecting = Collector(self.api, LIMITS).collect(names.pod_name(launch.key), launch)
        return await asyncio.wait_for(collecting, PATIENCE)

    def service(self, launch: Launch) -> subprocess.Popen[bytes]:
        """Another process that collects."""
        command = [sys.executable, "-c", COLLECT, str(self.kubeconfig), str(self.root), launch.key.job]
        return subprocess.Popen(command, cwd=Path(__file__).parents[2])

    def arrived(self, launch: Launch) -> int:
        """Bytes that are there of what is not yet whole."""
        folder = self.root / launch.key.job
        files = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
        return sum(path.stat().st_size for path in files)

    def digests(self, launch: Launch) -> dict[str, str]:
        """Those of what is kept: seal it first."""
        found = [path for path in launch.artifacts.rglob("*") if path.is_file()]
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@asynccontextmanager
async def lab_in(namespace: Namespace, folder: Path) -> AsyncIterator[Lab]:
    async with connected(namespace.kubeconfig) as api:
        yield Lab(api, namespace.kubeconfig, folder)
        await api.delete_all("pods", "")


@pytest.mark.slow
@scenario
async def test_large_many_and_oddly_named_ones_come_as_they_are(namespace: Namespace, tmp_path: Path) -> None:
    async with lab_in(namespace, tmp_path) as lab:
        launch = await lab.begin(
            """
            cd $JOBSUB_ARTIFACTS
            head -c 60000000 /dev/urandom >large && sha256sum large
            mkdir -p many deep/er/still
            for n in $(seq 2000); do echo $n >many/$n; done
            echo odd | tee -- -rf 'new
            line' ü ' ' '$(x)' "it's" deep/er/still/x >/dev/null
            printf x >$(printf '\\377')
            ln -s /etc/passwd link; mkfifo fifo; truncate -s 1T sparse
            echo mine >locked; chmod 0 locked; ln large twice
            """
        )
        assert (await lab.ended(launch, MAIN))["exitCode"] == 0
        assert await lab.collect(launch) == ""
        sealed = lab.archive.seal(launch.key.job, 1, LIMITS)
        assert sealed.dropped == ["fifo", "link", "sparse"]
        assert len(sealed.items) == 2000 + 11
        found = lab.digests(launch)
        assert found["large"] == found["twice"] in await lab.log(launch)
        assert {str(n) for n in range(1, 2001)} <= found.keys()
        assert {"-rf", "new\nline", "ü", " ", "$(x)", "it's", "x", "\udcff", "locked"} <= found.keys()
        assert len(os.listdir(launch.artifacts / "many")) == 2000
        assert (await lab.ended(launch, KEEPER))["exitCode"] == 0


@scenario
async def test_they_come_from_one_that_is_told_to_end(namespace: Namespace, tmp_path: Path) -> None:
    async with lab_in(namespace, tmp_path) as lab:
        launch = await lab.begin(
            """
            trap 'echo last >$JOBSUB_ARTIFACTS/last; exit 7' TERM
            echo first >$JOBSUB_ARTIFACTS/first
            echo begun
            sleep 1000 & wait
            """
        )
        await lab.said(launch, "begun")
        collecting = asyncio.create_task(lab.collect(launch))
        await lab.api.patch("pods", names.pod_name(launch.key), {"spec": {"activeDeadlineSeconds": 1}})
        assert await collecting == ""
        assert lab.digests(launch).keys() == {"first", "last"}
        assert (await lab.ended(launch, MAIN))["exitCode"] == 7


@scenario
async def test_who_kept_nothing_ends_without_being_told(namespace: Namespace, tmp_path: Path) -> None:
    async with lab_in(namespace, tmp_path) as lab:
        launch = await lab.begin("mkdir $JOBSUB_ARTIFACTS/empty; rmdir $JOBSUB_ARTIFACTS/empty; exit 3")
        assert (await lab.ended(launch, KEEPER))["exitCode"] == 0
        assert (await lab.ended(launch, MAIN))["exitCode"] == 3
        assert await lab.collect(launch) == ""
        assert lab.archive.none(launch.key.job, 1)


@scenario
async def test_a_pod_that_is_gone_is_told(namespace: Namespace, tmp_path: Path) -> None:
    async with lab_in(namespace, tmp_path) as lab:
        launch = await lab.begin("echo x >$JOBSUB_ARTIFACTS/x")
        await lab.ended(launch, MAIN)
        await lab.api.delete("pods", names.pod_name(launch.key), grace=0)
        assert (await lab.collect(launch)).endswith("are lost: its Pod is gone")


@scenario
async def test_a_service_that_is_killed_meanwhile_is_followed_by_another(
    namespace: Namespace, tmp_path: Path
) -> None:
    async with lab_in(namespace, tmp_path) as lab:
        launch = await lab.begin(
            "cd $JOBSUB_ARTIFACTS; head -c 40M /dev/urandom >a; head -c 20M /dev/urandom >b; sha256sum a b"
        )
        await lab.ended(launch, MAIN)
        for enough in (1, 10 * 2**20, 30 * 2**20, 50 * 2**20):
            service = lab.service(launch)
            limit = time.monotonic() + PATIENCE
            while lab.arrived(launch) < enough and not launch.artifacts.exists():
                assert time.monotonic() < limit
                await asyncio.sleep(0.005)
            service.kill()
            service.wait()
        assert await lab.collect(launch) == ""
        log = await lab.log(launch)
        found = lab.digests(launch)
        assert found.keys() == {"a", "b"}
        assert all(digest in log for digest in found.values())
        assert os.listdir(tmp_path / launch.key.job) == ["1.artifacts"]
        assert (await lab.ended(launch, KEEPER))["exitCode"] == 0
