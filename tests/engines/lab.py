"""An engine on an archive, and what it reported."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_jobsub.archive import Archive
from jupyter_jobsub.engines.base import Engine, Launch
from jupyter_jobsub.model.catalog import Image
from jupyter_jobsub.model.job import JobId, TaskKey
from jupyter_jobsub.model.metrics import Sample
from jupyter_jobsub.model.observation import Ended, Observation, Started
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec

PATIENCE = 60  # seconds


class Lab:
    """Launches tasks and waits for what the engine says of them.

    ``restart`` is what a killed service and its successor do: a new engine finds the same ground.
    """

    stamped = False  # as the engine's logs are

    def __init__(self, make: Callable[[], Engine], folder: Path) -> None:
        self._make = make
        self.folder = folder
        kept = Archive(folder / "archive")
        self.archive, self.artifacts = kept.logs, kept.artifacts
        self.seen: list[Observation] = []
        self.launched: dict[TaskKey, Launch] = {}
        self.over: set[JobId] = set()
        self._waiters: list[asyncio.Future[None]] = []

    async def open(self) -> None:
        self.thread = threading.get_ident()
        self.engine = self._make()
        await self.engine.open(self._observe, self.over.__contains__)

    def _observe(self, observation: Observation) -> None:
        assert threading.get_ident() == self.thread
        self.seen.append(observation)
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def restart(self) -> None:
        """Have another engine in the place of this one, which knows nothing of what was launched."""
        await self.engine.close()
        self.seen.clear()
        await self.open()

    async def close(self) -> None:
        """Leave no task behind."""
        for key in list(self.launched):
            await self.engine.halt(key, 0)
        for key in list(self.launched):
            await self.ended(key)
        for job in {key.job for key in self.launched}:
            await self.engine.purge(job)
        await self.engine.close()
        self.archive.close()

    def task(self, command: str = "true", *, job: str = "job-1", attempt: int = 1, **changes: Any) -> Launch:
        """Make a launch; changes are of the launch, or of its spec."""
        key = changes.pop("key", TaskKey(JobId(job), attempt))
        fields = {name: changes.pop(name) for name in list(changes) if name in Launch.__dataclass_fields__}
        what = {} if {"script", "notebook", "task_roles"} & set(changes) else {"command": command}
        spec = JobSpec.model_validate(what | changes)
        log = self.archive.prepare(key, stamped=self.stamped)
        paths = log, self.artifacts.folder_of(key, alone=not spec.task_roles)
        launch = Launch(key, spec, Image("base", "/usr"), Resources(), *paths, "ann", "lab")
        return replace(launch, **fields)

    async def launch(self, command: str = "true", **changes: Any) -> TaskKey:
        """Launch a task; answer its key."""
        return await self.send(self.task(command, **changes))

    async def send(self, launch: Launch) -> TaskKey:
        self.launched[launch.key] = launch
        await self.engine.launch(launch)
        return launch.key

    async def find(self, kind: type[Any], key: TaskKey) -> Any:
        """Wait for an observation of a task."""
        while not (found := [o for o in self.seen if isinstance(o, kind) and o.key == key]):
            self._waiters.append(asyncio.get_running_loop().create_future())
            await asyncio.wait_for(self._waiters[-1], PATIENCE)
        return found[0]

    async def started(self, key: TaskKey) -> Started:
        found: Started = await self.find(Started, key)
        return found

    async def ended(self, key: TaskKey) -> Ended:
        found: Ended = await self.find(Ended, key)
        return found

    async def run(self, command: str = "true", **changes: Any) -> Ended:
        """Launch a task and wait for its end."""
        return await self.ended(await self.launch(command, **changes))

    def log(self, key: TaskKey) -> str:
        return self.archive.read(key, 0, 2**20).data.decode()

    async def logged(self, key: TaskKey, text: str) -> None:
        """Wait until the task has written a text."""
        await asyncio.wait_for(self._read_until(key, text.encode()), PATIENCE)

    async def appears(self, path: Path) -> None:
        """Wait until a task has made a file; on a node nothing tells of that."""

        async def look() -> None:
            while not path.exists():
                await asyncio.sleep(0.01)

        await asyncio.wait_for(look(), PATIENCE)

    async def _read_until(self, key: TaskKey, text: bytes) -> None:
        data = b""
        async for chunk in self.archive.follow(key):
            data += chunk.data
            if text in data:
                return

    async def sampled(self, key: TaskKey, enough: Callable[[Sample], object] = bool) -> Sample:
        """Look at what a task uses until it is enough."""

        async def look() -> Sample:
            while True:
                sample = (await self.engine.sample([key])).get(key)
                if sample and enough(sample):
                    return sample

        return await asyncio.wait_for(look(), PATIENCE)

    def kinds(self, key: TaskKey) -> list[str]:
        """What was reported of a task, in order."""
        return [type(o).__name__ for o in self.seen if o.key == key]


def scenario(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test of a coroutine; its lab is open."""

    @functools.wraps(test)
    def run(*args: Any, lab: Lab, **kwargs: Any) -> None:
        async def whole() -> None:
            await lab.open()
            try:
                await test(*args, lab=lab, **kwargs)
            finally:
                await lab.close()

        asyncio.run(whole())

    return run
