"""``sweep``, and what ``submit`` does with a grid of parameters."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from ..client import FINAL
from ..client.ids import of_sweep, sweep_of
from ..client.words import seconds, shown, standing
from .common import client
from .errors import OK
from .jobs import PHASES
from .live import StatusLine
from .logs import code_of, outcome, running_on
from .output import json_line, note, table
from .parser import Parser, complete_with, examples
from .terminal import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client import Client
    from ..client.api import Row


LONGEST = 32  # characters of a value in a table for people


def declare_sweep(parser: Parser) -> None:
    """Declare ``sweep``."""
    action = parser.add_argument(
        "id", metavar="ID", help="the sweep's id, as submit has printed it, or one of its jobs'"
    )
    complete_with(action, "job_ids")
    parser.description = (
        "Compare the jobs of a parameter sweep: a line each, in the order of the grid, with a column\n"
        "for each parameter in which they differ. Other commands take the sweep's id for all its jobs."
    )
    examples(
        parser,
        "sweep sweep-20261121-k7x2mp9w",
        "sweep sweep-20261121-k7x2mp9w --json | jq -c '[.parameters.lr, .message]'",
        "cancel sweep-20261121-k7x2mp9w",
    )
    parser.set_defaults(run=sweep)


def sweep(args: argparse.Namespace) -> int:
    """Carry ``sweep`` out."""
    with client() as service:
        rows = of_sweep(service, sweep_of(service, args.id))
    for row in rows:
        terminal().give(row)
    if args.json:
        for row in rows:
            json_line(row)
        return OK
    names = varied(rows)
    titles = ("ID", *names, "PHASE", "TIME", "EXIT", "STANDING")
    table(titles, (_compared(row, names) for row in rows), right=("TIME", "EXIT"))
    if terminal().for_people():
        note(f"{len(rows)} jobs: {_summary(rows)}")
    return OK


def varied(rows: Sequence[Row]) -> list[str]:
    """Name the parameters in which jobs differ; all of them where there is but one job."""
    names = dict.fromkeys(name for row in rows for name in row["parameters"])
    values = {name: {shown(row["parameters"].get(name)) for row in rows} for name in names}
    return [name for name in names if len(rows) == 1 or len(values[name]) > 1]


def _compared(row: Row, names: Sequence[str]) -> tuple[object, ...]:
    values = (_cut(shown(row["parameters"][name])) if name in row["parameters"] else None for name in names)
    took = seconds(row["duration_seconds"])
    return (row["id"], *values, row["phase"], took, row["exit_code"], standing(row))


def _cut(text: str) -> str:
    too_long = len(text) > LONGEST and terminal().for_people()
    return f"{text[: LONGEST - 1]}…" if too_long else text


def _summary(rows: Collection[Row]) -> str:
    numbers = Counter(row["phase"] for row in rows)
    return ", ".join(f"{numbers[phase]} {phase}" for phase in PHASES if phase in numbers)


def _done(rows: Collection[Row]) -> float:
    """How far all of them are together, as far as they say."""
    return sum(1 if row["phase"] in FINAL else _fraction(row) for row in rows) / len(rows)


def _fraction(row: Row) -> float:
    fraction: float = (row["progress"] or {}).get("fraction") or 0
    return fraction


def send(
    args: argparse.Namespace, service: Client, spec: Row, grid: Mapping[str, object], key: str | None
) -> int:
    """Submit a sweep, and print its id; watch its jobs if that is wanted."""
    made = service.submit_sweep(spec, grid, key=key or os.urandom(16).hex())
    for job in made["items"]:
        terminal().give(job)
    if args.follow and not args.json and terminal().shows(made["items"]) and not args.wait:
        return OK
    if args.wait or args.follow:
        note(f"submitted {made['id']}: {len(made['items'])} jobs")
        return _watch(service, made, as_json=args.json, own_code=args.wait)
    if args.json:
        json_line(made)
    elif terminal().for_people():
        print(f"{made['id']}: {len(made['items'])} jobs")
        note(f"compare them: jupyter jobsub sweep {made['id']}")
    else:
        print(made["id"])
    return OK


def _watch(service: Client, made: Row, *, as_json: bool, own_code: bool) -> int:
    """Print how each job ended as it ends, and meanwhile on a terminal how many stand where."""
    rows = {row["id"]: row for row in made["items"]}
    with running_on(made["id"], "wait"), StatusLine(wanted=not as_json) as status:
        for row in service.changes(rows, progress=terminal().redraws() or None):
            rows[row["id"]] = row
            if row["phase"] in FINAL:
                terminal().give(row)
                with status.aside(b"\n"):
                    json_line(row) if as_json else print(f"{outcome(row)}  {row['name']}", flush=True)
            status.say(f"{_done(rows.values()):.0%} done: {_summary(rows.values())}")
    codes = [code for row in rows.values() if (code := code_of(row))]
    return next(iter(codes), OK) if own_code else OK
