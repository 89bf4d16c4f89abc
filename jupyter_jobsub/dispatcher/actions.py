"""Hands to the engine what it is to do, in order for each task.

Starting jobs must not slow submits: between two of them the event loop serves whatever waits, and
while one submit comes on the heels of another, launches wait a little for them to pause.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TypeAlias

from ..archive import Archive
from ..engines.base import Ended, Engine, Launch
from ..errors import EngineError, EngineUnavailable
from ..model.catalog import Catalog, Image
from ..model.job import Job, Reason, TaskKey
from ..scheduling import lifecycle
from ..settings import Settings
from ..store.base import Store

log = logging.getLogger(__name__)

HEELS = 0.01  # seconds between two submits of one burst
RETRY, LONGEST_RETRY = 1.0, 15.0  # seconds until what failed is tried again
CLOSING = 5.0  # seconds that those at hand may take when all ends
LONGEST_WAIT = 0.25  # seconds that a burst may hold a launch up


Action: TypeAlias = Callable[[TaskKey], Awaitable[None]]


class Actions:
    """What the engine is to do: so much at once as it says, for one task one after the other."""

    def __init__(
        self,
        store: Store,
        engine: Engine,
        archive: Archive,
        settings: Callable[[], Settings],
        failed: Callable[[Ended], None],
    ) -> None:
        self._store = store
        self._engine = engine
        self._archive = archive
        self._settings = settings
        self._failed = failed
        self._queues: dict[TaskKey, deque[Action]] = {}  # of those that wait or are under way
        self._ready: asyncio.Queue[TaskKey | None] = asyncio.Queue()
        self._halting: set[TaskKey] = set()
        self._waiting: dict[TaskKey, float] = {}  # seconds, for an engine that does not answer; said once
        self._submitted = -HEELS
        self._burst = False
        self._workers: list[asyncio.Task[None]] = []

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def open(self) -> None:
        """Begin, with nothing but what is asked for from now on."""
        self._queues.clear()
        self._halting.clear()
        self._ready = asyncio.Queue()
        self._workers = [
            asyncio.create_task(self._work(), name="actions") for _ in range(self._engine.parallel)
        ]

    async def close(self) -> None:
        """Finish those at hand if that is soon; the rest is found again at the next start."""
        while not self._ready.empty():
            self._ready.get_nowait()
        for _ in self._workers:
            self._ready.put_nowait(None)
        if self._workers:
            _, late = await asyncio.wait(self._workers, timeout=CLOSING)
            for worker in late:
                worker.cancel()
            await asyncio.gather(*self._workers, return_exceptions=True)

    def submitted(self) -> None:
        """Take note that a job has come."""
        now = time.monotonic()
        self._burst = now - self._submitted < HEELS
        self._submitted = now

    def launch(self, job: Job) -> None:
        """Start, or find again, every task of the attempt that has not ended."""
        for key in lifecycle.unended(job):
            self._put(key, partial(self._launch, job))

    def halt(self, job: Job) -> None:
        """End every task of the attempt that has not ended."""
        for key in lifecycle.unended(job):
            self._put(key, self._halt)
            self._halting.add(key)

    def settle(self, keys: Iterable[TaskKey]) -> None:
        """Let go of tasks whose end is stored."""
        for key in keys:
            self._put(key, self._engine.settled)

    def _put(self, key: TaskKey, action: Action) -> None:
        if key not in self._queues:
            self._queues[key] = deque()
            self._ready.put_nowait(key)
        self._queues[key].append(action)

    async def _work(self) -> None:
        while key := await self._ready.get():
            await self._do(self._queues[key].popleft(), key)
            if self._queues[key]:
                self._ready.put_nowait(key)
            else:
                del self._queues[key]
            await asyncio.sleep(0)

    async def _do(self, action: Action, key: TaskKey) -> None:
        try:
            await action(key)
            self._waiting.pop(key, None)
        except EngineUnavailable as error:
            if key not in self._waiting:
                log.warning("%s has to wait, trying again ever less often: %s", key, error)
            pause = self._waiting.get(key, RETRY)
            self._waiting[key] = min(2 * pause, LONGEST_RETRY)
            self._again(key, action, pause)
        except EngineError as error:
            self._waiting.pop(key, None)
            self._failed(Ended(key, self._settings().clock(), None, Reason.LAUNCH_FAILED, str(error)))
        except Exception:  # such as a full disk; a start that never works is halted by its time-out
            log.exception("what is to be done for %s failed; trying again in %g s", key, RETRY)
            self._again(key, action, RETRY)

    def _again(self, key: TaskKey, action: Action, pause: float) -> None:
        asyncio.get_running_loop().call_later(pause, self._put, key, action)

    async def _pause_in_burst(self) -> None:
        patience = time.monotonic() + LONGEST_WAIT
        while self._burst and (rest := min(self._submitted + HEELS, patience) - time.monotonic()) > 0:
            await asyncio.sleep(rest)

    async def _launch(self, job: Job, key: TaskKey) -> None:
        await self._pause_in_burst()
        started = any(task.key == key and task.started_at is not None for task in job.tasks)
        wanted = key not in self._halting  # else its halt is queued behind
        group = self._settings().catalog.groups.get(job.spec.group or "")
        snapshot = await self._store.snapshot(job.snapshot) if job.snapshot and wanted else None
        await self._engine.launch(
            Launch(
                key=key,
                spec=job.spec,
                # what runs is taken over, whether or not its image is still there
                image=None if started or not wanted else self._image(job),
                resources=job.share(key.role),
                log=self._archive.logs.prepare(key, stamped=self._engine.stamps_logs),
                artifacts=self._archive.artifacts.folder_of(key, alone=len(job.tasks) == 1),
                user=job.user,
                group=job.spec.group or "",
                volume=group.volume if group else None,
                datasets=group.datasets if group else {},
                snapshot=snapshot,
                started=started,
                wanted=wanted,
            )
        )

    def _image(self, job: Job) -> Image | None:
        return resolve_image(job.spec.image, self._settings().catalog)

    async def _halt(self, key: TaskKey) -> None:
        await self._engine.halt(key, self._settings().halt_grace)
        self._halting.discard(key)  # not before: a launch that has to wait may come once more


def resolve_image(image: str | None, catalog: Catalog) -> Image | None:
    """Find what a job runs in: a name of the catalog, or an environment's folder.

    Raises
    ------
    EngineError
        If the name is no longer in the catalog.
    """
    if image is None:
        return None
    if image.startswith("/"):
        return Image(image.rstrip("/").rsplit("/", 1)[-1], image)
    if image not in catalog.images:
        raise EngineError(f"the image {image!r} is no longer there; clone the job with another one")
    return catalog.images[image]
