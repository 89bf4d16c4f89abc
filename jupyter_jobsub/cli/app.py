"""The table of commands, and the way from a command line to an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ..errors import JobsubError
from .errors import BROKEN_PIPE, EXIT_CODES, INTERRUPTED, UsageError, report
from .parser import PROG, Parser
from .terminal import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

COMMANDS = {
    "submit": ("submit", "hand a command, a script or a notebook to the queue"),
    "clone": ("submit", "submit a job's specification again, with changes"),
    "list": ("jobs", "list jobs, newest first"),
    "get": ("jobs", "show everything about jobs"),
    "top": ("top", "show what running jobs use, as it changes"),
    "sweep": ("sweeps", "compare the jobs of a parameter sweep"),
    "timeline": ("jobs", "show what happened to jobs, and when"),
    "spec": ("jobs", "print what jobs were submitted with, ready for submit --file"),
    "logs": ("logs", "print or follow a job's log"),
    "wait": ("logs", "wait until jobs end, and exit with the job's code"),
    "cancel": ("actions", "end jobs for good"),
    "pause": ("actions", "stop jobs so that they can be resumed"),
    "edit": ("actions", "change jobs' names, or priority and deadline while they wait"),
    "resume": ("actions", "put paused jobs back to their place in the queue"),
    "rerun": ("actions", "submit jobs again, exactly as they were"),
    "artifacts": ("artifacts", "list or download the files that jobs keep"),
    "purge": ("purge", "remove what is kept of finished jobs, and leave them listed"),
    "delete": ("actions", "delete finished jobs with all that is kept of them"),
    "usage": ("inventory", "show quotas and what is in use"),
    "catalog": ("inventory", "show groups, instance types and images"),
    "doctor": ("doctor", "check this machine and say what to do"),
    "status": ("host", "say whether the service runs, and how it does"),
    "serve": ("host", "run the service in the foreground"),
    "stop": ("host", "end the service; jobs run on"),
    "reload": ("host", "make the service read its configuration again"),
    "drain": ("host", "admit no more jobs, and let what runs end"),
    "manifests": ("manifests", "print the account that jobs on Kubernetes need"),
    "completion": ("completion", "print what switches on tab completion in a shell"),
}
TAKES_COMMAND = ("submit", "clone")

DESCRIPTION = "Hand notebooks, scripts and commands to a queue, and watch them to their end."
EPILOG = """\
Ids may be cut: 3 characters or more that one job's id alone begins or ends with will do.
Help on one command: jupyter jobsub COMMAND --help

Examples:
  jupyter jobsub submit -- python train.py --epochs 3
  jupyter jobsub submit train.ipynb -p lr=0.1 --gpus 1 --follow
  jupyter jobsub list --phase unfinished
  jupyter jobsub logs --follow k7x2mp9w
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and give its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # no name may be unprintable in somebody's locale
    if "_ARGCOMPLETE" in os.environ:
        from .completion import complete

        complete(full_parser())
    try:
        return run(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has gone; keep Python from saying so while it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except (UsageError, JobsubError, OSError) as error:
        return report(error, as_json="--json" in split(words)[0])


def _open_closed() -> None:
    """Give a shell's ``>&-``, which leaves no stream at all, one that goes nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def run(words: list[str]) -> int:
    """Parse the words and carry the command out."""
    args = parse(words)
    code: int = args.run(args)
    sys.stdout.flush()
    return code


def parse(words: list[str]) -> argparse.Namespace:
    """Parse a command line, importing the module of its command alone."""
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    own, rest = split(words)
    name = own[0] if own else "--help"
    if name in terminal().elsewhere:
        raise UsageError(f"{name} can't be used here", remedy=terminal().elsewhere[name])
    if name in COMMANDS:
        args = command_parser(name).parse_args(own[1:])
        args.rest = rest
        return args
    if name.startswith("-"):
        root_parser().parse_args([name])
    raise UsageError(f"there is no command {name!r}", remedy=suggestion(name))


def split(words: list[str]) -> tuple[list[str], list[str] | None]:
    """Cut off what follows ``--`` where that is a command for the job."""
    if words[:1] and words[0] in TAKES_COMMAND and "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, None


def command_parser(name: str) -> Parser:
    """Make the parser of one command."""
    parser = Parser(prog=f"{PROG} {name}")
    declare(name, parser)
    return parser


def declare(name: str, parser: Parser) -> None:
    """Let the command's module declare its arguments."""
    module, summary = COMMANDS[name]
    parser.description = summary[0].upper() + summary[1:] + "."
    getattr(import_module(f".{module}", __package__), f"declare_{name}")(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, an object a line; errors too")


def root_parser() -> Parser:
    """Make the parser for a line without a command: help and version."""
    from .. import __version__

    listing = "\n".join(f"  {name:<11} {COMMANDS[name][1]}" for name in _here())
    codes = "\n".join(f"  {code:<4} {meaning}" for code, meaning in EXIT_CODES)
    parser = Parser(
        prog=PROG,
        usage=f"{PROG} COMMAND [options]",
        description=f"{DESCRIPTION}\n\ncommands:\n{listing}",
        epilog=f"{EPILOG}\nExit codes:\n{codes}",
    )
    parser.add_argument("--version", action="version", version=f"jupyter-jobsub {__version__}")
    return parser


def _here() -> list[str]:
    return [name for name in COMMANDS if name not in terminal().elsewhere]


def full_parser() -> Parser:
    """Make the parser of all commands, which completion needs."""
    parser = root_parser()
    commands = parser.add_subparsers(prog=PROG)
    for name, (_, summary) in COMMANDS.items():
        declare(name, commands.add_parser(name, help=summary))
    return parser


def suggestion(name: str) -> str:
    """Say what may have been meant."""
    from difflib import get_close_matches

    close = get_close_matches(name, _here(), 1)
    return f"did you mean {close[0]!r}?" if close else f"see: {PROG} --help"
