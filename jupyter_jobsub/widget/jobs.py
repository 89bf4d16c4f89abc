"""The live view of several jobs."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from threading import Thread
from typing import TYPE_CHECKING, Any

from ipywidgets import HTML, VBox

from ..client.several import watch_jobs
from ..errors import Conflict, JobsubError
from . import markup
from .base import TICK, Seen, Stream, View, in_words, show
from .buttons import Buttons, Face
from .job import JobView
from .look import Look, saved_look
from .painter import painter

if TYPE_CHECKING:
    from ..client.job import Job

SHOWN = 50  # jobs; of the others there are counts
FACES = {"cancel": Face("Cancel all", "End all that have not ended; their logs stay", "Really cancel all?")}


class JobsView(View):
    """Shows several jobs, a line each, and how many are in which phase.

    Parameters
    ----------
    jobs:
        The jobs, all of the same service.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.jobs = {job.id: job for job in jobs}
        self._seen = {job.id: Seen(job) for job in self.jobs.values()}
        self._busy = False
        self._parts = {name: HTML() for name in ("head", "table", "note")}
        self._buttons = Buttons(self._press, lambda: painter.ask(self), FACES)
        super().__init__(VBox([*self._parts.values(), self._buttons.widget]))

    def __repr__(self) -> str:
        return f"<JobsView of {len(self.jobs)} jobs>"

    def _open(self) -> Stream:
        return watch_jobs(list(self.jobs.values()), on_lost=self._lost)

    def _take(self, kind: str, value: Any) -> None:
        if kind == "deleted":
            del self.jobs[value], self._seen[value]

    def _draw(self) -> float | None:
        looks = [seen.look() for seen in self._seen.values()]
        show(self._parts, self._html(looks))
        asked = self._buttons.draw({"cancel"} if self._cancellable() else (), busy=self._busy)
        return self._tick(asked, None if all(one.final for one in looks) else TICK)

    def _saved(self) -> tuple[str, str, Hashable]:
        looks = [saved_look(job.row) for job in self.jobs.values()]
        html = markup.block(*self._html(looks).values())
        text = "\n".join(one.line for one in looks)
        return text, markup.STYLE + html, tuple((one.id, one.phase, one.reason) for one in looks)

    def _html(self, looks: list[Look]) -> dict[str, str]:
        return {
            "head": markup.counts(looks),
            "table": markup.table(looks[:SHOWN], len(looks)),
            "note": self._note(),
        }

    def _cancellable(self) -> list[Job]:
        return [job for job in self.jobs.values() if "cancel" in job.row["allowed"]]

    def _press(self, action: str) -> None:
        with self._lock:
            if self._busy:
                return
            self._busy = True
        Thread(target=self._act, name="jobsub-cancel", daemon=True).start()

    def _act(self) -> None:
        problem = ""
        with self._lock:
            asked = self._cancellable()
        for job in reversed(asked):  # what waits first, or it would start meanwhile
            try:
                job.cancel()
            except Conflict:
                continue  # it has ended
            except JobsubError as error:
                problem = f"{job.id}: {in_words(error)}"
        with self._lock:
            self._busy = False
            self._refused(problem)
        painter.ask(self)


def view(job: Job | Iterable[Job]) -> View:
    """Make the live view of a job, or of several; it is shown when it is displayed.

    Parameters
    ----------
    job:
        A job, or several of the same service.

    Returns
    -------
    JobView or JobsView
    """
    return JobsView(job) if isinstance(job, Iterable) else JobView(job)
