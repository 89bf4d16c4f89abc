"""The Python interface for asyncio, made from the synchronous one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import aclosing
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from .api import Client
from .artifacts import Artifacts
from .job import Job, ended
from .jobsub import JobsubClient
from .row import JobRow
from .sweep import Sweep
from .threads import Threads

if TYPE_CHECKING:
    from typing import Literal

    from .api import Row

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


class Asynchronous(Generic[S]):
    """Stands for a synchronous object, which is made anew for each call, in the call's thread."""

    _threads: Threads

    def _on(self, service: Client) -> S:
        raise NotImplementedError


def _value(
    method: Callable[Concatenate[S, P], T],
) -> Callable[Concatenate[Asynchronous[S], P], Coroutine[Any, Any, T]]:
    """Make an asynchronous method that gives the same as the synchronous one."""

    @wraps(method)
    async def call(self: Asynchronous[S], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._threads.run(lambda service: method(self._on(service), *args, **kwargs))

    return call


def _new(
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


def _several(
    method: Callable[Concatenate[S, P], Sweep],
) -> Callable[Concatenate[Asynchronous[S], P], Coroutine[Any, Any, AsyncSweep]]:
    """Make one from a method that gives a sweep."""

    @wraps(method)
    async def call(self: Asynchronous[S], /, *args: P.args, **kwargs: P.kwargs) -> AsyncSweep:
        found = await self._threads.run(lambda service: method(self._on(service), *args, **kwargs))
        return AsyncSweep(self._threads, found.id, [job.row for job in found])

    return call


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


PAGE = 100


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

    listing = _value(Artifacts.listing)
    read = _value(Artifacts.read)
    download = _value(Artifacts.download)
    list = _value(Artifacts.list)


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
    rerun = _new(Job.rerun)
    clone = _new(Job.clone)
    delete = _value(Job.delete)
    spec = _value(Job.spec)
    timeline = _value(Job.timeline)
    metrics = _value(Job.metrics)

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


class AsyncSweep(Asynchronous[Sweep]):
    """The jobs of a sweep, in the order of its grid. Methods are those of `Sweep`."""

    def __init__(self, threads: Threads, id: str, rows: Iterable[Row]) -> None:
        self.id = id
        self.jobs = [AsyncJob(threads, row) for row in rows]
        self._threads = threads

    def _on(self, service: Client) -> Sweep:
        return Sweep(service, self.id, [job.row for job in self.jobs])

    def __iter__(self) -> Iterator[AsyncJob]:
        return iter(self.jobs)

    def __len__(self) -> int:
        return len(self.jobs)

    def __repr__(self) -> str:
        return f"<AsyncSweep {self.id}: {len(self)} jobs>"

    refresh = _several(Sweep.refresh)
    cancel = _several(Sweep.cancel)
    rows = _value(Sweep.rows)

    def wait(self, timeout: float | None = None) -> AsyncGenerator[AsyncJob, None]:
        """Wait for the jobs, as `Sweep.wait` does."""
        return _ended(self._threads, self.jobs, timeout)


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

    submit = _new(JobsubClient.submit)
    submit_sweep = _several(JobsubClient.submit_sweep)
    sweep = _several(JobsubClient.sweep)
    job = _new(JobsubClient.job)
    jobs = _listed(JobsubClient.jobs)
    catalog = _value(JobsubClient.catalog)
    usage = _value(JobsubClient.usage)
    status = _value(JobsubClient.status)

    async def wait(
        self, jobs: Iterable[AsyncJob | str], timeout: float | None = None
    ) -> AsyncGenerator[AsyncJob, None]:
        """Wait for jobs, as `JobsubClient.wait` does."""
        given = [job if isinstance(job, AsyncJob) else await self.job(job) for job in jobs]
        found = _ended(self._threads, given, timeout)
        async with aclosing(found):
            async for job in found:
                yield job

    def events(self) -> AsyncGenerator[tuple[str, Row], None]:
        """Follow what happens to all jobs that you may see, as `JobsubClient.events` does."""
        return self._threads.iterate(lambda service: self._on(service).events())


async def _ended(
    threads: Threads, jobs: Iterable[AsyncJob], timeout: float | None
) -> AsyncGenerator[AsyncJob, None]:
    by_id = {job.id: job for job in jobs}
    found = threads.iterate(
        lambda service: ended(service, [job._on(service) for job in by_id.values()], timeout)
    )
    async with aclosing(found):
        async for one in found:
            job = by_id[one.id]
            job.row = one.row
            yield job
