"""The live view of one job."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from ipywidgets import HTML, VBox

from ..client.several import watch_jobs
from ..errors import JobsubError
from . import markup
from .base import TICK, Seen, Stream, View, in_words, show
from .buttons import Buttons
from .files import live_link, saved_link, server
from .look import saved_look
from .painter import painter
from .terminal import Terminal

if TYPE_CHECKING:
    from ..client.job import Job

LINES = 10  # of the log
TAIL = 200  # lines that the view begins with: the newest may go back over them


class JobView(View):
    """Shows a job as it goes on: phase, reason, progress, time, what it uses, its newest lines.

    Parameters
    ----------
    job:
        The job. With Rerun the view goes on with the new one.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self._buttons = Buttons(self._press, lambda: painter.ask(self))
        self._parts = {name: HTML() for name in ("head", "meter", "note", "log", "files")}
        above = [self._parts[name] for name in ("head", "meter", "note")]
        super().__init__(VBox([*above, self._buttons.widget, self._parts["files"], self._parts["log"]]))
        self._busy = ""
        self._begin(job)

    def __repr__(self) -> str:
        return f"<JobView {self.job.id} {self.job.phase}>"

    def _begin(self, job: Job) -> None:
        self.job = job
        self._seen = Seen(job)
        self._terminal = Terminal()
        self._output: str | None = job.row.get("output")

    def _open(self) -> Stream:
        if self.job.row["log_expired"]:
            return watch_jobs([self.job], on_lost=self._lost)
        return self.job.watch(tail=TAIL, on_lost=self._lost)

    def _complete(self, kind: str, value: Any) -> None:
        if kind in ("job", "end") and value["kind"] == "notebook" and value["attempt"] and not self._output:
            with suppress(JobsubError):  # the stream goes on, or says what is wrong
                self._output = self.job.refresh().output

    def _take(self, kind: str, value: Any) -> None:
        if kind == "log":
            self._terminal.feed(value)
        elif kind == "attempt":
            self._terminal = Terminal()

    def _draw(self) -> float | None:
        now = self._seen.look()
        shown = {
            "head": markup.head(now),
            "meter": markup.meter(now),
            "note": self._note(),
            "log": markup.log(self._terminal.lines(LINES), now.name),
            "files": live_link(self._output, server()),
        }
        show(self._parts, shown)
        allowed = self.job.row["allowed"]
        asked = self._buttons.draw(allowed, busy=bool(self._busy))
        return self._tick(asked, None if now.final else TICK)

    def _saved(self) -> tuple[str, str, Hashable]:
        then = saved_look(self.job.row)
        html = markup.block(
            markup.head(then),
            markup.meter(then),
            self._note(),
            saved_link(self._output, server()),
            markup.log(self._terminal.lines(LINES), then.name),
        )
        return then.line, markup.STYLE + html, html if then.final else (then.id, then.phase, then.reason)

    def _press(self, action: str) -> None:
        """Do it in a thread of its own: the service may be slow, or away."""
        with self._lock:
            if self._busy:
                return
            self._busy = action
        Thread(target=self._act, args=(action,), name=f"jobsub-{action}", daemon=True).start()

    def _act(self, action: str) -> None:
        try:
            done = getattr(self.job, action)()
            problem = ""
        except JobsubError as error:
            done, problem = None, in_words(error)
        with self._lock:
            self._busy = ""
            self._refused(problem)
            if done is not None and action == "rerun" and not self.closed:
                self._begin(done)
                self._read_from(self._open())
        painter.ask(self)
