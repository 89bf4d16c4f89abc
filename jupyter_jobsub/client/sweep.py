"""Jobs that belong together: one for each point of a grid of parameters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import Conflict
from .ids import of_sweep
from .job import Job, ended

if TYPE_CHECKING:
    from .api import Client, Row


class Sweep:
    """The jobs of a sweep, in the order of its grid.

    Parameters
    ----------
    service:
        The service that has them.
    id:
        The sweep's id, such as ``sweep-20260131-k7x2mp9w``.
    rows:
        What is known of its jobs.
    """

    def __init__(self, service: Client, id: str, rows: list[Row]) -> None:
        self.id = id
        self.jobs = [Job(service, row) for row in rows]
        self._service = service

    def __iter__(self) -> Iterator[Job]:
        return iter(self.jobs)

    def __getitem__(self, place: int) -> Job:
        return self.jobs[place]

    def __len__(self) -> int:
        return len(self.jobs)

    def refresh(self) -> Sweep:
        """Ask for the jobs as they are now; one that was deleted is no longer there.

        Raises
        ------
        NotFound
            If none is left.
        """
        self.jobs = [Job(self._service, row) for row in of_sweep(self._service, self.id)]
        return self

    def cancel(self) -> Sweep:
        """End all that have not ended."""
        for job in reversed(self.refresh().jobs):  # what waits first, or it would start meanwhile
            with suppress(Conflict):  # it has ended
                job.cancel()
        return self.refresh()

    def wait(self, timeout: float | None = None) -> Iterator[Job]:
        """Wait for the jobs; give each when it has ended.

        Parameters
        ----------
        timeout:
            Seconds to wait at most for all of them; None is for ever.

        Raises
        ------
        TimeoutError
            If some have not ended by then; they run on.
        """
        return ended(self._service, self.jobs, timeout)

    def rows(self) -> list[Row]:
        """Compare the jobs as they are now, a row each: fit for ``pandas.DataFrame(sweep.rows())``.

        Returns
        -------
        list of dict
            The parameters by name, then ``job``, ``phase``, ``exit_code``, ``duration_seconds``,
            ``fraction`` of the progress, and ``message``.
        """
        return [_compared(job) for job in self.refresh()]

    def __repr__(self) -> str:
        return f"<Sweep {self.id}: {len(self)} jobs>"

    def __str__(self) -> str:
        return self.id  # what commands take: %jobsub cancel {sweep}


def _compared(job: Job) -> Row:
    progress = job.progress or {}
    return {
        **job.parameters,
        "job": job.id,
        "phase": job.phase,
        "exit_code": job.exit_code,
        "duration_seconds": job.duration_seconds,
        "fraction": progress.get("fraction"),
        "message": progress.get("text") or job.message,
    }
