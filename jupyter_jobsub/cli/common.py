"""What commands share: the client, ids cut short, several jobs at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..client import Client, find
from ..client.ids import resolve
from ..errors import UserError
from .errors import UsageError, report
from .output import note

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from ..client.api import Row


def client(*, start: bool = True) -> Client:
    """Open a client that says when the service is away for longer."""
    return Client(find(start=start), on_lost=_tell_lost)


def _tell_lost(error: Exception) -> None:
    reason = str(error).rstrip(".")
    note(f"connection lost ({reason}); trying again")


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
