"""Several jobs of one service, over one stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ..errors import NotFound
from .api import FINAL, Client
from .watch import Watch

if TYPE_CHECKING:
    from typing import Any

    from .api import Row
    from .job import Job
    from .transport import Scope

MOST = 500  # jobs that a stream can be asked for by name; of more, all jobs' events are looked through


def watch_jobs(
    jobs: Sequence[Job], on_lost: Callable[[Exception], None] | None = None
) -> Watch[tuple[str, Any]]:
    """Follow jobs until all of them have ended.

    Parameters
    ----------
    jobs:
        Of one service; they learn what comes.
    on_lost:
        Told why when the stream broke and getting it back takes more than one try.

    Returns
    -------
    Watch
        Of ("job", row) when anything about one has changed, and ("deleted", id).
    """
    return Watch(lambda scope: _watched({job.id: job for job in jobs}, scope, on_lost))


def _watched(
    left: dict[str, Job], scope: Scope, on_lost: Callable[[Exception], None] | None
) -> Iterator[tuple[str, Any]]:
    if not left:
        return
    service = next(iter(left.values()))._service
    ids = list(left) if len(left) <= MOST else []
    for name, data in service.events(scope=scope, on_lost=on_lost, progress=True, id=ids):
        for kind, value in _news(service, left, name, data):
            if kind == "deleted":
                del left[value]
            else:
                left[value["id"]].row = value
                if value["phase"] in FINAL:
                    del left[value["id"]]
            yield kind, value
        if not left:
            return


def _news(service: Client, left: dict[str, Job], name: str, data: Row) -> Iterator[tuple[str, Any]]:
    if name == "hello":  # what happened before this connection is in the jobs themselves
        for job_id in list(left):
            try:
                yield "job", service.job(job_id)
            except NotFound:
                yield "deleted", job_id
    elif name == "deleted" and data["id"] in left:
        yield "deleted", data["id"]
    elif name == "job" and data["job"]["id"] in left:
        yield "job", data["job"]
