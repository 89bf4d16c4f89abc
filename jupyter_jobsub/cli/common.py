"""What commands share: the client, ids cut short, several jobs at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from ..client import Client, find
from ..client.ids import is_sweep, of_sweep, resolve
from ..errors import Conflict, UserError
from .errors import OK, UsageError, report
from .output import note
from .terminal import terminal

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


def each(
    args: argparse.Namespace, service: Client, action: Callable[[str], None], verb: str | None = None
) -> int:
    """Do something with every job given, also after one that fails; give the first failure's code.

    With a verb, of a sweep's jobs only those that allow it.
    """
    codes: list[int] = []
    for text in unique(args.ids):
        with reported(args, text, codes):
            for job_id in jobs_named(service, text, verb):
                with reported(args, job_id, codes):
                    action(job_id)
    return next(iter(codes), OK)


@contextmanager
def reported(args: argparse.Namespace, text: str, codes: list[int]) -> Iterator[None]:
    """Tell an error of one of several jobs, and go on with the next."""
    try:
        yield
    except (UserError, UsageError) as error:
        codes.append(report(error, as_json=args.json, job_id=text))


def jobs_named(service: Client, text: str, verb: str | None = None) -> list[str]:
    """Find the jobs that an id stands for: one, or all of a sweep that allow the verb."""
    if not is_sweep(text):
        return [resolve(service, text)]
    rows = of_sweep(service, text)
    found = [row["id"] for row in rows if verb is None or verb in row["allowed"]]
    if not found:
        raise Conflict(f"there is nothing to {verb} in {text}", remedy=f"see: jupyter jobsub sweep {text}")
    # what waits goes before what runs, or it would start meanwhile
    return found[::-1] if verb in ("cancel", "pause") else found


def told_apart(args: argparse.Namespace) -> bool:
    """Say whether rows need their job's id: not for a person who has just written the only one."""
    return not terminal().for_people() or len(args.ids) > 1 or is_sweep(args.ids[0])


def unique(texts: Iterable[str]) -> list[str]:
    """Leave out what is given twice."""
    return list(dict.fromkeys(texts))


def brief(job: Row) -> str:
    """Say where a job stands, on a line."""
    reason = f" ({job['reason']})" if job.get("reason") and job["reason"] != job["phase"] else ""
    return f"{job['id']}: {job['phase']}{reason}"
