"""The magics: a line or a cell becomes a command, what the command gives becomes the cell's value."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from IPython.core.magic import Magics, line_cell_magic, magics_class

from .. import widget
from ..cli import app, terminal
from ..cli.errors import OK, UsageError, as_lines
from ..errors import JobsubError
from . import cell as cells
from .completion import complete
from .errors import CommandFailed
from .notebook import Notebook, Session
from .value import Display, value_of

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .value import Value

ANSWERS = ("status", "doctor")  # their exit code is what they have found
NAME = "jobsub"


@magics_class
class JobsubMagics(Magics):
    """The magics of one kernel."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self.display = Display(shell)

    @line_cell_magic
    def jobsub(self, line: str, cell: str | None = None) -> Value | None:
        """Hand work to the job queue, and look after it.

        ``%jobsub COMMAND …`` is the command ``jupyter jobsub``: see ``%jobsub --help``.
        ``%%jobsub [options]`` submits the cell, as a script for bash or, with ``--python``, for the
        kernel's Python: see ``%%jobsub --help``.

        Returns
        -------
        The job that was submitted or looked at, several as a list or a Sweep; None if ``--as`` names a
        variable, which gets it, and keeps what it had if there is none.
        """
        kernel = getattr(self.shell, "kernel", None)
        session = Session() if kernel is None else Notebook(kernel)
        token = terminal.current.set(session)
        try:
            _carry_out(session, line, cell)
        finally:
            terminal.current.reset(token)
            value = value_of(session.jobs.values())
            if session.variable and self.shell and value is not None:
                self.shell.push({session.variable: value})
        self.display.told(value)
        return None if session.variable else value


def _carry_out(session: Session, line: str, cell: str | None) -> None:
    """Run a command, and make one error of all that it says is wrong."""
    try:
        args = _parse(line, cell)
        session.variable = getattr(args, "variable", None)
        code = args.run(args)
    except SystemExit:
        return  # it was asked for help
    except KeyboardInterrupt:
        raise CommandFailed(["%jobsub: interrupted"]) from None
    except (UsageError, JobsubError, OSError) as error:
        raise CommandFailed([session.spelled(line) for line in as_lines(error)]) from None
    if session.errors:
        raise CommandFailed(session.errors)
    if code != OK and args.name_of_command not in ANSWERS:
        raise CommandFailed([f"%jobsub: the job did not succeed (exit code {code})"])


def _parse(line: str, cell: str | None) -> argparse.Namespace:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{error}: {line.strip()}", remedy="close every quotation mark") from error
    args = app.parse(words) if cell is None else cells.parse(words, cell)
    args.name_of_command = words[0] if cell is None else "submit"
    return args


def load(shell: InteractiveShell) -> None:
    """Add the magics, and their completion, to a kernel."""
    widget.register(shell)
    magics = JobsubMagics(shell)
    shell.register_magics(magics)
    magics.display.load()
    shell.input_transformers_cleanup.append(let_be_empty)
    shell.Completer.custom_matchers.append(complete)


def unload(shell: InteractiveShell) -> None:
    """Take them away again."""
    shell.magics_manager.registry.pop(JobsubMagics.__name__).display.unload()
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop(NAME)
    shell.input_transformers_cleanup.remove(let_be_empty)
    shell.Completer.custom_matchers.remove(complete)
    widget.unregister(shell)


def let_be_empty(lines: list[str]) -> list[str]:
    """Let an empty cell reach the magic: IPython refuses it, also where help is asked for."""
    if lines and lines[0].split()[:1] == [f"%%{NAME}"] and not "".join(lines[1:]).strip():
        return [lines[0].rstrip("\n") + "\n", "\n"]
    return lines
