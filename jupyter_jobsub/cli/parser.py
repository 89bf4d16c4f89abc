"""What the commands' parsers share."""

from __future__ import annotations

import argparse
import os

from .errors import UsageError
from .terminal import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

PROG = "jupyter jobsub"


class Help(argparse.RawDescriptionHelpFormatter):
    """Keep texts as they are written, and know the width without importing shutil."""

    def __init__(self, prog: str, **more: Any) -> None:
        super().__init__(prog, max_help_position=28, width=min(_columns(), 100), **more)


class Parser(argparse.ArgumentParser):
    """Raise UsageError instead of printing and ending the process."""

    def __init__(self, prog: str, **more: Any) -> None:
        super().__init__(prog=prog, formatter_class=Help, allow_abbrev=False, **more)

    def format_help(self) -> str:
        """Write the help as it is read where it was asked for."""
        return terminal().spelled(super().format_help())

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise UsageError(message, remedy=f"see: {self.prog} --help")


def examples(parser: Parser, *lines: str, more: str = "") -> None:
    """Add examples, and what else is to be said, to the end of the help."""
    parser.epilog = "\n".join(
        ["Examples:", *(f"  {PROG} {line}" for line in lines)] + ["", more] * bool(more)
    )


def add_ids(parser: Parser, *, many: bool = True, none: str = "") -> None:
    """Take jobs' ids; ``none`` says what it means to give none, where that means something."""
    text = "the job's id, or a beginning or end of it that only one job has"
    if many:
        text += "; a sweep's id is all its jobs"
        text += f"; {none} if none is given" if none else ""
        action = parser.add_argument("ids", metavar="ID", nargs="*" if none else "+", help=text)
    else:
        action = parser.add_argument("id", metavar="ID", help=text)
    complete_with(action, "job_ids")


def complete_with(action: argparse.Action, name: str) -> None:
    """Complete the argument with a function of the completion module, which is rarely wanted."""

    def complete(**more: Any) -> list[str]:
        from . import completion

        names: list[str] = getattr(completion, name)(**more)
        return names

    action.completer = complete  # type: ignore[attr-defined]


def _columns() -> int:
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size(1).columns) - 2
    except (OSError, ValueError):
        return 88
