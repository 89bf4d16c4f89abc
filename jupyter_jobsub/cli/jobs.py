"""``list``, ``get``, ``timeline`` and ``spec``."""

from __future__ import annotations

import argparse
import json

from ..client.words import assigned, resources, seconds, size, standing, use
from .common import client, each, told_apart
from .errors import OK
from .output import age, fields, json_line, note, short_time, table
from .parser import Parser, add_ids, complete_with, examples
from .terminal import terminal
from .values import count, moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client.api import Row

PHASES = ("Pending", "Preparing", "Running", "Paused", "Unknown", "Succeeded", "Failed", "Cancelled")
SORTS = (
    *("submitted", "started", "finished", "duration", "name", "id"),
    *("user", "group", "phase", "priority", "gpus", "preemptible"),
)
ASKED = ("group", "user", "phase", "sweep", "text", "since", "until", "mine", "sort", "order")
SHOWN = 100
PLAIN = (
    "ID",
    "PHASE",
    "NAME",
    "USER",
    "GROUP",
    "INSTANCE_TYPE",
    "QUEUED",
    "STARTED",
    "FINISHED",
    "EXIT",
    "MESSAGE",
)


def _phase(text: str) -> str:
    known = {name.lower(): name for name in (*PHASES, "unfinished")}
    if text.lower() not in known:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(known.values())}")
    return known[text.lower()]


def declare_list(parser: Parser) -> None:
    """Declare ``list``."""
    group = parser.add_argument(
        "--group", action="append", metavar="GROUP", help="only of this group; repeatable"
    )
    complete_with(group, "groups")
    parser.add_argument("--user", help="only of this person")
    parser.add_argument("--mine", action="store_true", default=None, help="only your own")
    phase = parser.add_argument(
        "--phase",
        action="append",
        type=_phase,
        metavar="PHASE",
        help=f"only in this phase: {', '.join(PHASES)} or unfinished; repeatable",
    )
    complete_with(phase, "phases")
    sweep = parser.add_argument("--sweep", metavar="ID", help="only of this parameter sweep")
    complete_with(sweep, "sweep_ids")
    parser.add_argument("--text", help="only with this text in the name or id")
    parser.add_argument(
        "--since", type=moment, metavar="TIME", help="only submitted since a time, or 2h, 7d ago"
    )
    parser.add_argument(
        "--until", type=moment, metavar="TIME", help="only submitted until a time, or 2h, 7d ago"
    )
    parser.add_argument(
        "--sort",
        choices=SORTS,
        metavar="COLUMN",
        help=f"sort by {', '.join(SORTS)} (submitted); what has no value comes last",
    )
    parser.add_argument(
        "--order",
        choices=("asc", "desc"),
        help="the direction (asc for name, id, user, group and phase, desc for all else)",
    )
    many = parser.add_mutually_exclusive_group()
    many.add_argument("--limit", type=count, default=SHOWN, metavar="N", help=f"at most so many ({SHOWN})")
    many.add_argument("--all", action="store_true", help="all there are")
    examples(
        parser,
        "list --phase unfinished --mine",
        "list --text resnet --since 7d --all",
        "list --sort duration --group vision --group audio",
        "list --phase failed --json | jq -r .id",
        "list | cut -f 1,2    # piped: separated by tabs, times in UTC",
    )
    parser.set_defaults(run=list_jobs)


def list_jobs(args: argparse.Namespace) -> int:
    """Carry ``list`` out."""
    query = {name: getattr(args, name) for name in ASKED}
    limit = None if args.all else args.limit
    with client() as service:
        rows = service.jobs(limit=limit, **query)
        if args.json:
            for row in rows:
                json_line(row)
        elif terminal().for_people():
            _for_people(list(rows), limit, sorted=bool(args.sort or args.order))
        else:
            table(PLAIN, map(_plain, rows))
    return OK


def _for_people(rows: list[Row], limit: int | None, sorted: bool) -> None:
    if not rows:
        note("no jobs")
        return
    _ruled(rows)
    if len(rows) == limit:
        note(f"the {'first' if sorted else 'newest'} {limit}; for more: --limit N or --all")


def _plain(job: Row) -> tuple[object, ...]:
    times = [short_time(job[at]) for at in ("queued_at", "started_at", "finished_at")]
    names = [job[name] for name in ("id", "phase", "name", "user", "group", "instance_type")]
    return (*names, *times, job["exit_code"], standing(job))


def _ruled(rows: list[Row]) -> None:
    # who and where are shown only if they differ
    names = ["user"] * _differ(rows, "user") + ["group"] * _differ(rows, "group")
    titles = ("ID", "NAME", "PHASE", *map(str.upper, names), "TYPE", "AGE", "TIME", "EXIT", "STANDING")
    cells = [
        (
            *(row[name] for name in ("id", "name", "phase", *names, "instance_type")),
            age(row["queued_at"]),
            seconds(row["duration_seconds"]),
            row["exit_code"],
            standing(row),
        )
        for row in rows
    ]
    table(titles, cells, right=("AGE", "TIME", "EXIT"))


