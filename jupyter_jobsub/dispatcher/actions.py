"""Hands launches and halts to the engine, one at a time, in order.

Starting jobs must not slow submits: between two of them the event loop serves whatever waits, and
while one submit comes on the heels of another, launches wait a little for them to pause.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

from ..archive import Archive
from ..engines.base import Ended, Engine, Launch
from ..errors import EngineError
from ..model.catalog import Catalog, Image
from ..model.job import Job, Reason, TaskKey
from ..settings import Settings
from ..store.base import Store

log = logging.getLogger(__name__)

HEELS = 0.01  # seconds between two submits of one burst
RETRY = 1.0  # seconds until what failed is tried again
LONGEST_WAIT = 0.25  # seconds that a burst may hold a launch up


class Actions:
    """A queue of what the engine is to do."""

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
        self._queue: deque[tuple[bool, Job, TaskKey]] = deque()
        self._halting: set[TaskKey] = set()
        self._submitted = -HEELS
        self._burst = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def __len__(self) -> int:
        return len(self._queue)

    def open(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="actions")

    async def close(self) -> None:
        """Finish the one at hand; the rest is found again at the next start."""
        self._closing = True
        self._wake.set()
        if self._task:
            await self._task

    def submitted(self) -> None:
        """Take note that a job has come."""
        now = time.monotonic()
        self._burst = now - self._submitted < HEELS
        self._submitted = now

    def launch(self, job: Job) -> None:
        """Start, or find again, every task of the attempt that has not ended."""
        self._put(True, job)

    def halt(self, job: Job) -> None:
        """End every task of the attempt that has not ended."""
        self._put(False, job)
        self._halting.update(task.key for task in job.tasks)

    def _put(self, launch: bool, job: Job) -> None:
        self._queue.extend((launch, job, task.key) for task in job.tasks if task.finished_at is None)
        self._wake.set()

    async def _run(self) -> None:
        while not self._closing:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            launch, job, key = self._queue.popleft()
            try:
                if launch:
                    await self._pause_in_burst()
                await (self._launch(job, key) if launch else self._halt(key))
            except EngineError as error:
                self._failed(Ended(key, self._settings().clock(), None, Reason.LAUNCH_FAILED, str(error)))
            except Exception:  # such as a full disk; a start that never works is halted by its time-out
                log.exception("%s of %s failed; trying again", "launch" if launch else "halt", key)
                asyncio.get_running_loop().call_later(RETRY, self._requeue, (launch, job, key))
            await asyncio.sleep(0)

    def _requeue(self, action: tuple[bool, Job, TaskKey]) -> None:
        self._queue.append(action)
        self._wake.set()

    async def _pause_in_burst(self) -> None:
        patience = time.monotonic() + LONGEST_WAIT
        while self._burst and (rest := min(self._submitted + HEELS, patience) - time.monotonic()) > 0:
            await asyncio.sleep(rest)

    async def _launch(self, job: Job, key: TaskKey) -> None:
        started = any(task.key == key and task.started_at is not None for task in job.tasks)
        if key in self._halting and not started:
            return  # its halt is queued behind: what never ran need not be started for that
        group = self._settings().catalog.groups.get(job.spec.group or "")
        snapshot = await self._store.snapshot(job.snapshot) if job.snapshot else None
        await self._engine.launch(
            Launch(
                key=key,
                spec=job.spec,
                # what runs is taken over, whether or not its image is still there
                image=None if started else resolve_image(job.spec.image, self._settings().catalog),
                resources=job.share(key.role),
                log=self._archive.logs.prepare(key),
                artifacts=self._archive.artifacts.folder_of(key, alone=len(job.tasks) == 1),
                user=job.user,
                group=job.spec.group or "",
                volume=group.volume if group else None,
                datasets=group.datasets if group else {},
                snapshot=snapshot,
                started=started,
            )
        )

    async def _halt(self, key: TaskKey) -> None:
        self._halting.discard(key)
        await self._engine.halt(key, self._settings().halt_grace)


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
