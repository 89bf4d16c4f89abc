"""``artifacts list`` and ``artifacts download``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from ..client.artifacts import Artifacts, below
from ..client.words import size
from ..errors import NotFound
from .common import client, each, jobs_named, told_apart
from .errors import OK, UsageError
from .live import StatusLine
from .output import clean, json_line, note, short_time, table
from .parser import Parser, add_ids, examples
from .terminal import terminal
from .values import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client import Client
    from ..client.api import Row

NAMED = 5  # files that are in the way, told by name


def declare_artifacts(parser: Parser) -> None:
    """Declare ``artifacts``."""
    parser.description = (
        "List or download the files that jobs have written to $JOBSUB_ARTIFACTS. They are kept until the\n"
        "job's time to live is over, however it ended. While a job runs on this machine they are shown as\n"
        "they are; those of a Pod come when its command has ended."
    )
    examples(parser, *_LIST, *_DOWNLOAD)
    whats = parser.add_subparsers(metavar="list|download", required=True, help="what to do with them")
    _declare_list(_sub(whats.add_parser("list", help="list them", prog=f"{parser.prog} list")))
    _declare_download(_sub(whats.add_parser("download", help="copy them", prog=f"{parser.prog} download")))


_LIST = ("artifacts list k7x2mp9w",)
_DOWNLOAD = (
    "artifacts download k7x2mp9w --to results",
    "artifacts download k7x2mp9w model/weights.bin",
)


def _sub(parser: Parser) -> Parser:
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print JSON, an object a line"
    )
    parser.add_argument("--attempt", type=count, metavar="N", help="of this attempt; default: the newest")
    return parser


def _declare_list(parser: Parser) -> None:
    add_ids(parser)
    parser.description = "List the files that jobs keep, and what was dropped of them."
    examples(parser, *_LIST)
    parser.set_defaults(run=list_artifacts)


def list_artifacts(args: argparse.Namespace) -> int:
    """Carry ``artifacts list`` out."""
    with client() as service:
        return each(args, service, lambda job_id: _show(service, job_id, args))


def _show(service: Client, job_id: str, args: argparse.Namespace) -> None:
    found = Artifacts(service, job_id, args.attempt).listing()
    if args.json:
        json_line({"id": job_id, **found})
        return
    titles = ("ID", "PATH", "SIZE", "MODIFIED")
    rows = [(job_id, i["path"], size(i["size"]), short_time(i["modified_at"])) for i in found["items"]]
    first, name = (0, f"{job_id}: ") if told_apart(args) else (1, "")
    if rows or not terminal().for_people():
        table(titles[first:], [row[first:] for row in rows], right=("SIZE",))
    else:
        print(f"{name}no artifacts" if found["complete"] else f"{name}no artifacts yet")
    if found["dropped_count"]:
        _tell_dropped(found, name)


def _tell_dropped(found: Row, name: str) -> None:
    names = ", ".join(clean(name) for name in found["dropped"][:NAMED])
    rest = found["dropped_count"] - len(found["dropped"][:NAMED])
    more = f" and {rest} more" if rest else ""
    were = "was" if found["dropped_count"] == 1 else "were"
    verb = f"{were} dropped" if found["complete"] else "would be dropped if it ended now"
    note(f"{name}{found['dropped_count']} {verb} ({'; '.join(found['dropped_because'])}): {names}{more}")


def _declare_download(parser: Parser) -> None:
    add_ids(parser, many=False)
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="files or folders of the list; default: all of it"
    )
    parser.add_argument("--to", metavar="DIR", default=".", help="the folder to write to; default: this one")
    parser.add_argument("--force", "-f", action="store_true", help="replace files that are there")
    parser.description = (
        "Copy the files that a job keeps into a folder, under the paths that the list shows; a sweep's\n"
        "into a folder for each of its jobs. Nothing is replaced without --force."
    )
    examples(parser, *_DOWNLOAD)
    parser.set_defaults(run=download)


def download(args: argparse.Namespace) -> int:
    """Carry ``artifacts download`` out."""
    folder = Path(args.to)
    with client() as service:
        ids = jobs_named(service, args.id)
        for job_id in ids:
            _download(Artifacts(service, job_id, args.attempt), job_id, args, folder, several=len(ids) > 1)
    return OK


def _download(
    artifacts: Artifacts, job_id: str, args: argparse.Namespace, folder: Path, *, several: bool
) -> None:
    items = _chosen(artifacts.list(), args.paths, job_id)
    targets = [below(folder / job_id if several else folder, item["path"]) for item in items]
    if not args.force:
        _refuse_replacing(targets)
    with StatusLine(wanted=not args.json) as status:
        progress = _Progress(sum(item["size"] for item in items), status.say)
        for item, target in zip(items, targets, strict=True):
            artifacts.save(item["path"], target, progress.add)
            with status.aside(b"\n"):
                if args.json:
                    json_line({"id": job_id, "path": item["path"], "file": str(target), "size": item["size"]})
                else:
                    print(clean(target), flush=True)


def _chosen(items: list[Row], paths: Sequence[str], job_id: str) -> list[Row]:
    """The files that are named, or lie in a folder that is named."""
    for path in paths:
        if not any(_named(item["path"], path) for item in items):
            raise NotFound(
                f"{job_id} has no artifact {path!r}", remedy=f"see: jupyter jobsub artifacts list {job_id}"
            )
    return [item for item in items if not paths or any(_named(item["path"], path) for path in paths)]


def _named(item: str, path: str) -> bool:
    return item == path or item.startswith(f"{path.rstrip('/')}/")


def _refuse_replacing(targets: Sequence[Path]) -> None:
    there = [target for target in targets if os.path.lexists(target)]
    if there:
        names = ", ".join(map(str, there[:NAMED])) + (", …" if len(there) > NAMED else "")
        raise UsageError(
            f"nothing was downloaded: there is {names} already",
            remedy="give --force to replace what is there, or another folder with --to",
        )


class _Progress:
    """How much of a download is there; told at each hundredth."""

    def __init__(self, total: int, say: Callable[[str], None]) -> None:
        self._total = total
        self._say = say
        self._done = 0
        self._told = -1

    def add(self, count: int) -> None:
        self._done += count
        percent = self._done * 100 // max(self._total, 1)
        if percent != self._told:
            self._told = percent
            self._say(f"{percent} %  {size(self._done)} of {size(self._total)}")