def _differ(rows: list[Row], name: str) -> bool:
    return len({row[name] for row in rows}) > 1


def declare_get(parser: Parser) -> None:
    """Declare ``get``."""
    add_ids(parser)
    examples(parser, "get k7x2mp9w", "get k7x2mp9w --json | jq .tasks")
    parser.set_defaults(run=get)


def get(args: argparse.Namespace) -> int:
    """Carry ``get`` out."""
    with client() as service:
        return each(args, service, lambda job_id: _show(service.job(job_id), args))


def _show(job: Row, args: argparse.Namespace) -> None:
    terminal().give(job)
    if args.json:
        json_line(job)
        return
    fields(_facts(job))
    if len(job.get("tasks") or ()) > 1:
        titles = ("TASK", "ATTEMPT", "STARTED", "FINISHED", "EXIT", "REASON", "HOST", "PORTS")
        table(titles, map(_task, job["tasks"]), right=("EXIT",))
    print(flush=True)


def _facts(job: Row) -> list[tuple[str, object]]:
    reason = job["reason"] if job["reason"] != job["phase"] else None
    return [
        ("id", job["id"]),
        ("name", job["name"]),
        ("phase", job["phase"]),
        ("reason", reason),
        ("standing", standing(job)),
        ("exit code", job["exit_code"]),
        ("command", job.get("command")),
        ("parameters", assigned(job["parameters"])),
        ("working dir", job.get("working_dir")),
        ("output", job.get("output")),
        ("user", job["user"]),
        ("group", job["group"]),
        ("instance type", job["instance_type"]),
        ("resources", resources(job["request"])),
        ("image", job["image"]),
        ("priority", job["priority"]),
        ("preemptible", "yes" if job["preemptible"] else None),
        ("attempt", job["attempt"] or None),
        ("retries", f"{job['failures']} of {job['retries']} spent" if job["retries"] else None),
        *((title, short_time(job[f"{title}_at"])) for title in ("queued", "admitted", "started", "finished")),
        ("uses", ", ".join(use(job))),
        ("duration", seconds(job["duration_seconds"])),
        ("deadline", seconds(job["deadline_seconds"])),
        ("rerun of", job["rerun_of"]),
        ("sweep", job["sweep"]),
        ("kept", _kept(job)),
        ("may", ", ".join(job["allowed"])),
    ]


def _kept(job: Row) -> str | None:
    if job["log_expired"]:
        return "nothing any more: its time to live is over, or it was purged"
    return None if job["kept_bytes"] is None else size(job["kept_bytes"])


def _task(task: Row) -> tuple[object, ...]:
    times = (short_time(task["started_at"]), short_time(task["finished_at"]))
    return (
        f"{task['role']} {task['index']}",
        task["attempt"],
        *times,
        task["exit_code"],
        task["reason"],
        task["host"],
        " ".join(f"{label}:{','.join(map(str, ports))}" for label, ports in task["ports"].items()),
    )


def declare_timeline(parser: Parser) -> None:
    """Declare ``timeline``."""
    add_ids(parser)
    examples(parser, "timeline k7x2mp9w")
    parser.set_defaults(run=timeline)


def timeline(args: argparse.Namespace) -> int:
    """Carry ``timeline`` out."""
    with client() as service:
        return each(args, service, lambda job_id: _events(job_id, service.timeline(job_id), args))


def _events(job_id: str, items: list[Row], args: argparse.Namespace) -> None:
    if args.json:
        json_line({"id": job_id, "items": items})
        return
    titles = ("ID", "AT", "ATTEMPT", "PHASE", "REASON", "MESSAGE")
    rows = [
        (job_id, short_time(i["at"]), *(i[k] for k in ("attempt", "phase", "reason", "message")))
        for i in items
    ]
    first = 0 if told_apart(args) else 1
    table(titles[first:], [row[first:] for row in rows], right=("ATTEMPT",), fold=True)


def declare_spec(parser: Parser) -> None:
    """Declare ``spec``."""
    add_ids(parser)
    examples(parser, "spec k7x2mp9w > job.json", "submit --file job.json --priority 500")
    parser.set_defaults(run=spec)


def spec(args: argparse.Namespace) -> int:
    """Carry ``spec`` out."""
    with client() as service:
        return each(args, service, lambda job_id: _spec(job_id, service.spec(job_id), args))


def _spec(job_id: str, found: Row, args: argparse.Namespace) -> None:
    if args.json:
        json_line({"id": job_id, "spec": found})
    else:
        print(
            json.dumps(
                {k: v for k, v in found.items() if v not in (None, [], {})}, indent=2, ensure_ascii=False
            )
        )
