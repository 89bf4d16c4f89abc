"""Several people at one service with GPUs, and jobs that end when a test says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.live import Answer, Live, live

CONFIG = """
c.JobsubService.identity = "forwarded"
c.JobsubService.gpus = [{{"type": "A100", "count": {gpus}}}]
c.JobsubService.instance_types = {{
    "cpu": {{}},
    "gpu-1": {{"gpu": {{"A100": 1}}}},
    "gpu-2": {{"gpu": {{"A100": 2}}}},
    "gpu-4": {{"gpu": {{"A100": 4}}}},
}}
c.JobsubService.groups = {{
    "phusers": {{"members": ["bob", "pan", "lin"], "quota": {quota}, "user_quota": {user_quota}}},
    "others": {{}},
}}
"""


def config(*, group: int = 4, user: int = 4, machine: int = 8) -> str:
    """GPUs that the group, each of its users, and the machine have."""
    return CONFIG.format(gpus=machine, quota={"gpus": group}, user_quota={"gpus": user})


def ask(service: Live, user: str, method: str, path: str, body: Any = None) -> Answer:
    return service.ask(method, path, body, {"Jobsub-User": user})


@contextmanager
def working(
    folder: Path, settings: str = "", beneath: str = "", seconds: float = 60, **gpus: int
) -> Iterator[Jobs]:
    """A service of several people, see `config`, and their jobs, of which none is left at the end."""
    with live(config(**gpus) + settings) as service:
        jobs = Jobs(service, folder, beneath, seconds)
        try:
            yield jobs
        finally:
            jobs.cancel()


class Jobs:
    """Jobs by a letter each, in the group phusers; one that runs, runs until it is ended.

    ``beneath`` is where jobs find the folder, if it is elsewhere for them.
    """

    def __init__(self, service: Live, folder: Path, beneath: str = "", seconds: float = 60) -> None:
        self.service = service
        self.folder = folder
        self.beneath = beneath or str(folder)
        self.seconds = seconds
        self.ids: dict[str, str] = {}

    def submit(self, letter: str, user: str, gpus: int, **spec: Any) -> None:
        os.mkfifo(self.folder / letter)
        command = f": < {self.beneath}/{letter}"
        body = {"name": letter, "command": command, "group": "phusers", "instance_type": f"gpu-{gpus}"}
        answer = ask(self.service, user, "POST", "/jobsub/jobs", body | spec)
        assert answer.status == 201, answer.body
        self.ids[letter] = answer.json["id"]

    def end(self, *letters: str) -> None:
        """Let running jobs succeed."""
        for letter in letters:
            (self.folder / letter).open("w").close()
            assert self.service.until(self.ids[letter], seconds=self.seconds)["phase"] == "Succeeded"

    def cancel(self) -> None:
        """Leave nothing running."""
        for id in self.ids.values():
            self.service.post(f"/jobsub/jobs/{id}/cancel")
        for id in self.ids.values():
            self.service.until(id, seconds=self.seconds)

    def row(self, letter: str) -> dict[str, Any]:
        return self.service.job(self.ids[letter])

    def runs(self, *letters: str) -> None:
        """Wait until jobs run."""
        for letter in letters:
            self.service.until(self.ids[letter], "Running", seconds=self.seconds)

    def phases(self) -> dict[str, str]:
        """Where all of them stand, once the queue has been looked at again."""
        sentinel = ask(self.service, "eve", "POST", "/jobsub/jobs", {"command": "true"}).json["id"]
        self.service.until(sentinel, seconds=self.seconds)  # admitted after all that was asked before
        return {letter: self.row(letter)["phase"] for letter in self.ids}

    def usage(self) -> dict[str, Any]:
        """What the group holds."""
        groups = self.service.get("/jobsub/usage").json["groups"]
        (found,) = [group for group in groups if group["name"] == "phusers"]
        return found | {"users": {user["name"]: user for user in found["users"]}}
