"""A Pod's log on a real node comes byte by byte, or says where it doesn't, whatever happens on the way."""

from __future__ import annotations

import asyncio
import hashlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jupyter_jobsub.archive import LogArchive
from jupyter_jobsub.engines.kubernetes.api import Api
from jupyter_jobsub.engines.kubernetes.entry import BEGINNING
from jupyter_jobsub.engines.kubernetes.follower import Follower
from jupyter_jobsub.engines.kubernetes.logfile import MARK, SEAM
from jupyter_jobsub.model.job import JobId, TaskKey
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.pods import connected, phase, scenario, shell, until

KEY = TaskKey(JobId("job-1"), 1)
WIDTH = 4000  # bytes of a line: a kubelet on a busy machine keeps up with so many of them
NEAR = 10_000  # lines: a mark comes when the node's newest file has been looked at, in a second or two
WRITER = f"""
import os, sys, time
rate, seconds = float(sys.argv[1]), float(sys.argv[2])
begin, n = time.monotonic(), 0
while time.monotonic() - begin < seconds:
    os.write(1, b"".join(b"%010d %s\\n" % (n + i, b"x" * {WIDTH - 12}) for i in range(20)))
    n += 20
    time.sleep(max(0, n * {WIDTH} / rate - (time.monotonic() - begin)))
print("end", n)
"""


def lines(count: int) -> Iterator[bytes]:
    """What the writer has written by then."""
    yield from (b"%010d %s\n" % (number, b"x" * (WIDTH - 12)) for number in range(count))
    yield b"end %d\n" % count


def writer(name: str, rate: float, seconds: float) -> dict:
    pod = shell(name, "")
    pod["spec"]["containers"][0]["command"] = ["python3", "-uc", WRITER, str(rate), str(seconds)]
    return pod


def begun(pod: dict) -> dict:
    """Have a Pod's command begin its log as those of jobs do."""
    container = pod["spec"]["containers"][0]
    begin = f"echo '{BEGINNING.decode().strip()}'; exec \"$@\""
    container["command"] = ["sh", "-c", begin, "sh", *container["command"]]
    return pod


@asynccontextmanager
async def following(
    where: Namespace | Cluster, pod: dict, folder: Path
) -> AsyncIterator[tuple[Api, Follower, LogArchive]]:
    """Follow a Pod's log from its start, until it is asked to finish."""
    archive = LogArchive(folder)
    path = archive.prepare(KEY, stamped=True)
    name = pod["metadata"]["name"]
    async with connected(where.kubeconfig) as api:
        await api.create("pods", begun(pod))
        await phase(api, name, "Running", "Succeeded", "Failed")
        follower = Follower(api, name, path, 0)
        follower.start()
        try:
            yield api, follower, archive
        finally:
            await follower.close()
            archive.close()


async def grows(archive: LogArchive, size: int) -> None:
    """Wait until so much is stored."""

    async def long() -> bool:
        info = archive.info(KEY)
        return info is not None and info.size >= size

    await until(long)


def text(archive: LogArchive) -> bytes:
    archive.seal(KEY)
    return archive.read(KEY, 0, 2**31).data


def assert_whole(archive: LogArchive, gap: bool) -> None:
    """Assert that it is what was written, byte for byte."""
    written = text(archive)
    assert (gap, MARK in written, SEAM in written) == (False, False, False)
    whole = b"".join(lines(int(written.rpartition(b"end ")[2])))
    assert hashlib.sha256(written).digest() == hashlib.sha256(whole).digest()


def assert_marked(written: bytes, gap: bool, near: int = NEAR) -> None:
    """Assert that most lines are there, in order, and that a mark is near where one lacks."""
    assert gap == (MARK in written)
    hole, marked, expected, stored = None, False, 0, 0
    for at, line in enumerate(written.splitlines(keepends=True)):
        assert hole is None or at - hole < near, (hole, line[:40])
        if line in (MARK, SEAM):
            hole, marked = None, True
            continue
        number = number_of(line)
        if number is None or (number != expected and not marked):
            hole = at if hole is None else hole
        if number is not None:
            assert number >= expected, line[:40]
            expected, stored = number + 1, stored + 1
        marked = False
    assert hole is None
    _, ended, count = written.rpartition(b"\nend ")
    assert ended
    assert stored > int(count.split()[0]) / 2


def number_of(line: bytes) -> int | None:
    """Which line of the writer's it is; None if it is torn, as where a file of the node ended."""
    if line.startswith(b"end "):
        return int(line[4:])
    return int(line[:10]) if len(line) == WIDTH else None


WHOLE = list(lines(30))


@pytest.mark.parametrize(
    "wrong",
    [
        [MARK, WHOLE[-1]],
        [*(line[:50] + b"\n" for line in WHOLE[:-1]), MARK, WHOLE[-1]],
        [*WHOLE[:5], *WHOLE[6:]],
        [*WHOLE[:5], *WHOLE[6:-1], MARK, WHOLE[-1]],
        [*WHOLE[:5], WHOLE[5][:50] + b"\n", *WHOLE[6:-1], MARK, WHOLE[-1]],
        [*WHOLE[:5], MARK, *WHOLE[4:]],
        [*WHOLE[:-5], MARK],
    ],
)
def test_what_is_not_taken_for_marked(wrong: list[bytes]) -> None:
    with pytest.raises(AssertionError):
        assert_marked(b"".join(wrong), MARK in wrong, near=10)


def test_what_is_taken_for_marked() -> None:
    torn = WHOLE[9][:50] + b"\n"
    assert_marked(
        b"".join([*WHOLE[:5], MARK, *WHOLE[7:9], torn, *WHOLE[10:12], SEAM, *WHOLE[12:]]), True, near=10
    )


