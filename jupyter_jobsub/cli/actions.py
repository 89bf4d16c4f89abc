"""``cancel``, ``pause``, ``resume``, ``edit``, ``rerun`` and ``delete``."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ..client.words import standing
from .common import brief, client, each, jobs_named, unique
from .errors import OK, UsageError
from .output import json_line, note
from .parser import Parser, add_ids, examples
from .terminal import terminal
from .values import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client import Client
    from ..client.api import Row


NAMED = 10  # jobs to be deleted whose ids a person may read at a glance


def _declare(name: str, about: str, line: str) -> Callable[[Parser], None]:
    def declare(parser: Parser) -> None:
        add_ids(parser)
        parser.description = about
        examples(parser, line)
        parser.set_defaults(run=act, action=name)

    return declare


declare_cancel = _declare(
    "cancel",
    "End jobs for good: TERM first, KILL after the grace. Their logs stay.",
    "cancel k7x2mp9w 3fp0a8qz",
)
declare_pause = _declare(
    "pause",
    "Stop jobs; a resumed job keeps its place in the queue and starts from scratch.",
    "pause k7x2mp9w",
)
declare_resume = _declare(
    "resume", "Put paused jobs back to their old place in the queue.", "resume k7x2mp9w"
)
declare_rerun = _declare(
    "rerun",
    "Submit jobs again with the script or notebook text that was kept, and print the new jobs' ids.",
    "rerun k7x2mp9w",
)


def act(args: argparse.Namespace) -> int:
    """Carry one of the actions out on every job given."""

    def once(job_id: str) -> None:
        job = service.rerun(job_id) if args.action == "rerun" else service.act(job_id, args.action)
        _tell(job, args)

    with client() as service:
        return each(args, service, once, args.action)


def _tell(job: Row, args: argparse.Namespace) -> None:
    if args.action == "rerun":
        terminal().give(job)
    if args.json:
        json_line(job)
    elif args.action == "rerun" and not terminal().for_people():
        print(job["id"], flush=True)
    else:
        print(brief(job), flush=True)


def declare_edit(parser: Parser) -> None:
    """Declare ``edit``."""
    add_ids(parser)
    parser.add_argument("--name", help="all members of the group see it; at any time")
    parser.add_argument(
        "--priority", type=int, metavar="1-1000", help="a higher one goes first; while it waits"
    )
    parser.add_argument(
        "--deadline", type=duration, metavar="2h", help="running time of an attempt; while it waits"
    )
    parser.description = (
        "Change jobs' names, or priority and deadline while they wait. A waiting job moves to its\n"
        "new place in the queue at once; the timeline says who changed what."
    )
    examples(parser, "edit k7x2mp9w --priority 500", "edit k7x2mp9w --name 'lr 0.1' --deadline 2h")
    parser.set_defaults(run=edit)


def edit(args: argparse.Namespace) -> int:
    """Carry ``edit`` out on every job given."""
    asked = {"name": args.name, "priority": args.priority, "deadline_seconds": args.deadline}
    changes = {field: value for field, value in asked.items() if value is not None}
    if not changes:
        raise UsageError("nothing is to be changed", remedy="give --name, --priority or --deadline")
    with client() as service:
        return each(args, service, lambda job_id: _edited(service.edit(job_id, **changes), args), "edit")


def _edited(job: Row, args: argparse.Namespace) -> None:
    if args.json:
        json_line(job)
    else:
        print(f"{brief(job)}  {standing(job)}".rstrip(), flush=True)


def declare_delete(parser: Parser) -> None:
    """Declare ``delete``."""
    add_ids(parser)
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.description = (
        "Delete finished jobs with their logs, metrics and artifacts. Asks first on a terminal. Your own\n"
        "files stay. To keep the jobs listed, purge them."
    )
    examples(parser, "delete k7x2mp9w --yes")
    parser.set_defaults(run=delete)


def delete(args: argparse.Namespace) -> int:
    """Carry ``delete`` out."""

    def once(job_id: str) -> None:
        service.delete(job_id)
        if args.json:
            json_line({"id": job_id, "deleted": True})
        else:
            print(f"{job_id}: deleted", flush=True)

    with client() as service:
        if not args.yes and terminal().answers() and not _confirmed(args, service):
            note("nothing was deleted")
            return OK
        return each(args, service, once, "delete")


def _confirmed(args: argparse.Namespace, service: Client) -> bool:
    ids = [job_id for text in unique(args.ids) for job_id in jobs_named(service, text, "delete")]
    names = ", ".join(ids) if len(ids) <= NAMED else f"{len(ids)} jobs"
    whose = "its log" if len(ids) == 1 else "their logs"
    return terminal().confirms(f"Delete {names} with {whose} and artifacts?")
