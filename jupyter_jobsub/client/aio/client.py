"""Every verb, for asyncio."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from ..api import Client
from ..job import Job
from ..jobsub import JobsubClient
from .base import PAGE, Asynchronous, value
from .job import AsyncJob, ended, new
from .sweep import several
from .threads import Threads

if TYPE_CHECKING:
    from ..api import Row

P = ParamSpec("P")
S = TypeVar("S")


def _listed(
    method: Callable[Concatenate[S, P], Iterator[Job]],
) -> Callable[Concatenate[Asynchronous[S], P], AsyncGenerator[AsyncJob, None]]:
    """Make an asynchronous iteration over jobs that are listed."""

    @wraps(method)
    async def call(
        self: Asynchronous[S], /, *args: P.args, **kwargs: P.kwargs
    ) -> AsyncGenerator[AsyncJob, None]:
        found = self._threads.iterate(
            lambda service: method(self._on(service), *args, **kwargs), at_once=PAGE
        )
        async with aclosing(found):
            async for job in found:
                yield AsyncJob(self._threads, job.row)

    return call


class AsyncJobsubClient(Asynchronous[JobsubClient]):
    """Hands jobs to the queue and finds them again, in asyncio.

    Parameters and methods are those of `JobsubClient`; calls are awaited, and what it gives to iterate
    over is for ``async for``. Each call takes a thread while it waits for the service. Cancelling one
    ends its connection; a `submit` that is cancelled may have been accepted, unless its
    ``idempotency_key`` is used again.
    """

    def __init__(self, url: str | None = None, token: str | None = None, *, start: bool = True) -> None:
        self._threads = Threads(JobsubClient(url, token, start=start).service.endpoint)

    def _on(self, service: Client) -> JobsubClient:
        return JobsubClient.on(service)

    async def close(self) -> None:
        """Close the connections; what is being waited for ends with `Closed`."""
        self._threads.close()

    async def __aenter__(self) -> AsyncJobsubClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    submit = new(JobsubClient.submit)
    submit_sweep = several(JobsubClient.submit_sweep)
    sweep = several(JobsubClient.sweep)
    job = new(JobsubClient.job)
    jobs = _listed(JobsubClient.jobs)
    catalog = value(JobsubClient.catalog)
    usage = value(JobsubClient.usage)
    status = value(JobsubClient.status)

    async def wait(
        self, jobs: Iterable[AsyncJob | str], timeout: float | None = None
    ) -> AsyncGenerator[AsyncJob, None]:
        """Wait for jobs, as `JobsubClient.wait` does."""
        given = [job if isinstance(job, AsyncJob) else await self.job(job) for job in jobs]
        found = ended(self._threads, given, timeout)
        async with aclosing(found):
            async for job in found:
                yield job

    def events(self, *, progress: bool = False) -> AsyncGenerator[tuple[str, Row], None]:
        """Follow what happens to all jobs that you may see, as `JobsubClient.events` does."""
        return self._threads.iterate(lambda service: self._on(service).events(progress=progress))
