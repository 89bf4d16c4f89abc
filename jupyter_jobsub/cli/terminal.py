"""What a command is typed into: a shell, unless a surface that runs commands in its own process says else."""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import ClassVar

    from ..client.api import Row


class Terminal:
    """A shell's terminal, or the pipes and files in its place.

    Attributes
    ----------
    elsewhere:
        Commands that make no sense here, with what to do instead.
    """

    elsewhere: ClassVar[Mapping[str, str]] = {}

    def for_people(self) -> bool:
        """Say whether a person reads the output, and no program."""
        return sys.stdout.isatty()

    def redraws(self) -> bool:
        """Say whether what is written can be erased and written anew."""
        return sys.stdout.isatty() and sys.stderr.isatty()

    def write(self, data: bytes) -> None:
        """Write a job's own output, byte for byte."""
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def note(self, text: str) -> None:
        """Say something that is not part of the output."""
        print(text, file=sys.stderr, flush=True)

    def tell(self, error: Sequence[str]) -> None:
        """Tell an error, in lines."""
        sys.stdout.flush()
        print("\n".join(error), file=sys.stderr)

    def read(self) -> str:
        """Read what is typed or piped in, to its end."""
        return sys.stdin.read()

    def answers(self) -> bool:
        """Say whether there is a person to ask; where there is none, the command itself is the answer."""
        return sys.stdin.isatty()

    def confirms(self, question: str) -> bool:
        """Ask a person who answers."""
        print(question, file=sys.stderr, flush=True)
        return input("[y/N] ").strip().lower() in ("y", "yes")

    def environment(self) -> str:
        """The environment that the shell has activated, else the one of this program."""
        return os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX") or sys.prefix

    def spelled(self, text: str) -> str:
        """Write the commands that a text names as they are typed here."""
        return text

    def shows(self, jobs: Sequence[Row]) -> bool:
        """Show jobs while they run and the person goes on; say whether that can be done here."""
        return False

    def give(self, job: Row) -> None:
        """Hand over a job that the command has made or found: a shell has no use for more than its text."""


current: ContextVar[Terminal] = ContextVar("current", default=Terminal())  # noqa: B039 - it has no state


def terminal() -> Terminal:
    """Give what the command was typed into."""
    return current.get()
