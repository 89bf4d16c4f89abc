"""What the commands' parsers share."""

from __future__ import annotations

import argparse
import os

from .errors import UsageError

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

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise UsageError(message, remedy=f"see: {self.prog} --help")


def examples(parser: Parser, *lines: str, more: str = "") -> None:
    """Add examples, and what else is to be said, to the end of the help."""
    parser.epilog = "\n".join(
        ["Examples:", *(f"  {PROG} {line}" for line in lines)] + ["", more] * bool(more)
    )


def add_ids(parser: Parser, nargs: str = "+") -> None:
    """Take jobs' ids."""
    action = parser.add_argument(
        "ids" if nargs == "+" else "id", metavar="ID", nargs=nargs if nargs == "+" else None
    )
    action.help = "the job's id, or a beginning or end of it that only one job has"
    action.completer = _job_ids  # type: ignore[attr-defined]


def _job_ids(**more: Any) -> list[str]:
    from .completion import job_ids

    return job_ids(**more)


def _columns() -> int:
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size(1).columns) - 2
    except (OSError, ValueError):
        return 88
