"""The one loop that moves jobs.

Facts come in (a row was added or its intent changed, an engine saw something, time passed),
each as a pure function from a job to the job after it. A cycle folds the facts that have come,
commits what changed, asks admission who may start, commits that, and hands launches and halts
to the engine. A commit comes before its effect and every effect may be repeated, so that a
crash anywhere leaves a state that `open` carries on from.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from ..archive import Archive
from ..engines.base import Ended, Engine, Observation, Waiting
from ..errors import StoreError
from ..model.job import Job, JobId, Micros, Phase, Reason, UserName
from ..scheduling import lifecycle
from ..scheduling.admission import admit
from ..scheduling.queues import Ledger
from ..scheduling.reasons import Why
from ..settings import Settings
from ..store.base import Committed, StaleJob, Store
from .actions import Actions
from .book import Book
from .expiry import Expiry
from .opening import Opening
from .patience import Patience
from .sampler import Sampler
from .sealing import Sealing
from .timers import Timers

log = logging.getLogger(__name__)

RETRY = 1.0  # seconds until what failed is tried again

Fact: TypeAlias = Callable[[Job], Job]


def _nothing(job: Job) -> Job:
    return job


class Dispatcher:
    """Moves jobs until it is closed; the only writer of phases."""

    def __init__(
        self, store: Store, engine: Engine, archive: Archive, settings: Callable[[], Settings]
    ) -> None:
        self._store = store
        self._engine = engine
        self._archive = archive
        self._settings = settings
        self._book = Book()
        self._timers = Timers()
        self._actions = Actions(store, engine, archive, settings, self._observe)
        self.opening = Opening(engine, self._observe, lambda id: id not in self._book.jobs, self._opened)
        self._patience = Patience(settings, self._timers, self._tell)
        self._expiry = Expiry(store, engine, archive, self._clock, self._timers)
        self.sampler = Sampler(engine, archive.metrics, self._clock, self._timers, self._book.placed)
        self._sealing = Sealing(archive, settings, self._timers)
        self._inbox: deque[tuple[JobId, Fact]] = deque()
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._closing = False
        self._writing: dict[JobId, int] = {}
        self.draining = False

    async def open(self) -> None:
        """Take up every unfinished job where it was left; what needs the engine waits until that is open."""
        for job in await self._store.unfinished():
            self._book.put(job)
            self._tell(job.id, _nothing)
        self._store.listeners.append(self._committed)
        await self.opening.begin()
        self._loop = asyncio.create_task(self._run(), name="dispatcher")

    def _opened(self) -> None:
        self._actions.open()
        for job in self._book.jobs.values():
            self._resume(job)
        self._expiry.open()
        self.wake()

    async def close(self) -> None:
        """Finish what is being written and let go; tasks run on."""
        self._closing = True
        self._wake.set()
        self._timers.close()
        await self.opening.close()
        if self._loop:
            await self._loop
        self._sealing.close()
        await self._expiry.close()
        await self._actions.close()
        await self.sampler.close()
        if self._committed in self._store.listeners:
            self._store.listeners.remove(self._committed)
        await self._engine.close()

    def wake(self) -> None:
        """Look again at who may start in every group, as after a change of quotas."""
        self._book.touch()
        self._wake.set()

    @property
    def idle(self) -> bool:
        """Nothing is unfinished."""
        return not self._book.jobs

    @property
    def unfinished(self) -> Iterable[Job]:
        """Every job that is not final, or not yet gone, as it is now."""
        return self._book.jobs.values()

    @property
    def held(self) -> Ledger:
        """What is held now, by group and person."""
        return self._book.held

    @property
    def waiting_launches(self) -> int:
        """Launches and halts that the engine has not been given yet."""
        return len(self._actions)

    def waiting_of(self, user: UserName) -> int:
        """How many jobs of a person wait."""
        return self._book.waiting_of(user)

    def waiting(self, ids: Iterable[JobId]) -> list[Job]:
        """Those of these jobs that wait for their turn."""
        found = (self._book.jobs.get(id) for id in ids)
        return [job for job in found if job and job.phase is Phase.PENDING]

    def why(self, job: Job) -> tuple[Why | None, int | None]:
        """What a waiting job waits for, and its place in its group's queue, from 1."""
        groups = self._settings().catalog.groups
        why, place = self._book.why(job, groups, self._engine.capacity(), self._clock())
        if place and self.draining:
            why = Why(Reason.DRAINING, "the service is drained: it starts no more jobs for now")
        elif place and self.opening.trouble:
            why = Why(Reason.UNAVAILABLE, self.opening.trouble)
        return why, place

    def _committed(self, changes: Sequence[Committed]) -> None:
        for change in changes:
            known = self._book.jobs.get(change.job.id)
            if change.deleted:
                self._book.drop(change.job.id)
            elif self._writing.get(change.job.id) == change.job.version:
                continue  # our own, or one that makes ours stale: `_save` deals with either
            elif known is None or known.version < change.job.version:
                if known is None:
                    self._actions.submitted()
                self._learn(change.job)

    def _observe(self, fact: Observation) -> None:
        try:
            # before the end is told: nobody looks again at the log of a job that is stored as ended
            if isinstance(fact, Ended):
                self._archive.logs.seal(fact.key)
        except OSError as error:  # such as a full disk: this job waits, the others go on
            log.error("the log of %s can't be sealed, trying again in %g s: %s", fact.key, RETRY, error)
            self._timers.set(f"seal {fact.key}", RETRY, lambda: self._observe(fact))
            return
        if isinstance(fact, Waiting):
            self._patience.learn(self._book.jobs.get(fact.key.job), fact)
        self._tell(fact.key.job, lambda job: lifecycle.observed(job, fact, self._clock()))

    def _clock(self) -> Micros:
        return self._settings().clock()

    def _tell(self, id: JobId, *facts: Fact) -> None:
        self._inbox.extend((id, fact) for fact in facts)
        self._wake.set()

    def _resume(self, job: Job) -> None:
        if job.phase.placed:
            self.sampler.begin()
            self._actions.launch(job)
            if lifecycle.stopping(job):
                self._actions.halt(job)
        self._actions.settle(lifecycle.ended(job))
        self._patience.watch(job)

    async def _run(self) -> None:
        while not self._closing:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._move()
                await self._admit()
            except StoreError as error:  # such as a full disk: what was not written is told again
                log.error("nothing can be decided, trying again in %g s: %s", RETRY, error)
                self._timers.set("retry", RETRY, self.wake)
            except Exception:
                log.exception("a dispatcher cycle failed; trying again in %g s", RETRY)
                self._timers.set("retry", RETRY, self.wake)
            await asyncio.sleep(0)

    async def _move(self) -> None:
        """Fold the facts that have come into their jobs and commit what changed."""
        facts: dict[JobId, list[Fact]] = {}
        while self._inbox:
            id, fact = self._inbox.popleft()
            facts.setdefault(id, []).append(fact)
        try:
            changes = self._changes(facts)
            stored = await self._save(changes)
        except Exception:
            self._inbox.extendleft((id, fact) for id in facts for fact in reversed(facts[id]))
            raise
        for (before, _), after in zip(changes, stored, strict=True):
            if isinstance(after, StaleJob):
                self._tell(before.id, *facts[before.id])

    def _changes(self, facts: Mapping[JobId, Sequence[Fact]]) -> list[tuple[Job, Job]]:
        """What facts make of their jobs; one of which that can't be said holds up no other."""
        changes = []
        for id, told in facts.items():
            try:
                if change := self._fold(id, told):
                    changes.append(change)
            except Exception:
                log.exception("what has become of %s can't be said; trying again in %g s", id, RETRY)
                asyncio.get_running_loop().call_later(RETRY, self._tell, id, *told)
        return changes

    def _fold(self, id: JobId, facts: Sequence[Fact]) -> tuple[Job, Job] | None:
        before = self._book.jobs.get(id)
        if before is None:
            return None
        after = before
        for fact in facts:
            after = fact(after)
        after = lifecycle.wanted(after, self._clock())
        if after is before:
            return None
        sealed = self._sealing.sealed(before, after, lambda: self._tell(id, *facts))
        return (before, sealed) if sealed else None

    async def _admit(self) -> None:
        """Let start who may start now, and have make room who must."""
        if self.draining or self.opening.trouble or not (names := self._book.take()):
            return
        try:
            groups, now = self._settings().catalog.groups, self._clock()
            decisions = admit(self._book.snapshot(names, groups, self._engine.capacity()), now)
            self._book.decided(decisions)
            jobs = self._book.jobs
            evicted = [(jobs[id], lifecycle.preempted(jobs[id], by)) for id, by in decisions.evict.items()]
            await self._save(
                evicted + [(jobs[id], lifecycle.admitted(jobs[id], now)) for id in decisions.admit]
            )
        except Exception:
            self._book.touch(names)
            raise
        if self._book.undecided:
            self._wake.set()

    async def _save(self, changes: Sequence[tuple[Job, Job]]) -> list[Job | StaleJob]:
        if not changes:
            return []
        self._writing = {before.id: before.version + 1 for before, _ in changes}
        try:
            stored = await self._store.save(changes)
        finally:
            self._writing = {}
        for (before, _), after in zip(changes, stored, strict=True):
            if isinstance(after, StaleJob):
                await self._reread(before.id)
            else:
                self._book.put_newer(after)
                self._act(before, after)
        return stored

    async def _reread(self, id: JobId) -> None:
        job = await self._store.get(id)
        if job is None:
            self._book.drop(id)
        else:
            self._learn(job)

    def _learn(self, job: Job) -> None:
        """Take a job as it is stored, by someone else or by a commit of ours whose end was not known."""
        known = self._book.jobs.get(job.id, job)
        self._book.put(job)
        self._act(known, job)
        self._tell(job.id, _nothing)

    def _act(self, before: Job, after: Job) -> None:
        """Do what a commit calls for."""
        if after.attempt != before.attempt:
            self._actions.launch(after)
        if lifecycle.stopping(after) and (after.reason != before.reason or not lifecycle.stopping(before)):
            self._actions.halt(after)
        self._actions.settle(lifecycle.ended(after) - lifecycle.ended(before))
        if after.phase.placed and not self.opening.trouble:
            self.sampler.begin()
        if not after.phase.placed:
            self._sealing.forget(after)
        if after.phase.final:
            self._expiry.ended(after)
        self._patience.watch(after)
