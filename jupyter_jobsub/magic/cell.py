"""``%%jobsub``: its options, and the job that a cell becomes."""

from __future__ import annotations

import argparse
import re
from keyword import iskeyword
from typing import TYPE_CHECKING

from ..cli.common import client
from ..cli.errors import UsageError
from ..cli.parser import Parser
from ..cli.specs import from_file, given
from ..cli.submit import add_file, add_options, send
from ..cli.terminal import terminal
from ..client import specs

if TYPE_CHECKING:
    from ..client.api import Row

_UNFIT = re.compile(r"[^\w.-]+")
_PREAMBLE = re.compile(r"#!|(import|from|set) ")
LONGEST = 64  # of a name that becomes a file's


def parser() -> Parser:
    """Make the parser of ``%%jobsub``: the options of submit, and what only a cell has."""
    parser = Parser(prog="%%jobsub")
    parser.usage = "%(prog)s [options] [-- ARG…]"
    parser.add_argument(
        "--python", action="store_true", help="the cell is a Python script; without, it is one for bash"
    )
    parser.add_argument(
        "--as", dest="variable", type=_variable, metavar="NAME", help="the variable that gets the Job"
    )
    add_file(parser)
    add_options(parser)
    parser.description = (
        "Hand the cell to the queue, and give its Job. It runs in this notebook's folder and in the\n"
        "kernel's environment, from which the folder's modules can be imported. It has none of the\n"
        "kernel's variables: {name} and $name in the first line are replaced, the cell is left as it is."
    )
    parser.epilog = (
        "Examples:\n"
        "  %%jobsub --gpus 1 --follow\n"
        "  %%jobsub --python -p lr={lr} --name 'lr {lr}'\n"
        "  %%jobsub --python -p layers='{json.dumps(layers)}'    # a list is quoted\n"
        "  %%jobsub --python --wait --as job -- --epochs 3\n\n"
        "--follow shows the job while it runs and leaves the kernel free; --wait keeps the kernel until\n"
        "the job ends, and is an error if it does not succeed. The other commands: %jobsub --help"
    )
    parser.set_defaults(run=run, json=False)
    return parser


def _variable(text: str) -> str:
    if not text.isidentifier() or iskeyword(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name for a variable")
    return text


def parse(words: list[str], cell: str) -> argparse.Namespace:
    """Parse the line of a cell; what follows ``--`` are the arguments."""
    at = words.index("--") if "--" in words else len(words)
    args = parser().parse_args(words[:at])
    args.rest, args.cell = words[at + 1 :], cell
    return args


def run(args: argparse.Namespace) -> int:
    """Submit the cell."""
    if not args.cell.strip():
        raise UsageError("the cell is empty", remedy="write what is to run below the first line")
    if args.python and args.image is None:
        _check(args.cell)
    with client() as service:
        base = {"name": title(args.cell)} | (from_file(args.file) if args.file else {})
        base = {field: value for field, value in base.items() if field not in specs.RUNS} | _script(args)
        spec = specs.new_spec(service, base, environment=terminal().environment(), **given(args, base))
        return send(args, service, spec)


def _script(args: argparse.Namespace) -> Row:
    name = _UNFIT.sub("-", args.name or "").strip("-.")[:LONGEST] or "cell"
    file = f"{name}.py" if args.python else f"{name}.sh"
    return {"script": specs.absolute(file), "content": args.cell, "args": args.rest}


def title(text: str) -> str:
    """Name a job by the first line that says something: a comment's words, or the code."""
    lines = [line.strip() for line in text.splitlines() if line.strip(" #")]
    telling = [line for line in lines if not _PREAMBLE.match(line)]
    words = next(iter(telling + lines), "cell").lstrip("# ")
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def _check(text: str) -> None:
    """Refuse now what the kernel's own Python would refuse later."""
    try:
        compile(text, "cell", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f" (line {line} of the script)" if line else ""
        raise UsageError(
            f"the cell is no Python script: {getattr(error, 'msg', error)}{where}",
            remedy="magics, ! and a bare await are IPython's; without --python the cell is for bash",
        ) from error
