"""Ids that a person has cut short."""

from __future__ import annotations

import re

from ..errors import NotFound
from .errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .api import Client, Row

_ID = re.compile(r"job-\d{8}-[0-9a-z]{8}")
_OF_SWEEPS = "sweep-"
SHOWN = 5
SHORTEST = 3  # what the service's text search takes


def resolve(service: Client, text: str) -> str:
    """Find the one job whose id, or its last part, begins or ends with the text.

    Raises
    ------
    NotFound
        If there is none.
    UsageError
        If there are several.
    """
    _refuse_none(text)
    if _ID.fullmatch(text):
        return text
    if text.startswith(_OF_SWEEPS):
        raise UsageError(
            f"{text} is a sweep, of several jobs", remedy=f"see them: jupyter jobsub sweep {text}"
        )
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


def _refuse_none(text: str | None) -> None:
    """Refuse what a job of no sweep has for its id: to leave a filter out would be to mean every job."""
    if not text:
        raise UsageError("no id is given", remedy="take it from a job, or from the list")


def is_sweep(text: str) -> bool:
    """Say whether a text is the id of a sweep and no job's."""
    return text.startswith(_OF_SWEEPS)


def sweep_of(service: Client, text: str) -> str:
    """Find the sweep that an id names, or that the job of this id belongs to.

    Raises
    ------
    UsageError
        If it is neither.
    """
    _refuse_none(text)
    if is_sweep(text):
        return text
    job = service.job(resolve(service, text))
    if job["sweep"] is None:
        raise UsageError(f"{job['id']} belongs to no sweep", remedy="see: jupyter jobsub submit --help")
    sweep_id: str = job["sweep"]
    return sweep_id


def of_sweep(service: Client, sweep_id: str) -> list[Row]:
    """Fetch the jobs of a sweep, in the order of its grid.

    Raises
    ------
    NotFound
        If there are none.
    """
    rows = list(service.jobs(sweep=sweep_id))
    if not rows:
        raise NotFound(f"There is no sweep {sweep_id!r}.", remedy="see your jobs: jupyter jobsub list")
    return rows[::-1]


def matches(job_id: str, text: str) -> bool:
    """Say whether an id begins or ends with the text, its day left out or not."""
    return job_id.startswith(text) or job_id.endswith(text) or job_id.rpartition("-")[2].startswith(text)
