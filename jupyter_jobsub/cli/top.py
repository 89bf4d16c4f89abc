"""``top``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence

from ..client.words import seconds, standing
from .common import client, jobs_named, unique
from .errors import OK
from .output import clean, json_line, note, ruled, short_time, table
from .parser import Parser, add_ids, examples
from .terminal import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Group

    from ..client import Client
    from ..client.api import Row

RUNNING = ("Running",)
FINAL = ("Succeeded", "Failed", "Cancelled")
TITLES = ("ID", "NAME", "PHASE", "TIME", "CPU", "MEMORY", "GPU", "GPU MEMORY", "STANDING")
ALWAYS = ("ID", "TIME", "CPU", "MEMORY")
RIGHT = ("TIME", "CPU", "MEMORY", "GPU", "GPU MEMORY")
# what a narrow terminal lacks, in this order
LEAST = ("GPU MEMORY", "TIME", "PHASE", "NAME", "STANDING", "GPU", "MEMORY")
SHORTEST = 8  # what a name and what stands last are cut to
PLAIN = (
    *("ID", "NAME", "PHASE", "STARTED", "PROGRESS", "LEFT_SECONDS", "CPU", "CPU_ASKED", "MEMORY"),
    *("MEMORY_ASKED", "GPUS", "GPU_BUSY", "GPU_MEMORY", "GPU_MEMORY_TOTAL"),
)


def declare_top(parser: Parser) -> None:
    """Declare ``top``."""
    add_ids(parser, none="all that run")
    parser.description = (
        "Show what running jobs use, of what they asked for: processors, memory, GPUs. New figures come\n"
        "every 10 seconds. On a terminal it goes on until Ctrl-C, or until the jobs that were named have\n"
        "ended; elsewhere it shows them once, memory in bytes and the use of GPUs as parts of 1."
    )
    examples(
        parser,
        "top",
        "top k7x2mp9w",
        "top | sort -t $'\\t' -k 9 -n    # piped: separated by tabs",
        "top --json | jq '{id, usage}'",
    )
    parser.set_defaults(run=top)


def top(args: argparse.Namespace) -> int:
    """Carry ``top`` out."""
    with client() as service:
        ids = [job_id for text in unique(args.ids) for job_id in jobs_named(service, text)]
        if args.json:
            for row in _now(service, ids):
                json_line(row)
        elif terminal().redraws():
            _follow(service, ids)
        elif terminal().for_people():
            _print_once(_now(service, ids))
        else:
            table(PLAIN, map(_plain, _now(service, ids)))
    return OK


def _now(service: Client, ids: Sequence[str]) -> Iterator[Row]:
    return map(service.job, ids) if ids else service.jobs(phase=RUNNING)


def _print_once(rows: Iterator[Row]) -> None:
    board = Board(rows)
    if not board.jobs:
        note("no job runs")
        return
    titles, cells = board.table()
    table(titles, cells, right=RIGHT)


def _follow(service: Client, ids: Sequence[str]) -> None:
    """Show the jobs as they are, until they have ended or the person has seen enough."""
    from contextlib import suppress

    from rich.console import Console
    from rich.live import Live

    board, console = Board(_now(service, ids)), Console()
    with (
        suppress(KeyboardInterrupt),
        Live(console=console, get_renderable=lambda: board.render(console.size), refresh_per_second=2),
    ):
        for name, data in service.events(progress="true"):
            if name == "hello":  # the first, or one after an interruption
                board.jobs = _received(_now(service, ids))
            elif name == "deleted":
                board.jobs.pop(data["id"], None)
            elif not ids or data["job"]["id"] in ids:
                board.take(data["job"], keep=bool(ids))
            if ids and all(row["phase"] in FINAL for row, _ in board.jobs.values()):
                return


def _received(rows: Iterator[Row]) -> dict[str, tuple[Row, float]]:
    return {row["id"]: (row, time.monotonic()) for row in rows}


class Board:
    """The jobs that are shown, and when each was told."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self.jobs = _received(rows)

    def take(self, job: Row, *, keep: bool) -> None:
        """Take a job as it is now; one that does not run is kept only where it was asked for."""
        if keep or job["phase"] in RUNNING:
            self.jobs[job["id"]] = (job, time.monotonic())
        else:
            self.jobs.pop(job["id"], None)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Titles and cells; a column in which nothing stands is left out."""
        now = time.monotonic()
        jobs = sorted(self.jobs.values(), key=lambda job: job[0]["started_at"] or "", reverse=True)
        rows = [_cells(row, now - told) for row, told in jobs]
        kept = [title for title in TITLES if title in ALWAYS or any(row[title] for row in rows)]
        return kept, [[clean(row[title]) for title in kept] for row in rows]

    def render(self, size: tuple[int, int]) -> Group:
        """Draw what fits the terminal, newest first."""
        from rich.console import Group
        from rich.text import Text

        width, height = size
        titles, rows = fitting(*self.table(), width)
        room = max(1, height - 4)
        rest = f"… and {len(rows) - room} more" if len(rows) > room else "no job runs" if not rows else ""
        shown = ruled(titles, rows[:room], width, right=RIGHT)
        return Group(shown, Text(rest, no_wrap=True)) if rest else Group(shown)


def _cells(job: Row, age: float) -> dict[str, str]:
    """What stands in each column."""
    usage, asked = job["usage"] or {}, job["request"]
    gpus = usage.get("gpus") or []
    runs = job["phase"] in RUNNING
    spent = job["duration_seconds"]
    return {
        "ID": job["id"],
        "NAME": job["name"] or "",
        "PHASE": "" if runs else job["phase"],
        "TIME": seconds(spent + age * runs) if spent is not None else "",
        "CPU": _cores(usage.get("cpu"), asked["cpu"]),
        "MEMORY": _bytes(usage.get("memory"), asked["memory"]),
        "GPU": _busy(gpus),
        "GPU MEMORY": _bytes(total(gpus, "memory"), total(gpus, "memory_total")),
        "STANDING": standing(job),
    }


def _cores(used: int | None, asked: int) -> str:
    return "" if used is None else f"{used / 1000:.2f}/{asked / 1000:g}"


def _bytes(used: float | None, whole: float | None) -> str:
    if used is None:
        return ""
    return f"{_short(used)}/{_short(whole)}" if whole else _short(used)


def _short(count: float) -> str:
    """Write bytes in few characters, as they are asked for: 1.6Gi."""
    for unit in ("", "Ki", "Mi", "Gi"):
        if count < 999.5:
            return f"{count:.3g}{unit}"
        count /= 1024
    return f"{count:.3g}Ti"


def _busy(gpus: Sequence[Row]) -> str:
    part = busy(gpus)
    several = f"{len(gpus)} × " if len(gpus) > 1 else ""
    return "" if part is None else f"{several}{part:.0%}"


def busy(gpus: Sequence[Row]) -> float | None:
    """The mean utilization of those that tell theirs."""
    known = [gpu["utilization"] for gpu in gpus if gpu["utilization"] is not None]
    return sum(known) / len(known) if known else None


def total(gpus: Sequence[Row], name: str) -> int | None:
    """Add up what is known of GPUs."""
    known = [gpu[name] for gpu in gpus if gpu[name] is not None]
    return sum(known) if known else None


def fitting(titles: list[str], rows: list[list[str]], width: int) -> tuple[list[str], list[list[str]]]:
    """Leave columns out until the rest fits."""
    from rich.cells import cell_len

    def needed(kept: list[str]) -> int:
        widest = [max(map(cell_len, column)) for column in zip(titles, *rows, strict=True)]
        limits = dict(zip(titles, widest, strict=True))
        for title in ("NAME", "STANDING"):  # they can be cut
            limits[title] = min(limits.get(title, 0), SHORTEST)
        return sum(limits[title] + 2 for title in kept) - 2

    kept = list(titles)
    for title in LEAST:
        if needed(kept) > width and title in kept:
            kept.remove(title)
    places = [titles.index(title) for title in kept]
    return kept, [[row[place] for place in places] for row in rows]


def _plain(job: Row) -> tuple[object, ...]:
    usage, asked, progress = job["usage"] or {}, job["request"], job["progress"] or {}
    gpus = usage.get("gpus") or []
    cpu = usage.get("cpu")
    return (
        *(job[name] for name in ("id", "name", "phase")),
        short_time(job["started_at"]),
        progress.get("fraction"),
        progress.get("eta_seconds"),
        None if cpu is None else cpu / 1000,
        asked["cpu"] / 1000,
        usage.get("memory"),
        asked["memory"],
        sum(asked["gpu"].values()),
        busy(gpus),
        total(gpus, "memory"),
        total(gpus, "memory_total"),
    )
