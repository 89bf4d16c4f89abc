"""Jobs that belong together."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from ..api import Client
from ..sweep import Sweep
from .base import Asynchronous, value
from .job import AsyncJob, ended
from .threads import Threads

if TYPE_CHECKING:
    from ..api import Row

P = ParamSpec("P")
S = TypeVar("S")


def several(
    method: Callable[Concatenate[S, P], Sweep],
) -> Callable[Concatenate[Asynchronous[S], P], Coroutine[Any, Any, AsyncSweep]]:
    """Make one from a method that gives a sweep."""

    @wraps(method)
    async def call(self: Asynchronous[S], /, *args: P.args, **kwargs: P.kwargs) -> AsyncSweep:
        found = await self._threads.run(lambda service: method(self._on(service), *args, **kwargs))
        return AsyncSweep(self._threads, found.id, [job.row for job in found])

    return call


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

    def __getitem__(self, place: int) -> AsyncJob:
        return self.jobs[place]

    def __len__(self) -> int:
        return len(self.jobs)

    def __repr__(self) -> str:
        return f"<AsyncSweep {self.id}: {len(self)} jobs>"

    def __str__(self) -> str:
        return self.id  # what commands take: %jobsub cancel {sweep}

    async def refresh(self) -> AsyncSweep:
        """Ask for the jobs as they are now, as `Sweep.refresh` does."""
        return await self._after(Sweep.refresh)

    async def cancel(self) -> AsyncSweep:
        """End all that have not ended."""
        return await self._after(Sweep.cancel)

    async def _after(self, method: Callable[[Sweep], Sweep]) -> AsyncSweep:
        found = await self._threads.run(lambda service: method(self._on(service)))
        self.jobs = [AsyncJob(self._threads, job.row) for job in found]
        return self

    rows = value(Sweep.rows)

    def wait(self, timeout: float | None = None) -> AsyncGenerator[AsyncJob, None]:
        """Wait for the jobs, as `Sweep.wait` does."""
        return ended(self._threads, self.jobs, timeout)
