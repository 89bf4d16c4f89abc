"""``completion``, and the completing itself; argcomplete is imported here alone."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from ..errors import JobsubError
from .common import client
from .errors import OK, UsageError
from .parser import Parser, examples

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..client.api import Row


def declare_completion(parser: Parser) -> None:
    """Declare ``completion``."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell to print it for")
    parser.description = "Print what switches on tab completion of commands, options and job ids in a shell."
    examples(
        parser,
        "completion bash    # for a look; to use it:",
        "completion bash >> ~/.bashrc",
        "completion zsh >> ~/.zshrc",
        "completion fish > ~/.config/fish/completions/jupyter.fish",
    )
    parser.set_defaults(run=completion)


def completion(args: argparse.Namespace) -> int:
    """Carry ``completion`` out."""
    try:
        from argcomplete.shell_integration import shellcode
    except ImportError as error:
        raise UsageError("completion needs argcomplete", remedy="run: pip install argcomplete") from error
    print(shellcode(["jupyter", "jupyter-jobsub"], shell=args.shell))
    return OK


def complete(parser: Parser) -> None:
    """Answer the shell's question, and end the process."""
    import argcomplete

    argcomplete.autocomplete(parser)


def job_ids(prefix: str, **_: Any) -> list[str]:
    """Give the ids of the newest jobs and their sweeps, or the jobs' last parts."""
    rows = _ask("/jobsub/jobs").get("items", ())
    ids = [row["id"] for row in rows]
    whole = [i for i in [*ids, *_sweeps(rows)] if i.startswith(prefix)]
    return whole or [part for i in ids if (part := i.rpartition("-")[2]).startswith(prefix)]


def sweep_ids(**_: Any) -> list[str]:
    """Give the ids of the newest jobs' sweeps."""
    return _sweeps(_ask("/jobsub/jobs").get("items", ()))


def _sweeps(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(row["sweep"] for row in rows if row["sweep"]))


def phases(**_: Any) -> list[str]:
    """Give what `list --phase` takes."""
    from .jobs import PHASES

    return [*PHASES, "unfinished"]


def groups(**_: Any) -> list[str]:
    """Give the groups' names."""
    return _names("groups")


def instance_types(**_: Any) -> list[str]:
    """Give the instance types' names."""
    return _names("instance_types")


def images(**_: Any) -> list[str]:
    """Give the images' names."""
    return _names("images")


def _names(kind: str) -> list[str]:
    return [row["name"] for row in _ask("/jobsub/catalog").get(kind, ())]


def _ask(path: str) -> Row:
    """Ask the service, which is not started for this: nothing is known if it does not run."""
    try:
        with client(start=False) as service:
            answer: Row = service.call("GET", path)
            return answer
    except (JobsubError, OSError):
        return {}
