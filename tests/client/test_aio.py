"""The client in asyncio, at a real service: what is cancelled leaves nothing behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub import (
    Artifacts,
    AsyncJob,
    AsyncJobsubClient,
    AsyncSweep,
    Closed,
    Job,
    JobFailed,
    JobsubClient,
    NotFound,
    Sweep,
    UsageError,
)
from jupyter_jobsub.client import Client
from jupyter_jobsub.client.aio.job import AsyncArtifacts
from jupyter_jobsub.client.aio.threads import Threads

pytestmark = pytest.mark.usefixtures("nothing_left")
HOLD = "for i in $(seq 1000); do [ -e go ] && break; sleep 0.05; done"
HELD = f"echo ready; {HOLD}; echo gone"


@pytest.fixture
def run(at_service: None) -> Callable[[Callable[[AsyncJobsubClient], Awaitable[Any]]], Any]:
    """Run a coroutine function with a client."""

    async def within(work: Callable[[AsyncJobsubClient], Awaitable[Any]]) -> Any:
        async with AsyncJobsubClient(start=False) as client:
            return await work(client)

    return lambda work: asyncio.run(within(work))


def test_a_command_from_submit_to_its_end(run: Callable) -> None:
    async def work(client: AsyncJobsubClient) -> None:
        job = await client.submit(command="echo one; exit 3", name="n")
        assert await job.wait() is job
        assert (job.phase, job.exit_code) == ("Failed", 3)
        assert await job.logs() == "one\n"
        with pytest.raises(JobFailed, match="one"):
            await job.wait(check=True)
        assert (await job.spec())["command"] == "echo one; exit 3"
        assert (await job.timeline())[-1]["phase"] == "Failed"
        assert await job.output() is None
        assert await client.job(job.id[-8:]) == job
        again = await job.clone(command="true")
        assert isinstance(again, AsyncJob)
        await again.wait(check=True)
        await again.delete()
        with pytest.raises(NotFound):
            await again.refresh()

    run(work)


@pytest.mark.parametrize(
    ("one", "other"),
    [(JobsubClient, AsyncJobsubClient), (Job, AsyncJob), (Sweep, AsyncSweep), (Artifacts, AsyncArtifacts)],
)
def test_all_that_there_is_is_there_in_asyncio(one: type, other: type) -> None:
    internal = {"on", "service"}
    other_words = {"__enter__", "__exit__", "__iter__"}  # async with, async for
    names = {name for name in vars(one) if not name.startswith("_") or name.startswith("__")}
    assert names - {*dir(other)} <= internal | other_words


def test_many_calls_at_once(run: Callable) -> None:
    async def work(client: AsyncJobsubClient) -> None:
        jobs = await asyncio.gather(*(client.submit(command=f"exit {n}", name=f"many {n}") for n in range(6)))
        jobs.sort(key=lambda job: job.row["queued_at"])
        codes = {job.id: job.exit_code async for job in client.wait([*jobs[:5], jobs[5].id])}
        assert codes == {job.id: int(job.name[-1]) for job in jobs}
        assert all(job.final for job in jobs[:5])
        assert {job async for job in client.jobs(text="many")} == set(jobs)
        assert [job async for job in client.jobs(text="many", limit=1)] == [jobs[-1]]

    run(work)


def test_a_log_is_followed(run: Callable, tmp_path: Path) -> None:
    async def work(client: AsyncJobsubClient) -> str:
        job = await client.submit(command=HELD)
        text = ""
        async for piece in job.logs(follow=True):
            text += piece
            if text == "ready\n":
                (tmp_path / "go").touch()
        async for kind, _ in job.watch():
            assert kind in ("job", "log", "end")
        assert job.final
        return text

    assert run(work) == "ready\ngone\n"


def test_other_questions(run: Callable) -> None:
    async def work(client: AsyncJobsubClient) -> None:
        assert (await client.catalog())["groups"]
        assert await client.status()
        assert (await client.usage())["groups"]
        with pytest.raises(UsageError):
            await client.submit()

    run(work)


STREAMS: dict[str, Callable[[AsyncJobsubClient, AsyncJob], AsyncGenerator[Any, None]]] = {
    "logs": lambda client, job: job.logs(follow=True),
    "watch": lambda client, job: job.watch(),
    "events": lambda client, job: client.events(),
    "wait": lambda client, job: client.wait([job]),
}


@pytest.mark.parametrize(
    ("how", "at_once"),
    [*((how, True) for how in STREAMS), *((how, False) for how in STREAMS if how != "wait")],
)
def test_a_stream_that_is_cancelled_leaves_nothing(run: Callable, how: str, at_once: bool) -> None:
    async def work(client: AsyncJobsubClient) -> None:
        job = await client.submit(command="echo one; sleep 60")
        begun = asyncio.Event()

        async def endless() -> None:
            async for _ in STREAMS[how](client, job):
                begun.set()

        task = asyncio.create_task(endless())
        await (asyncio.sleep(0) if at_once else begun.wait())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await job.cancel()  # over a connection that is well
        await job.wait()

    run(work)


def test_a_time_limit_of_asyncios(run: Callable) -> None:
    async def work(client: AsyncJobsubClient) -> None:
        job = await client.submit(command="sleep 60")
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(job.wait(), 0.2)
        assert (await job.cancel()).row["intent"] == "cancel"
        await job.wait()

    run(work)


def test_a_stream_that_is_left_is_closed(run: Callable) -> None:
    async def work(client: AsyncJobsubClient) -> None:
        job = await client.submit(command="echo one; sleep 60")
        async with aclosing(job.watch()) as watch:
            async for kind, _ in watch:
                if kind == "log":
                    break
        await job.cancel()
        await job.wait()

    run(work)


def test_closing_ends_what_is_awaited(run: Callable) -> None:
    async def work(client: AsyncJobsubClient) -> None:
        entered, closed = threading.Event(), threading.Event()

        def wait(service: Client) -> None:
            scope = service.scope
            with scope.holding(Waking(closed)):
                entered.set()
                closed.wait(10)
            assert scope.closed
            raise Closed

        waiting = asyncio.create_task(client._threads.run(wait))
        await asyncio.to_thread(entered.wait, 10)
        await client.close()
        with pytest.raises(Closed):
            await waiting
        assert await client.status()  # it opens another connection

    run(work)


class Waking:
    """In a connection's place."""

    def __init__(self, closed: threading.Event) -> None:
        self.interrupt = closed.set


def test_a_call_that_was_cancelled_before_it_began_does_nothing(at_service: None) -> None:
    async def work() -> None:
        threads = Threads(AsyncJobsubClient(start=False)._threads._endpoint)
        entered, cancelled = threading.Event(), threading.Event()

        def call(service: Any) -> None:
            entered.set()
            cancelled.wait(10)
            service.submit({"command": "true", "name": "never"})

        task = asyncio.create_task(threads.run(call))
        await asyncio.to_thread(entered.wait, 10)
        task.cancel()
        await asyncio.sleep(0)
        cancelled.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with AsyncJobsubClient(start=False) as client:
            assert [job async for job in client.jobs(text="never")] == []

    asyncio.run(work())
