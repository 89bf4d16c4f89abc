"""``purge``: logs, metrics and artifacts of finished jobs go, the jobs stay listed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..client import FINAL
from ..client.words import size
from .common import client, jobs_named, reported, unique
from .errors import OK, UsageError
from .output import json_line, note, short_time, table
from .parser import Parser, add_ids, examples
from .terminal import terminal
from .values import moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client import Client
    from ..client.api import Row


def declare_purge(parser: Parser) -> None:
    """Declare ``purge``."""
    add_ids(parser, none="all that --older-than names")
    parser.add_argument(
        "--older-than",
        type=moment,
        metavar="7d",
        help="all jobs of yours that ended so long ago or longer, or before a date",
    )
    parser.add_argument("--dry-run", "-n", action="store_true", help="show what would go, and remove nothing")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask; needed where nobody can be")
    parser.description = (
        "Remove the logs, metrics and artifacts of finished jobs before their time to live is over. The\n"
        "jobs stay listed, and can be rerun. Your own files stay."
    )
    examples(parser, "purge --older-than 7d --dry-run", "purge k7x2mp9w 3fp0a8qz --yes")
    parser.set_defaults(run=purge)


def purge(args: argparse.Namespace) -> int:
    """Carry ``purge`` out."""
    if not args.ids and args.older_than is None:
        raise UsageError("nothing is to be purged", remedy="name jobs, or give --older-than 7d")
    codes: list[int] = []
    with client() as service:
        jobs = _named(service, args, codes) if args.ids else _old(service, args.older_than)
        if args.older_than is not None:
            jobs = [job for job in jobs if (job["finished_at"] or "~") < args.older_than]
        if args.dry_run:
            _show(jobs, args)
        elif _agreed(jobs, args):
            for job in jobs:
                with reported(args, job["id"], codes):
                    _purge(service, job, args)
    return next(iter(codes), OK)


def _named(service: Client, args: argparse.Namespace, codes: list[int]) -> list[Row]:
    found: dict[str, Row] = {}
    for text in unique(args.ids):
        with reported(args, text, codes):
            for job_id in jobs_named(service, text, "purge"):
                found[job_id] = service.job(job_id)
    return [*found.values()]


def _old(service: Client, moment: str) -> list[Row]:
    """Jobs of one's own that were old enough to have ended by then, and have something to remove."""
    jobs = service.jobs(phase=FINAL, mine=True, until=moment)
    return [job for job in jobs if not job["log_expired"]]


def _show(jobs: Sequence[Row], args: argparse.Namespace) -> None:
    if args.json:
        for job in jobs:
            json_line(job)
        return
    rows = [(job["id"], job["name"], short_time(job["finished_at"]), _kept(job)) for job in jobs]
    table(("ID", "NAME", "ENDED", "KEPT"), rows, right=("KEPT",))
    note(f"{_all(jobs)} would be removed")


def _agreed(jobs: Sequence[Row], args: argparse.Namespace) -> bool:
    if args.yes or not jobs:
        return True
    if not terminal().answers():
        raise UsageError(
            f"nothing was purged: there is nobody to ask about {_all(jobs)}",
            remedy="give --yes, or see what would go: --dry-run",
        )
    stay = "The job stays" if len(jobs) == 1 else "The jobs stay"
    agreed = terminal().confirms(f"Remove {_all(jobs)}? {stay} listed.")
    if not agreed:
        note("nothing was purged")
    return agreed


def _all(jobs: Sequence[Row]) -> str:
    total = size(sum(job["kept_bytes"] or 0 for job in jobs))
    whose = jobs[0]["id"] if len(jobs) == 1 else f"{len(jobs)} jobs"
    return f"log, metrics and artifacts of {whose} ({total})"


def _kept(job: Row) -> str:
    return size(job["kept_bytes"])


def _purge(service: Client, job: Row, args: argparse.Namespace) -> None:
    row = service.act(job["id"], "purge")
    if args.json:
        json_line(row)
    elif job["log_expired"]:
        note(f"{job['id']}: nothing was kept any more")
    else:
        print(f"{job['id']}: purged, {_kept(job)} removed", flush=True)
