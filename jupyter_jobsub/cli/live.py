"""A line below a followed log that says where the job stands; on a terminal only."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..client.words import standing
from .output import clean
from .terminal import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client.api import Row

UNKNOWN = 80  # columns of a terminal that does not say
ERASE = "\r\x1b[K"


class StatusLine:
    """Shown while the log's last line is complete; erased around everything else, and at the end.

    People have the log's last line ended, so that what follows has one of its own.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._shown = wanted and terminal().redraws()
        self._text = ""
        self._at_start = True

    def __enter__(self) -> StatusLine:
        return self

    def __exit__(self, *_: object) -> None:
        self._draw("")
        if self._wanted and not self._at_start and terminal().for_people():
            terminal().note("")

    def show(self, job: Row) -> None:
        """Say where the job stands."""
        self.say(f"[{job['phase']}] {standing(job)}".rstrip())

    def say(self, text: str) -> None:
        """Say something else."""
        self._text = text
        self._draw(text)

    @contextmanager
    def aside(self, chunk: bytes) -> Iterator[None]:
        """Make room while something that ends like the chunk is printed."""
        self._draw("")
        yield
        self._at_start = chunk.endswith(b"\n")
        self._draw(self._text)

    def _draw(self, text: str) -> None:
        if self._shown and self._at_start:
            width = max(10, (os.get_terminal_size(2).columns or UNKNOWN) - 1)
            sys.stderr.write(ERASE + clean(text)[:width] * bool(text))
            sys.stderr.flush()
