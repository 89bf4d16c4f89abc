"""A line below a followed log that says where the job stands; on a terminal only."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .output import clean, standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client.api import Row

ERASE = "\r\x1b[K"


class StatusLine:
    """Shown whenever the log's last line is complete; erased around everything else."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._text = ""
        self._at_start = True
        self._lock = threading.Lock()

    @contextmanager
    def aside(self, chunk: bytes) -> Iterator[None]:
        """Make room while something that ends with the chunk is printed."""
        with self._lock:
            self._draw("")
            yield
            self._at_start = chunk.endswith(b"\n")
            self._draw(self._text)

    def show(self, text: str) -> None:
        """Change what the line says."""
        with self._lock:
            self._text = text
            self._draw(text)

    def _draw(self, text: str) -> None:
        if self._shown and self._at_start:
            width = max(10, os.get_terminal_size(2).columns - 1)
            sys.stderr.write(ERASE + clean(text)[:width] * bool(text))
            sys.stderr.flush()


@contextmanager
def status_line(job_id: str, *, wanted: bool) -> Iterator[StatusLine]:
    """Keep a line up to date from the event stream, in a thread of its own."""
    shown = wanted and sys.stdout.isatty() and sys.stderr.isatty()
    line = StatusLine(shown=shown)
    if shown:
        threading.Thread(target=_watch, args=(job_id, line), daemon=True).start()
    try:
        yield line
    finally:
        line.show("")


def _watch(job_id: str, line: StatusLine) -> None:
    from ..client import Client
    from ..errors import JobsubError

    with suppress(JobsubError, OSError), Client() as service:  # the log itself tells what is wrong
        line.show(describe(service.job(job_id)))
        for name, data in service.events():
            if name == "job" and data["job"]["id"] == job_id:
                line.show(describe(data["job"]))


def describe(job: Row) -> str:
    """Say where the job stands."""
    return f"[{job['phase']}] {standing(job)}".rstrip()
