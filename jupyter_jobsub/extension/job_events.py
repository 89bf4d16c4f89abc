"""Job events for ``jupyter_events``, where operators and other extensions listen."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_events import EventLogger

from ..client.errors import Unreachable
from ..client.stream import Event
from ..errors import UserError
from .streams import Reading
from .upstream import Upstream

SCHEMA = Path(__file__).parent / "event_schemas" / "job" / "v1.yaml"
SCHEMA_ID = "https://events.jupyter.org/jupyter_jobsub/job/v1"
TARGET = "/jobsub/events?passive=true"


class JobEvents:
    """Emits each event of every job, once, while there is a service that this server has talked to.

    It listens as the account that runs the Jupyter server, and passively: it neither starts a service
    nor keeps one that nobody else needs. A service that was away is asked for what happened meanwhile.
    """

    def __init__(self, logger: EventLogger, upstream: Upstream) -> None:
        self.last: str | None = None  # the newest event that was emitted, or was there before us
        self._logger = logger
        self._upstream = upstream
        self._met = asyncio.Event()  # the service said where its history stands, or is gone
        self._listening = False
        self._again = False
        logger.register_event_schema(SCHEMA)
        upstream.on_contact = self.contact

    async def contact(self) -> None:
        """Listen to the service, which somebody here is about to ask; what that causes is not missed."""
        self._again = True
        if not self._listening:
            self._listening = True
            self._met.clear()
            self._upstream.run(self._listen())
        if self.last is None:
            await self._met.wait()

    async def _listen(self) -> None:
        """Listen until the service ends; once more if it was there again since."""
        while self._again:
            self._again = False
            with suppress(Unreachable, UserError):
                await Reading(TARGET, None, self, self).run(self._upstream, start=False)
        self._listening = False
        self._met.set()

    async def on_event(self, event: Event) -> None:
        """Emit a job's event; learn where the history stands."""
        if event.name == "hello":
            newest = json.loads(event.data)["last"]
            if self.last is None or newest < int(self.last):  # a lower one: history began anew
                self.last = str(newest)
            self._met.set()
        elif event.name == "job" and event.id is not None:
            data = json.loads(event.data)
            self._logger.emit(schema_id=SCHEMA_ID, data=public(data["event"], data["job"]))

    def on_open(self) -> None:
        """Wait for the events."""


def public(event: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    """What of an event everybody may know who listens."""
    of_job = {name: job[name] for name in ("id", "name", "user", "group", "exit_code")}
    return of_job | {name: event[name] for name in ("phase", "reason", "attempt")}
