"""Job events for ``jupyter_events``, where operators and other extensions listen."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

from jupyter_events import EventLogger

SCHEMA = Path(__file__).parent / "event_schemas" / "job" / "v1.yaml"
SCHEMA_ID = "https://events.jupyter.org/jupyter_jobsub/job/v1"
REMEMBERED = 4096  # events; feeds of several people, and those that began again, bring some twice


class JobEvents:
    """Emits each job event once, however many feeds bring it."""

    def __init__(self, logger: EventLogger) -> None:
        self._logger = logger
        self._emitted: OrderedDict[int, None] = OrderedDict()
        logger.register_event_schema(SCHEMA)

    def emit(self, id: int, data: dict[str, Any]) -> None:
        """Emit a job event of the service unless it was emitted before."""
        if id in self._emitted:
            return
        self._emitted[id] = None
        if len(self._emitted) > REMEMBERED:
            self._emitted.popitem(last=False)
        self._logger.emit(schema_id=SCHEMA_ID, data=public(data["event"], data["job"]))


def public(event: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    """What of an event everybody may know who listens."""
    of_job = {name: job[name] for name in ("id", "name", "user", "group", "exit_code")}
    return of_job | {name: event[name] for name in ("phase", "reason", "attempt")}
