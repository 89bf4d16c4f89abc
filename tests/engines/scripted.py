"""An engine that does nothing, for tests that say what it sees."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_jobsub.clock import wall_clock
from jupyter_jobsub.engines.base import Ended, Engine, Launch, Observer, Over, Started
from jupyter_jobsub.engines.peers import Peers
from jupyter_jobsub.errors import EngineUnavailable
from jupyter_jobsub.model.catalog import Catalog, Image
from jupyter_jobsub.model.job import Job, JobId, Reason, TaskKey
from jupyter_jobsub.model.metrics import Sample
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec


class ScriptedEngine(Engine):
    """Records what it is told; the test says what it sees."""

    name = "scripted"
    network_scope = "host"
    kind_of_image = "environment"
    stamps_logs = False
    parallel = 2

    def __init__(self) -> None:
        self.launched: list[Launch] = []
        self.halted: list[TaskKey] = []
        self.settles: list[TaskKey] = []
        self.may_launch = asyncio.Event()
        self.may_launch.set()
        self.refuses: Exception | None = None
        self.cannot_halt: Exception | None = None
        self.away = ""
        self.keeps: set[JobId] = set()  # jobs of which nothing can be removed

    async def open(self, observe: Observer, over: Over) -> None:
        if self.away:
            raise EngineUnavailable(self.away)
        self.observe, self.over = observe, over

    async def launch(self, launch: Launch) -> None:
        self.launched.append(launch)
        await self.may_launch.wait()
        if self.refuses:
            raise self.refuses

    async def halt(self, key: TaskKey, grace_seconds: float) -> None:
        self.halted.append(key)
        if self.cannot_halt:
            raise self.cannot_halt

    async def settled(self, key: TaskKey) -> None:
        self.settles.append(key)

    async def sample(self, keys: Sequence[TaskKey]) -> Mapping[TaskKey, Sample]:
        return {}

    async def purge(self, job: JobId) -> None:
        if job in self.keeps:
            raise EngineUnavailable("the cluster does not answer")

    def output(self, job: Job, volume: str | None, artifacts: Path) -> str | None:
        return None

    def addresses(self, job: Job) -> Peers:
        return {}

    def place(self) -> str:
        return "nowhere"

    def capacity(self) -> Resources | None:
        return None

    def images(self) -> Mapping[str, Image]:
        return {}

    def volume(self, written: Any, *, dataset: bool = False) -> str:
        return str(written)

    def check(self, spec: JobSpec, catalog: Catalog) -> list[tuple[str, str, str]]:
        return []

    async def close(self) -> None: ...

    def starts(self, key: TaskKey) -> None:
        self.observe(Started(key, wall_clock()))

    def ends(self, key: TaskKey, code: int = 0, reason: Reason = Reason.COMPLETED) -> None:
        self.observe(Ended(key, wall_clock(), code, reason))
