"""Plays the jobs of a round: submits, cancels, waits for their ends, then collects what is left to see."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from jupyter_jobsub.client import Client, Unreachable
from jupyter_jobsub.client.errors import Expired
from jupyter_jobsub.errors import Conflict, NotFound, UserError

from .judge import Evidence
from .plan import PlannedJob
from .world import MARK, World, send

PATIENCE = 60.0  # seconds for a round's jobs to end, and for any one call to get through
T = TypeVar("T")


@dataclass
class Play:
    """The jobs of one round under way.

    Parameters
    ----------
    number:
        The round's.
    clients:
        By the surface that a job is planned for; "socket" is there in any case.
    refusals:
        What the service said when it could not do what it was asked.
    patience:
        Seconds for the jobs to end.
    """

    world: World
    jobs: Sequence[PlannedJob]
    number: int
    clients: dict[str, Client] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    seen: Evidence = field(default_factory=Evidence)
    refusals: list[UserError] = field(default_factory=list)
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        self.mark = f"{self.world.mark}.{self.number}."
        self._cancelled: set[str] = set()
        self.clients.setdefault("socket", self.world.socket_client())

    def close(self) -> None:
        """Let the clients go."""
        for client in self.clients.values():
            client.close()

    def spec(self, planned: PlannedJob) -> dict[str, object]:
        """The job as it is submitted."""
        return {
            "name": planned.name,
            "group": "chaos",
            "instance_type": "one",
            "command": planned.command(),
            "retries": planned.retries,
            "env": {"MARKS": self.world.marks_inside, MARK: self.mark},
            **planned.more,
        }

    def submit(self, planned: PlannedJob) -> None:
        """Submit a job, however long it takes to get through."""
        spec = self.spec(planned)
        if planned.surface == "cli":
            id = self.insist(lambda: self.world.submit_by_command(spec, planned.name))
        else:
            client = self.clients[planned.surface]
            id = self.insist(lambda: str(client.submit(spec, idempotency_key=planned.name)["id"]))
        if id:
            self.seen.accepted[planned.name] = id

    def cancel_due(self) -> None:
        """Cancel what is due by its plan and has been accepted."""
        for planned in self.jobs:
            due = self.began + planned.cancel_after < time.monotonic()
            id = self.seen.accepted.get(planned.name)
            if planned.cancelled and due and id and planned.name not in self._cancelled:
                self._cancelled.add(planned.name)
                self.insist(partial(self._cancel, id, planned.surface))

    def _cancel(self, id: str, surface: str) -> bool:
        with contextlib.suppress(Conflict):  # it has ended: the judge will say whether it may
            self.clients.get(surface, self.clients["socket"]).act(id, "cancel")
        return True

    def kill_supervisor(self, pid: int) -> bool:
        """Kill -9 a supervisor; say whether it was still there."""
        send(pid, signal.SIGSTOP)  # or it might be given a task between the look and the kill
        if task := self.world.task(pid):
            self.seen.killed.add(task)
        return send(pid, signal.SIGKILL)

    def wait_for_ends(self) -> None:
        """Wait until nothing is unfinished, or patience is at its end."""
        limit = time.monotonic() + self.patience
        while time.monotonic() < limit:
            self.cancel_due()
            page = self.insist(lambda: self.clients["socket"].page(phase="unfinished", limit=500))
            if page is None or not page["items"]:
                return
            time.sleep(0.1)

    def collect(self) -> Evidence:
        """Look at everything that the jobs have left."""
        client, seen = self.clients["socket"], self.seen
        ours = {planned.name for planned in self.jobs}
        page: Any = self.insist(lambda: client.page(limit=500)) or {"items": []}
        seen.rows = [row for row in page["items"] if row["name"] in ours]
        ids = {row["id"] for row in seen.rows}
        seen.marks = {path.name for path in self.world.marks.iterdir() if path.name.split(".")[0] in ids}
        for row in seen.rows:
            timeline = self.insist(partial(client.timeline, row["id"])) or []
            seen.timelines[row["id"]] = [event["phase"] for event in timeline]
            for attempt in range(1, row["attempt"] + 1):
                seen.logs[row["id"], attempt] = self._log(client, row["id"], attempt)
                seen.artifacts[row["id"], attempt] = self._artifacts(client, row["id"], attempt)
        seen.held = self.insist(lambda: held(client.call("GET", "/jobsub/usage"))) or ""
        seen.left = self.world.left_of(self.mark)
        return seen

    def _log(self, client: Client, id: str, attempt: int) -> bytes:
        def whole() -> bytes:
            try:
                return b"".join(client.log(id, download=True, attempt=attempt))
            except (NotFound, Expired):
                return b""

        return self.insist(whole) or b""

    def _artifacts(self, client: Client, id: str, attempt: int) -> dict[str, bytes]:
        def whole() -> dict[str, bytes]:
            try:
                items = client.artifacts(id, attempt=attempt)["items"]
                paths = [item["path"] for item in items]
                return {path: b"".join(client.artifact(id, path, attempt=attempt)) for path in paths}
            except (NotFound, Expired):
                return {}

        return self.insist(whole) or {}

    def insist(self, call: Callable[[], T | None]) -> T | None:
        """Repeat a call until it gets through, as a person would who was refused."""
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            try:
                if (answer := call()) is not None:
                    return answer
            except (Unreachable, OSError):
                pass
            except UserError as error:
                if error.status < 500:
                    raise
                self.refusals.append(error)
            time.sleep(0.05)
        return None


def held(usage: dict[str, Any]) -> str:
    """Say what the usage still holds; "" if nothing."""
    rows = [row for group in usage["groups"] for row in (group, *group["users"])]
    busy = [row for row in rows if row["running"] or any(_amounts(row["held"]))]
    return "; ".join(f"{row['name']} holds {row['held']}, {row['running']} running" for row in busy)


def _amounts(amounts: dict[str, Any]) -> list[Any]:
    return [n for value in amounts.values() for n in (value.values() if isinstance(value, dict) else [value])]
