"""What commands share: the client, ids cut short, several jobs at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ..client import Client, find
from ..errors import NotFound, UserError
from .errors import UsageError, report
from .output import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ..client.api import Row

_ID = re.compile(r"job-\d{8}-[0-9a-z]{8}")
SHOWN = 5
SHORTEST = 3  # what the service's text search takes


def client(*, start: bool = True) -> Client:
    """Open a client that says when the service is away for longer."""
    return Client(find(start=start), on_lost=_tell_lost)


def _tell_lost(error: Exception) -> None:
    reason = str(error).rstrip(".")
    note(f"connection lost ({reason}); trying again")


def resolve(service: Client, text: str) -> str:
    """Find the one job whose id, or its last part, begins or ends with the text.

    Raises
    ------
    NotFound
        If there is none.
    UsageError
        If there are several.
    """
    if _ID.fullmatch(text):
        return text
    if len(text) < SHORTEST:
        raise UsageError(f"{text!r} is too short for an id", remedy=f"write {SHORTEST} characters or more")
    found: list[str] = []
    for row in service.jobs(text=text):
        if matches(row["id"], text):
            found.append(row["id"])
        if len(found) > SHOWN:
            break
    if not found:
        raise NotFound(f"There is no job {text!r}.", remedy="see your jobs: jupyter jobsub list")
    if len(found) > 1:
        more = ", …" if len(found) > SHOWN else ""
        raise UsageError(
            f"{text!r} is the id of several jobs: {', '.join(found[:SHOWN])}{more}", remedy="write more"
        )
    return found[0]


def matches(job_id: str, text: str) -> bool:
    """Say whether an id begins or ends with the text, its day left out or not."""
    return job_id.startswith(text) or job_id.endswith(text) or job_id.rpartition("-")[2].startswith(text)


def each(args: argparse.Namespace, service: Client, action: Callable[[str], None]) -> int:
    """Do something with every job given, also after one that fails; give the first failure's code."""
    worst = 0
    for text in unique(args.ids):
        try:
            action(resolve(service, text))
        except (UserError, UsageError) as error:
            code = report(error, as_json=args.json, job_id=text)
            worst = worst or code
    return worst


def unique(texts: Iterable[str]) -> list[str]:
    """Leave out what is given twice."""
    return list(dict.fromkeys(texts))


def brief(job: Row) -> str:
    """Say where a job stands, on a line."""
    reason = f" ({job['reason']})" if job.get("reason") and job["reason"] != job["phase"] else ""
    return f"{job['id']}: {job['phase']}{reason}"
