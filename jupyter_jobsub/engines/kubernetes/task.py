"""One task in this process's life: its Pod looked at, one step done, and again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ...model.job import Micros, TaskKey
from ...model.observation import Observation, Reachable, Started, Waiting
from ..base import Launch
from . import names, verdict
from .api import Api
from .dues import Dues
from .entry import KILL
from .errors import ApiError
from .harvest import Harvest, Loss
from .names import Object
from .record import Records, abandoned, grace
from .steps import Step, decide, leaves
from .verdict import DEADLINE, HALT, LAUNCH, Seen

log = logging.getLogger(__name__)

PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds until what failed is tried again
KILLING = 30.0  # seconds that it may take to kill what runs in a Pod


@dataclass(frozen=True)
class Ground:
    """What all tasks of an engine stand on.

    Parameters
    ----------
    events:
        What the cluster tells of a Pod.
    harvest:
        Makes what brings home what a task writes.
    grace:
        Seconds between TERM and KILL at a deadline.
    report:
        Is told what is seen.
    """

    api: Api
    records: Records
    events: Callable[[Object], Sequence[Object]]
    harvest: Callable[[Launch], Harvest]
    grace: float
    clock: Callable[[], Micros]
    report: Callable[[Observation], None]


class KubernetesTask:
    """Moves one task to its end, whatever its Pod says and whoever else moves it.

    It does not follow what changes: each time something has, or is due, it looks at the Pod as it is
    then and does the one step that is next. So it may be woken for nothing, miss changes, or begin in
    the middle of a task's life; what must not be forgotten is written on the Pod.
    """

    def __init__(self, key: TaskKey, ground: Ground) -> None:
        self.key = key
        self.name = names.pod_name(key)
        self.busy = asyncio.Lock()  # one request at a time
        self.halted = False
        self.started_at: Micros | None = None
        self.ended = False
        self.pod: Object | None = None
        self._ground = ground
        self._launch: Launch | None = None
        self._harvest: Harvest | None = None
        self._gone = False
        self._doubted = False  # somebody says that the Pod is gone
        self._reachable = True
        self._waiting = ""
        self._dues = Dues()
        self._changed = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None

    @property
    def watched(self) -> bool:
        """It has a Pod, or had one, and will be moved to its end without being asked for it."""
        return self._watch is not None

    def watch(self, pod: Object | None, launch: Launch | None) -> None:
        """Move it to its end from here on; with no Pod it is lost."""
        if launch and self._harvest is None:
            self._launch = launch
            self._harvest = self._ground.harvest(launch)
            self._reachable = not launch.started  # who has seen it start may think its node lost
        self._take(pod)
        if self._watch is None:
            self._gone = self.pod is None
            self._watch = asyncio.create_task(self._run(), name=str(self.key))
        self._changed.set()

    async def halt(self, pod: Object | None, grace: float) -> None:
        """Have what is there end, and move it there; what is not never was."""
        self.halted = True
        marked = pod
        if pod is not None and _runs(verdict.seen(pod)):
            marked = await self._ground.records.mark(pod, HALT, grace)
        self.watch(marked or pod, None)
        if pod is not None and marked is None:
            self.saw(None)

    def look(self) -> None:
        """Look again; more is told of the Pod."""
        self._changed.set()

    def saw(self, pod: Object | None) -> None:
        """Take in what has its Pod's name now."""
        self._doubted = pod is None or names.key_of(pod) != self.key
        if not self._doubted:
            self._take(pod)
        self._changed.set()

    def _take(self, pod: Object | None) -> None:
        """Take what is new of a Pod: an answer may come after what the watch tells of later."""
        if pod is not None and not (self.pod and _is_older(pod, self.pod)):
            self.pod = pod

    async def close(self) -> None:
        """Watch no longer; the task runs on."""
        if self._watch:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._harvest:
            await self._harvest.close()

    async def _run(self) -> None:
        pause = PAUSE
        while not self.ended:
            self._changed.clear()
            try:
                await self._advance()
                pause = PAUSE
            except Exception as error:
                known = isinstance(
                    error, (ApiError, asyncio.TimeoutError)
                )  # such as an API server that does not answer
                log.log(
                    logging.INFO if known else logging.ERROR,
                    "%s has to wait, looking again in %g s: %s", self.key, pause, error, exc_info=not known,
                )  # fmt: skip
                await asyncio.sleep(PAUSE)
                await self._until(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                if not self.ended:
                    await self._until(self._dues.pause())

    async def _until(self, seconds: float | None) -> None:
        """Wait for something to change, or that long."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    async def _advance(self) -> None:
        """Look at the Pod and do what is next."""
        if self._doubted:
            await self._look_again()
        if self.pod is None:
            await self._end(Seen())
            return
        seen = verdict.seen(self.pod, self._ground.events(self.pod))
        self._tell(seen)
        self._dues.look(seen, grace(self.pod), self._deadline, self._ground.clock())
        await self._do(self._next(seen, self.pod), seen, self.pod)

    async def _look_again(self) -> None:
        """Believe that the Pod is gone when the API server itself says so."""
        self._doubted = False
        try:
            found = self.pod and await self._ground.records.again(self.pod)
        except BaseException:
            self._doubted = True
            raise
        self._take(found or None)
        self._gone = found is None

    @property
    def _deadline(self) -> int | None:
        return self._launch.spec.deadline_seconds if self._launch else None

    def _next(self, seen: Seen, pod: Object) -> Step:
        if self._gone:
            return Step.END
        dues = self._dues
        return decide(seen, late=dues.late, graced=dues.graced, abandoned=abandoned(pod))

    async def _do(self, step: Step, seen: Seen, pod: Object) -> None:
        ground = self._ground
        if step is Step.END:
            await self._end(seen)
        elif step is Step.GIVE_UP:
            self._took(await ground.records.mark(pod, LAUNCH, 0, seen.hopeless))
        elif step is Step.STOP:
            self._took(await ground.records.mark(pod, DEADLINE, ground.grace))
        elif step is Step.KILL:
            await asyncio.wait_for(self._kill(), KILLING)
            self._dues.killed()
        elif step in (Step.DROP, Step.ABANDON):
            await ground.records.delete(pod, force=step is Step.ABANDON)

    def _took(self, pod: Object | None) -> None:
        """Go on with what a Pod was made, or doubt that it is there."""
        self._doubted = pod is None
        self._take(pod)
        self._changed.set()

    async def _kill(self) -> None:
        """Kill all of the command, from beside it: who deletes the Pod throws its log away."""
        async with self._ground.api.exec(self.name, names.KEEPER, KILL) as kill:
            await kill.read()

    def _tell(self, seen: Seen) -> None:
        """Report what is new."""
        if seen.started_at is not None:
            if self.started_at is None:
                self.started_at = seen.started_at
                self._ground.report(Started(self.key, seen.started_at, seen.host))
            if self._harvest:
                self._harvest.follow()
            if self._harvest and leaves(seen):
                self._harvest.collect()
        elif seen.waiting and seen.waiting != self._waiting and not seen.ended_by:
            self._waiting = seen.waiting
            self._ground.report(Waiting(self.key, seen.waiting, seen.pulling))
        if seen.reachable is not self._reachable and not seen.over:
            self._reachable = seen.reachable
            text = "" if seen.reachable else f"the node {seen.host} does not answer: it may still run there"
            self._ground.report(Reachable(self.key, seen.reachable, text))

    async def _end(self, seen: Seen) -> None:
        """Report the end, once all that the task has written is kept."""
        loss = Loss()
        if self._harvest and (seen.started_at is not None or self.pod is None):
            loss = await self._harvest.finish(self.pod, lost=not (self._gone or seen.reachable))
        if self._harvest:
            await self._harvest.close()
        now, deadline = self._ground.clock(), self._deadline or 0
        ended = verdict.ended(self.key, seen, gone=self._gone, halted=self.halted, deadline=deadline, now=now)
        self.ended = True
        self._ground.report(replace(ended, note="; ".join(filter(None, [ended.note, str(loss)]))))


def _runs(seen: Seen) -> bool:
    """Whether there is something to end; a command that has ended by itself has its end."""
    return not (seen.void or seen.over or (seen.ended and seen.reachable))


def _is_older(pod: Object, known: Object) -> bool:
    """Whether a Pod is the same as another, as it was before."""
    one, other = pod["metadata"], known["metadata"]
    return one["uid"] == other["uid"] and int(one["resourceVersion"]) < int(other["resourceVersion"])
