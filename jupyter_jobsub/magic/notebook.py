"""What a command is typed into when that is a cell."""

from __future__ import annotations

import sys
from codecs import getincrementaldecoder
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from IPython.display import display

from ..cli.errors import UsageError
from ..cli.parser import PROG
from ..cli.terminal import Terminal
from .value import value_of

if TYPE_CHECKING:
    from ..client.api import Row


class Session(Terminal):
    """A terminal in which IPython runs; keeps what the command gives and what went wrong."""

    elsewhere: ClassVar[dict[str, str]] = {
        "serve": "run it in a terminal: it becomes the service, here in place of the kernel",
        "completion": "it is for shells: here the Tab key completes",
    }

    def __init__(self) -> None:
        self.variable: str | None = None
        self.jobs: dict[str, Row] = {}
        self.errors: list[str] = []
        self._decoder = getincrementaldecoder("utf-8")("replace")

    def write(self, data: bytes) -> None:
        """Write a job's output as text: a kernel's stream, and one that is captured, takes nothing else."""
        sys.stdout.write(self._decoder.decode(data))
        sys.stdout.flush()

    def read(self) -> str:
        """Refuse: a cell has nothing piped in."""
        raise UsageError("a cell has no standard input", remedy="name a file")

    def tell(self, error: Sequence[str]) -> None:
        """Keep the lines: they become the cell's error."""
        self.errors += error

    def spelled(self, text: str) -> str:
        """Write commands as a cell takes them."""
        return text.replace(PROG, "%jobsub")

    def environment(self) -> str:
        """The kernel's own, whatever the shell had activated that the kernel was started from."""
        return sys.prefix

    def give(self, job: Row) -> None:
        """Keep the job as it is now: it becomes the cell's value."""
        self.jobs[job["id"]] = job


class Notebook(Session):
    """A cell of a notebook: its outputs are read by people, and are not drawn over."""

    def __init__(self, kernel: Any) -> None:
        super().__init__()
        self._kernel = kernel

    def for_people(self) -> bool:
        """Say that a person reads the output."""
        return True

    def note(self, text: str) -> None:
        """Say it among the output: what goes to standard error looks like one."""
        print(text, flush=True)

    def redraws(self) -> bool:
        """Say that what is written stays."""
        return False

    def answers(self) -> bool:
        """Say whether the frontend asks people; nbconvert does not."""
        return bool(self._kernel._allow_stdin)

    def confirms(self, question: str) -> bool:
        """Ask in the cell."""
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")

    def shows(self, jobs: Sequence[Row]) -> bool:
        """Show jobs in the cell's output, live where there are widgets."""
        display(value_of(jobs))
        return True