@pytest.mark.timeout(300)
@scenario
async def test_20_mib_a_second_over_rotations_and_an_api_server_that_is_killed(
    private_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    cluster = private_cluster(kubelet={"containerLogMaxSize": "1Mi", "containerLogMonitorInterval": "3s"})
    async with following(cluster, writer("fast", 20 * 2**20, 10), tmp_path / "fast") as (
        api,
        follower,
        archive,
    ):
        await phase(api, "fast", "Succeeded")
        gap = await follower.finish()
        assert_marked(text(archive), gap)
    # less than a file of the node: it has all of it still, however long the API server is away
    async with following(cluster, writer("slow", 2**16, 8), tmp_path / "slow") as (api, follower, archive):
        await grows(archive, 2**16)
        cluster.stop("kube-apiserver", signal.SIGKILL)
        cluster.start("kube-apiserver")
        await asyncio.to_thread(cluster.wait_ready)
        await phase(api, "slow", "Succeeded")
        assert_whole(archive, await follower.finish())


@scenario
async def test_a_crash_and_a_line_that_does_not_end(namespace: Namespace, tmp_path: Path) -> None:
    """Runtimes take a carriage return before a newline for a part of it: that one alone does not come."""
    command = "printf 'first\\n\\n 10%%\\r 20%%\\n\\377\\000é\\n'; echo error >&2; printf torn; exit 3"
    async with following(namespace, shell("crash", command), tmp_path) as (api, follower, archive):
        await phase(api, "crash", "Failed")
        assert not await follower.finish()
        written = text(archive)
    assert written.replace(b"error\n", b"") == "first\n\n 10%\r 20%\n\udcff\0é\ntorn".encode(
        errors="surrogateescape"
    )
    assert b"error\n" in written


@scenario
async def test_long_lines(namespace: Namespace, tmp_path: Path) -> None:
    """The node keeps them in pieces of 16 KiB."""
    sizes = (16383, 16384, 16385, 2**20, 1, 0)
    command = f"for size in {' '.join(map(str, sizes))}; do head -c $size /dev/zero | tr '\\0' x; echo; done"
    async with following(namespace, shell("long", command), tmp_path) as (api, follower, archive):
        await phase(api, "long", "Succeeded")
        assert not await follower.finish()
        assert text(archive) == b"".join(b"x" * size + b"\n" for size in sizes)


LAST_WORDS = (
    "trap 'for n in 1 2 3; do echo last $n; done; exit 7' TERM; echo first; while :; do sleep 0.1; done"
)


@pytest.mark.parametrize("how", ["deadline", "deleted"])
@scenario
async def test_the_last_words_of_one_that_is_ended(how: str, namespace: Namespace, tmp_path: Path) -> None:
    pod = shell(how, LAST_WORDS)
    pod["spec"]["terminationGracePeriodSeconds"] = 10
    async with following(namespace, pod, tmp_path) as (api, follower, archive):
        await grows(archive, 6)
        if how == "deadline":
            await api.patch("pods", how, {"spec": {"activeDeadlineSeconds": 1}})
            await phase(api, how, "Failed")
        else:
            await api.delete("pods", how)
            await until(lambda: gone(api, how))
        gap = await follower.finish()
        assert (text(archive), gap) == (b"first\nlast 1\nlast 2\nlast 3\n", False)


async def gone(api: Api, name: str) -> bool:
    return await api.get("pods", name) is None


@scenario
async def test_one_that_is_gone_with_its_log_has_a_mark(namespace: Namespace, tmp_path: Path) -> None:
    async with connected(namespace.kubeconfig) as api:
        archive = LogArchive(tmp_path)
        follower = Follower(api, "nobody", archive.prepare(KEY, stamped=True), 0)
        assert await follower.finish()
        await follower.close()
        assert text(archive) == MARK


@scenario
async def test_lines_that_were_dropped_before_the_first_was_read_have_a_mark(
    namespace: Namespace, tmp_path: Path
) -> None:
    archive = LogArchive(tmp_path)
    path = archive.prepare(KEY, stamped=True)
    async with connected(namespace.kubeconfig) as api:
        await api.create("pods", shell("unheard", "echo never; echo read"))  # says nothing of its beginning
        await phase(api, "unheard", "Succeeded")
        follower = Follower(api, "unheard", path, 0)
        assert await follower.finish()
        await follower.close()
        assert text(archive) == MARK + b"never\nread\n"


FOLLOW = """
import asyncio, sys
from pathlib import Path
from jupyter_jobsub.engines.kubernetes.follower import Follower
from tests.kubernetes.pods import connected

async def follow(kubeconfig, pod, log):
    async with connected(Path(kubeconfig)) as api:
        Follower(api, pod, Path(log), 0).start()
        await asyncio.Event().wait()

asyncio.run(follow(*sys.argv[1:]))
"""


@scenario
async def test_a_follower_that_is_killed_again_and_again(namespace: Namespace, tmp_path: Path) -> None:
    archive = LogArchive(tmp_path)
    path = archive.prepare(KEY, stamped=True)
    async with connected(namespace.kubeconfig) as api:
        await api.create("pods", begun(writer("killed", 2**20, 6)))
        await phase(api, "killed", "Running")
        for size in (2**18, 2**20, 3 * 2**20):
            process = subprocess.Popen([sys.executable, "-c", FOLLOW, namespace.kubeconfig, "killed", path])
            await grows(archive, size)
            process.kill()
            process.wait()
        follower = Follower(api, "killed", path, 0)
        follower.start()
        await phase(api, "killed", "Succeeded")
        gap = await follower.finish()
        await follower.close()
        assert_whole(archive, gap)
