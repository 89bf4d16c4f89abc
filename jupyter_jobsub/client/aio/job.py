"""One job."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from contextlib import aclosing
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, overload

from ..api import Client
from ..artifacts import Artifacts
from ..job import Job
from ..job import ended as ended_of
from ..row import JobRow
from .base import PAGE, Asynchronous, value
from .threads import Threads

if TYPE_CHECKING:
    from typing import Literal

    from ..api import Row

P = ParamSpec("P")
S = TypeVar("S")


def new(
    method: Callable[Concatenate[S, P], Job],
) -> Callable[Concatenate[Asynchronous[S], P], Coroutine[Any, Any, AsyncJob]]:
    """Make one from a method that gives another job."""

    @wraps(method)
    async def call(self: Asynchronous[S], /, *args: P.args, **kwargs: P.kwargs) -> AsyncJob:
        found = await self._threads.run(lambda service: method(self._on(service), *args, **kwargs))
        return AsyncJob(self._threads, found.row)

    return call


def _same(
    method: Callable[Concatenate[Job, P], Job],
) -> Callable[Concatenate[AsyncJob, P], Coroutine[Any, Any, AsyncJob]]:
    """Make one from a method that gives the job itself, as it is then."""

    @wraps(method)
    async def call(self: AsyncJob, /, *args: P.args, **kwargs: P.kwargs) -> AsyncJob:
        def work(service: Client) -> None:
            job = self._on(service)
            try:
                method(job, *args, **kwargs)
            finally:
                self.row = job.row

        await self._threads.run(work)
        return self

    return call


class AsyncArtifacts(Asynchronous[Artifacts]):
    """The files that a job keeps, for ``async for``. Methods are those of `Artifacts`."""

    def __init__(self, threads: Threads, job_id: str, attempt: int | None = None) -> None:
        self._threads = threads
        self._job_id = job_id
        self._attempt = attempt

    def _on(self, service: Client) -> Artifacts:
        return Artifacts(service, self._job_id, self._attempt)

    def of_attempt(self, attempt: int) -> AsyncArtifacts:
        """Give those of another attempt."""
        return AsyncArtifacts(self._threads, self._job_id, attempt)

    def __aiter__(self) -> AsyncGenerator[Row, None]:
        return self._threads.iterate(lambda service: iter(self._on(service)), at_once=PAGE)

    listing = value(Artifacts.listing)
    read = value(Artifacts.read)
    download = value(Artifacts.download)
    save = value(Artifacts.save)
    list = value(Artifacts.list)


class AsyncJob(JobRow, Asynchronous[Job]):
    """A job. Methods are those of `Job`, to be awaited; what streams is for ``async for``.

    Cancelling a call ends its connection, and nothing of it is left. The job itself runs on.
    """

    def __init__(self, threads: Threads, row: Row) -> None:
        super().__init__(row)
        self._threads = threads

    def _on(self, service: Client) -> Job:
        return Job(service, self.row)

    refresh = _same(Job.refresh)
    wait = _same(Job.wait)
    cancel = _same(Job.cancel)
    pause = _same(Job.pause)
    resume = _same(Job.resume)
    edit = _same(Job.edit)
    purge = _same(Job.purge)
    rerun = new(Job.rerun)
    clone = new(Job.clone)
    delete = value(Job.delete)
    spec = value(Job.spec)
    timeline = value(Job.timeline)
    metrics = value(Job.metrics)

    @property
    def artifacts(self) -> AsyncArtifacts:
        """What it keeps of the files in its ``$JOBSUB_ARTIFACTS``."""
        return AsyncArtifacts(self._threads, self.id)

    @overload
    def logs(
        self,
        follow: Literal[False] = False,
        tail: int | None = None,
        role: str | None = None,
        task: int | None = None,
        attempt: int | None = None,
    ) -> Awaitable[str]: ...

    @overload
    def logs(
        self,
        follow: Literal[True],
        tail: int | None = None,
        role: str | None = None,
        task: int | None = None,
        attempt: int | None = None,
    ) -> AsyncGenerator[str, None]: ...

    def logs(
        self,
        follow: bool = False,
        tail: int | None = None,
        role: str | None = None,
        task: int | None = None,
        attempt: int | None = None,
    ) -> Awaitable[str] | AsyncGenerator[str, None]:
        """Read what the job has written, as `Job.logs` does.

        Returns
        -------
        Awaitable of str, or AsyncGenerator of str with ``follow``
            The whole, or its pieces as they are written.
        """
        if follow:
            return self._threads.iterate(
                lambda service: self._on(service).logs(True, tail, role, task, attempt)
            )
        return self._threads.run(lambda service: self._on(service).logs(False, tail, role, task, attempt))

    async def watch(
        self,
        *,
        tail: int | None = None,
        role: str | None = None,
        task: int | None = None,
        attempt: int | None = None,
    ) -> AsyncGenerator[tuple[str, Any], None]:
        """Follow all that happens to the job, as `Job.watch` does."""
        found = self._threads.iterate(
            lambda service: self._on(service).watch(tail=tail, role=role, task=task, attempt=attempt)
        )
        async with aclosing(found):
            async for kind, value in found:
                if kind in ("job", "end"):
                    self.row = value
                yield kind, value

    async def output(self) -> str | None:
        """Fetch the path of the notebook with its outputs; None of what is no notebook."""
        return await self._threads.run(lambda service: self._on(service).output)


async def ended(
    threads: Threads, jobs: Iterable[AsyncJob], timeout: float | None
) -> AsyncGenerator[AsyncJob, None]:
    """Wait for jobs, and give each when it has ended."""
    by_id = {job.id: job for job in jobs}
    found = threads.iterate(
        lambda service: ended_of(service, [job._on(service) for job in by_id.values()], timeout)
    )
    async with aclosing(found):
        async for one in found:
            job = by_id[one.id]
            job.row = one.row
            yield job
