"""The loop against a scripted engine: what is launched and halted when, and what a restart repeats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from jupyter_jobsub.archive import Archive, LogArchive
from jupyter_jobsub.clock import wall_clock
from jupyter_jobsub.dispatcher import Dispatcher, actions, expiry, opening
from jupyter_jobsub.dispatcher import dispatcher as loop
from jupyter_jobsub.engines.base import Ended, Waiting
from jupyter_jobsub.errors import EngineError, EngineUnavailable
from jupyter_jobsub.model.catalog import Catalog, Group, Image
from jupyter_jobsub.model.job import Intent, Job, JobId, Micros, Phase, Reason, TaskKey, UserName, new_job_id
from jupyter_jobsub.model.observation import Observation
from jupyter_jobsub.model.resources import Quota, Resources
from jupyter_jobsub.model.spec import JobSpec
from jupyter_jobsub.scheduling import lifecycle
from jupyter_jobsub.settings import Settings
from jupyter_jobsub.store.database import CommitInDoubt
from jupyter_jobsub.store.sql import SqlStore
from tests.engines.scripted import ScriptedEngine


class World:
    """A store, an engine and a dispatcher over a folder that outlives them."""

    def __init__(self, folder: Path, engine: ScriptedEngine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.store = SqlStore(f"sqlite:///{folder / 'jobsub.db'}")
        self.archive = Archive(folder / "archive")
        self.dispatcher = Dispatcher(self.store, engine, self.archive, lambda: self.settings)

    async def submit(self, **spec: object) -> Job:
        now = wall_clock()
        whole = JobSpec.model_validate({"name": "x", "group": "g", "command": "true"} | spec)
        job, _ = await self.store.add(Job(new_job_id(now), UserName("bob"), whole, Resources(cpu=1000), now))
        return job

    async def job(self, id: JobId) -> Job:
        found = await self.store.get(id)
        assert found
        return found

    async def until(self, id: JobId, phase: Phase, reason: Reason | None = None) -> Job:
        async def reached() -> Job | None:
            job = await self.job(id)
            return job if job.phase is phase and reason in (None, job.reason) else None

        return await eventually(reached)

    async def said(self, id: JobId, message: str) -> None:
        async def reached() -> bool:
            return (await self.job(id)).message == message

        await eventually(reached)

    async def intend(self, id: JobId, intent: Intent) -> None:
        """Write the intent, as the use case does."""
        while True:
            job = await self.job(id)
            (stored,) = await self.store.save([(job, replace(job, intent=intent, intent_by="bob"))])
            if isinstance(stored, Job):
                return

    async def launches(self, number: int) -> list[TaskKey]:
        async def enough() -> list[TaskKey] | None:
            return [x.key for x in self.engine.launched] if len(self.engine.launched) >= number else None

        return await eventually(enough)


async def eventually(look: Callable[[], Awaitable[object]]):
    async with asyncio.timeout(5) if hasattr(asyncio, "timeout") else _no_limit():
        while not (found := await look()):
            await asyncio.sleep(0.005)
        return found


@asynccontextmanager
async def _no_limit() -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def world(
    folder: Path, engine: ScriptedEngine | None = None, cpu: int = 2000, **more
) -> AsyncIterator[World]:
    catalog = Catalog({"g": Group("g", quota=Quota(cpu=cpu))}, {}, {})
    here = World(folder, engine or ScriptedEngine(), Settings(catalog, **more))
    await here.store.open()
    await here.dispatcher.open()
    try:
        yield here
    finally:
        await here.dispatcher.close()
        await here.store.close()


def test_a_job_runs_through_its_phases(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as w:
            job = await w.submit()
            (key,) = await w.launches(1)
            assert key == TaskKey(job.id, 1)
            assert (await w.job(job.id)).hold == Resources(cpu=1000)
            w.engine.starts(key)
            await w.until(job.id, Phase.RUNNING)
            w.engine.ends(key)
            done = await w.until(job.id, Phase.SUCCEEDED)
            assert (done.exit_code, done.hold) == (0, None)
            assert w.dispatcher.idle
            info = w.archive.logs.info(key)
            assert info
            assert info.sealed
            phases = [event.phase.value for event in await w.store.timeline(job.id)]
            assert phases == ["Pending", "Preparing", "Running", "Succeeded"]

    asyncio.run(scenario())


def test_an_engine_can_see_which_jobs_are_over(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, cpu=1000) as w:
            first, second = await w.submit(), await w.submit()
            (key,) = await w.launches(1)
            assert not w.engine.over(first.id)
            assert not w.engine.over(second.id)
            w.engine.ends(key)
            await w.until(first.id, Phase.SUCCEEDED)
            await w.launches(2)
            assert w.engine.over(first.id)
            assert not w.engine.over(second.id)
            assert w.engine.over(JobId("job-unknown"))

    asyncio.run(scenario())


def test_the_queue_waits_for_its_quota_and_says_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, cpu=1000) as w:
            first, second, third = [await w.submit() for _ in range(3)]
            (key,) = await w.launches(1)
            block, place = w.dispatcher.why(await w.job(second.id))
            assert block
            assert (block.reason, place) == (Reason.QUOTA, 1)
            block, place = w.dispatcher.why(await w.job(third.id))
            assert block
            assert second.id in block.message
            assert place == 2
            w.engine.ends(key)
            await w.until(first.id, Phase.SUCCEEDED)
            assert [k.job for k in await w.launches(2)] == [first.id, second.id]

    asyncio.run(scenario())


def test_cancel_halts_and_waits_for_the_engine(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as w:
            job = await w.submit()
            (key,) = await w.launches(1)
            w.engine.starts(key)
            await w.until(job.id, Phase.RUNNING)
            await w.intend(job.id, Intent.CANCEL)
            await w.until(job.id, Phase.RUNNING, Reason.CANCELLING)
            await eventually(_has(w.engine.halted, key))
            w.engine.ends(key, 143, Reason.HALTED)
            await w.until(job.id, Phase.CANCELLED)

    asyncio.run(scenario())


def test_a_restart_launches_again_what_was_placed_and_halts_what_was_being_ended(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as w:
            runs, ending = await w.submit(), await w.submit()
            for key in await w.launches(2):
                w.engine.starts(key)
            await w.until(runs.id, Phase.RUNNING)
            await w.until(ending.id, Phase.RUNNING)
            await w.intend(ending.id, Intent.CANCEL)
            await w.until(ending.id, Phase.RUNNING, Reason.CANCELLING)
        async with world(tmp_path) as w:
            keys = await w.launches(2)
            assert {key.attempt for key in keys} == {1}
            assert all(launch.started for launch in w.engine.launched)
            key = TaskKey(ending.id, 1)
            await eventually(_has(w.engine.halted, key))
            assert w.dispatcher.held.total == Resources(cpu=2000)
            w.engine.ends(TaskKey(runs.id, 1), 5, Reason.ERROR)
            assert (await w.until(runs.id, Phase.FAILED)).exit_code == 5

    asyncio.run(scenario())


def test_what_runs_is_taken_over_when_its_image_is_gone(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as w:
            images = {"torch": Image("torch", "/opt/torch")}
            w.settings = replace(w.settings, catalog=replace(w.settings.catalog, images=images))
            job = await w.submit(image="torch")
            (key,) = await w.launches(1)
            w.engine.starts(key)
            await w.until(job.id, Phase.RUNNING)
        async with world(tmp_path) as w:
            assert await w.launches(1) == [key]
            w.engine.ends(key)
            await w.until(job.id, Phase.SUCCEEDED)

    asyncio.run(scenario())


def test_an_intent_written_while_nobody_looked_is_acted_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, cpu=0) as w:
            job = await w.submit()
        store = SqlStore(f"sqlite:///{tmp_path / 'jobsub.db'}")
        await store.open()
        kept = await store.get(job.id)
        assert kept
        await store.save([(kept, replace(kept, intent=Intent.CANCEL))])
        await store.close()
        async with world(tmp_path) as w:
            await w.until(job.id, Phase.CANCELLED)
            assert w.engine.launched == []

    asyncio.run(scenario())


def test_a_launch_that_can_never_work_fails_the_job_with_the_engines_words(tmp_path: Path) -> None:
    async def scenario() -> None:
        engine = ScriptedEngine()
        engine.refuses = EngineError("the working directory /nowhere is not there")
        async with world(tmp_path, engine) as w:
            job = await w.submit()
            failed = await w.until(job.id, Phase.FAILED)
            assert (failed.reason, failed.hold) == (Reason.LAUNCH_FAILED, None)
            assert "/nowhere" in failed.message

    asyncio.run(scenario())


def test_a_job_that_does_not_start_goes_back_and_blocks_nobody(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, cpu=1000, start_timeout=0.05) as w:
            stuck, next_one = await w.submit(), await w.submit()
            (key,) = await w.launches(1)
            w.engine.observe(Waiting(key, "no node fits"))
            await eventually(_has(w.engine.halted, key))
            w.engine.ends(key, 143, Reason.HALTED)
            back = await w.until(stuck.id, Phase.PENDING, Reason.BACK_OFF)
            assert (back.message, back.requeues, back.failures) == ("no node fits", 1, 0)
            assert (await w.launches(2))[1].job == next_one.id

    asyncio.run(scenario())


def test_an_image_that_is_being_pulled_has_the_time_that_takes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, cpu=1000, start_timeout=3600, pull_timeout=0.05) as w:
            job = await w.submit()
            (key,) = await w.launches(1)
            w.engine.observe(Waiting(key, "no node fits"))
            await w.said(job.id, "no node fits")
            assert w.engine.halted == []
            w.engine.observe(Waiting(replace(key, attempt=7), "another attempt's", pulling=True))
            w.engine.observe(Waiting(key, "pulling the image", pulling=True))
            await eventually(_has(w.engine.halted, key))

    asyncio.run(scenario())


def test_what_has_time_to_pull_its_image_is_not_bound_to_start_sooner(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, start_timeout=0.3, pull_timeout=3600) as w:
            pulls, waits = await w.submit(), await w.submit()
            keys = await w.launches(2)
            w.engine.observe(Waiting(TaskKey(pulls.id, 1), "pulling the image", pulling=True))
            await eventually(_has(w.engine.halted, TaskKey(waits.id, 1)))
            assert w.engine.halted == [TaskKey(waits.id, 1)]
            w.engine.starts(TaskKey(pulls.id, 1))
            await w.until(pulls.id, Phase.RUNNING)
            assert len(keys) == 2

    asyncio.run(scenario())


def test_what_is_to_be_done_is_done_side_by_side_and_for_one_task_in_order(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, cpu=3000) as w:
            w.engine.may_launch.clear()
            jobs = [await w.submit() for _ in range(3)]
            keys = await w.launches(2)
            await w.intend(keys[0].job, Intent.CANCEL)
            await w.until(keys[0].job, Phase.PREPARING, Reason.CANCELLING)
            assert len(w.engine.launched) == w.engine.parallel
            assert w.engine.halted == []
            w.engine.may_launch.set()
            await eventually(_has(w.engine.halted, keys[0]))
            assert {key.job for key in await w.launches(3)} == {job.id for job in jobs}

    asyncio.run(scenario())


def test_what_the_engine_can_not_do_now_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "RETRY", 0.01)

    async def scenario() -> None:
        engine = ScriptedEngine()
        engine.refuses = EngineUnavailable("the cluster does not answer")
        async with world(tmp_path, engine) as w:
            job = await w.submit()
            await w.launches(3)
            assert (await w.job(job.id)).phase is Phase.PREPARING
            engine.refuses = None
            w.engine.starts(TaskKey(job.id, 1))
            await w.until(job.id, Phase.RUNNING)

    asyncio.run(scenario())


def test_who_does_not_answer_is_asked_ever_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def at_once(self: actions.Actions, key: TaskKey, action: actions.Action, pause: float) -> None:
        pauses.append(pause)
        if len(pauses) == 6:
            engine.refuses = None
        self._put(key, action)

    monkeypatch.setattr(actions.Actions, "_again", at_once)
    engine = ScriptedEngine()
    engine.refuses = EngineUnavailable("the cluster does not answer")

    async def scenario() -> None:
        async with world(tmp_path, engine) as w:
            job = await w.submit()
            await w.launches(7)
            assert pauses == [1, 2, 4, 8, 15, 15]
            engine.cannot_halt = engine.refuses = EngineUnavailable("the cluster does not answer again")
            monkeypatch.setattr(actions.Actions, "_again", lambda *told: pauses.append(told[-1]))
            await w.intend(job.id, Intent.CANCEL)
            await eventually(_has(engine.halted, TaskKey(job.id, 1)))
            assert pauses[-1] == 1

    asyncio.run(scenario())


def test_an_engine_that_never_answers_keeps_nobody_from_closing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "CLOSING", 0.01)

    async def scenario() -> None:
        engine = ScriptedEngine()
        engine.may_launch.clear()
        async with world(tmp_path, engine) as w:
            await w.submit()
            await w.launches(1)
            await asyncio.wait_for(w.dispatcher.close(), 30)

    asyncio.run(scenario())


def test_what_is_cancelled_before_it_could_be_launched_is_not_wanted_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "RETRY", 0.01)

    async def scenario() -> None:
        engine = ScriptedEngine()
        engine.refuses = EngineUnavailable("the cluster does not answer")
        async with world(tmp_path, engine) as w:
            job = await w.submit()
            await w.launches(2)
            engine.cannot_halt = engine.refuses
            await w.intend(job.id, Intent.CANCEL)
            await eventually(_has(engine.halted, TaskKey(job.id, 1)))
            before = len(engine.launched)
            await w.launches(before + 2)
            assert not any(launch.wanted for launch in engine.launched[before + 1 :])
            engine.refuses = engine.cannot_halt = None
            w.engine.ends(TaskKey(job.id, 1), None, Reason.HALTED)
            await w.until(job.id, Phase.CANCELLED)

    asyncio.run(scenario())


def test_an_engine_that_is_away_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "PAUSE", 0.01)

    async def scenario() -> None:
        async with world(tmp_path) as w:
            runs = await w.submit()
            (key,) = await w.launches(1)
            w.engine.starts(key)
            await w.until(runs.id, Phase.RUNNING)
        engine = ScriptedEngine()
        engine.away = "the cluster does not answer"
        async with world(tmp_path, engine) as w:
            waits = await w.submit()
            ended = await w.submit()
            block, place = w.dispatcher.why(waits)
            assert block
            assert (block.reason, block.message, place) == (Reason.UNAVAILABLE, engine.away, 1)
            await w.intend(ended.id, Intent.CANCEL)
            await w.until(ended.id, Phase.CANCELLED)
            await w.intend(runs.id, Intent.CANCEL)
            await w.until(runs.id, Phase.RUNNING, Reason.CANCELLING)
            assert (w.engine.launched, w.engine.halted) == ([], [])
            assert "sample" not in w.dispatcher._timers
            engine.away = ""
            assert {key.job for key in await w.launches(2)} == {runs.id, waits.id}
            assert {launch.key.job: launch.started for launch in w.engine.launched}[runs.id]
            await eventually(_has(w.engine.halted, key))
            assert w.engine.halted == [key]
            w.engine.ends(key, 143, Reason.HALTED)
            await w.until(runs.id, Phase.CANCELLED)

    asyncio.run(scenario())


def test_a_service_ends_while_its_engine_is_away(tmp_path: Path) -> None:
    async def scenario() -> None:
        engine = ScriptedEngine()
        engine.away = "the cluster does not answer"
        async with world(tmp_path, engine) as w:
            await w.submit()
        assert engine.launched == []

    asyncio.run(scenario())


def test_a_task_is_settled_once_its_end_is_stored(tmp_path: Path) -> None:
    async def scenario() -> None:
        roles = [{"name": "w", "tasks": 2, "command": "true"}]
        async with world(tmp_path) as w:
            gang = await w.submit(command=None, task_roles=roles)
            first, second = await w.launches(2)
            w.engine.ends(first)
            await eventually(_has(w.engine.settles, first))
            assert {task.finished_at is None for task in (await w.job(gang.id)).tasks} == {True, False}
            assert w.engine.settles == [first]
        async with world(tmp_path) as w:  # a crash may have come between
            await eventually(_has(w.engine.settles, first))
            w.engine.ends(second)
            await w.until(gang.id, Phase.SUCCEEDED)
            await eventually(_has(w.engine.settles, second))

    asyncio.run(scenario())


def test_what_was_lost_of_a_task_is_said_and_stored(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as w:
            job = await w.submit()
            (key,) = await w.launches(1)
            w.engine.observe(Ended(key, wall_clock(), 3, Reason.ERROR, "no luck", note="a line was lost"))
            failed = await w.until(job.id, Phase.FAILED)
            assert failed.message == "no luck; a line was lost"
            assert [task.note for task in failed.tasks] == ["a line was lost"]

    asyncio.run(scenario())


def test_draining_admits_nothing_until_it_ends(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as w:
            w.dispatcher.draining = True
            job = await w.submit()
            await asyncio.sleep(0.05)
            assert w.engine.launched == []
            block, _ = w.dispatcher.why(await w.job(job.id))
            assert block
            assert block.reason is Reason.DRAINING
            w.dispatcher.draining = False
            w.dispatcher.wake()
            await w.launches(1)

    asyncio.run(scenario())


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.PREPARING, Phase.RUNNING, Phase.SUCCEEDED])
def test_a_commit_whose_end_was_not_known_is_acted_on(tmp_path: Path, phase: Phase) -> None:
    """The database has stored it, and its acknowledgement was lost for longer than anyone waits."""

    async def scenario() -> None:
        async with world(tmp_path) as w:
            database, lost = w.store._database, []

            async def run(work: Callable[[], object]) -> object:
                answer = await type(database).run(database, work)
                stored = database.read.exec_driver_sql(f"SELECT id FROM jobs WHERE phase = '{phase.value}'")
                if not lost and (row := stored.first()):
                    lost.append(row.id)
                    raise CommitInDoubt("the server does not answer")
                return answer

            database.run = run
            with suppress(CommitInDoubt):
                await w.submit()
            (key,) = await w.launches(1)
            w.engine.starts(key)
            await w.until(key.job, Phase.RUNNING)
            w.engine.ends(key)
            await w.until(key.job, Phase.SUCCEEDED)
            assert lost == [key.job]
            assert len(w.engine.launched) == 1
            assert [count.jobs for count in await w.store.counts()] == [1]
            await eventually(_idle(w.dispatcher))

    asyncio.run(scenario())


def test_a_retry_is_a_new_attempt(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as w:
            job = await w.submit(retries=1)
            (first,) = await w.launches(1)
            w.engine.ends(first, 1, Reason.ERROR)
            second = (await w.launches(2))[1]
            assert second.attempt == 2
            w.engine.ends(second)
            done = await w.until(job.id, Phase.SUCCEEDED)
            assert (done.attempt, done.failures) == (2, 1)

    asyncio.run(scenario())


def test_expired_logs_go_and_the_job_stays(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as w:
            job = await w.submit(ttl_seconds=0)
            (key,) = await w.launches(1)
            w.engine.ends(key)

            async def expired() -> bool:
                return (await w.job(job.id)).log_expired

            await eventually(expired)
            assert w.archive.logs.info(key) is None

    asyncio.run(scenario())


def refusing(monkeypatch: pytest.MonkeyPatch, part: type, what: str, error: OSError) -> set[JobId]:
    """Have something fail in a part of the archive for the jobs that are in the set."""
    jobs: set[JobId] = set()
    do = getattr(part, what)

    def fail(archive: object, of: JobId | TaskKey, *more: object) -> object:
        if (of.job if isinstance(of, TaskKey) else of) in jobs:
            raise error
        return do(archive, of, *more)

    monkeypatch.setattr(part, what, fail)
    return jobs


def test_a_job_of_which_nothing_can_be_said_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "RETRY", 0.05)
    broken: set[JobId] = set()
    observed = lifecycle.observed

    def fail(job: Job, fact: Observation, now: Micros) -> Job:
        if job.id in broken:
            raise ValueError("nobody thought of that")
        return observed(job, fact, now)

    monkeypatch.setattr(lifecycle, "observed", fail)

    async def scenario() -> None:
        async with world(tmp_path) as w:
            one, other = await w.submit(), await w.submit()
            broken.add(one.id)
            for key in await w.launches(2):
                w.engine.ends(key)
            await w.until(other.id, Phase.SUCCEEDED)
            assert not (await w.job(one.id)).phase.final
            broken.clear()
            await w.until(one.id, Phase.SUCCEEDED)

    asyncio.run(scenario())


def test_a_log_that_can_not_be_removed_is_not_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "RETRY", 0.05)
    refused = refusing(monkeypatch, Archive, "_remove", PermissionError(1, "Operation not permitted"))

    async def scenario() -> None:
        async with world(tmp_path) as w:
            stuck, other = await w.submit(ttl_seconds=0), await w.submit(ttl_seconds=0)
            refused.add(stuck.id)

            async def expired(job: Job) -> bool:
                return (await w.job(job.id)).log_expired

            for key in await w.launches(2):
                w.engine.ends(key)
            await eventually(partial(expired, other))
            assert not await expired(stuck)
            refused.clear()
            await eventually(partial(expired, stuck))

    asyncio.run(scenario())


def test_a_log_is_kept_as_long_as_the_engine_keeps_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "RETRY", 0.05)

    async def scenario() -> None:
        async with world(tmp_path) as w:
            stuck, other = await w.submit(ttl_seconds=0), await w.submit(ttl_seconds=0)
            w.engine.keeps.add(stuck.id)

            async def expired(job: Job) -> bool:
                return (await w.job(job.id)).log_expired

            for key in await w.launches(2):
                w.engine.ends(key)
            await eventually(partial(expired, other))
            assert not await expired(stuck)
            assert w.archive.logs.info(TaskKey(stuck.id, 1)) is not None
            w.engine.keeps.clear()
            await eventually(partial(expired, stuck))

    asyncio.run(scenario())


def test_a_log_that_can_not_be_sealed_holds_up_its_own_job_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "RETRY", 0.05)
    full = refusing(monkeypatch, LogArchive, "seal", OSError(28, "No space left on device"))

    async def scenario() -> None:
        async with world(tmp_path) as w:
            stuck, other = await w.submit(), await w.submit()
            full.add(stuck.id)
            for key in await w.launches(2):
                w.engine.starts(key)
                w.engine.ends(key)
            await w.until(other.id, Phase.SUCCEEDED)
            assert (await w.job(stuck.id)).phase is Phase.RUNNING
            full.clear()
            await w.until(stuck.id, Phase.SUCCEEDED)

    asyncio.run(scenario())


@pytest.mark.parametrize("intent", [Intent.CANCEL, Intent.PAUSE])
def test_intents_that_race_with_moves_are_never_lost(tmp_path: Path, intent: Intent) -> None:
    async def scenario() -> None:
        async with world(tmp_path, cpu=100_000) as w:
            jobs = [await w.submit() for _ in range(20)]
            for i, job in enumerate(jobs):
                await asyncio.sleep(0 if i % 3 else 0.001)
                for key in [x.key for x in w.engine.launched]:
                    w.engine.starts(key)
                await w.intend(job.id, intent)

            wanted = Phase.CANCELLED if intent is Intent.CANCEL else Phase.PAUSED

            async def all_there() -> bool:
                for key in w.engine.halted:
                    w.engine.ends(key, 143, Reason.HALTED)
                return {(await w.job(job.id)).phase for job in jobs} == {wanted}

            async def nothing_held() -> bool:  # the row is stored before the loop takes it in
                return w.dispatcher.held.total == Resources()

            await eventually(all_there)
            await eventually(nothing_held)

    asyncio.run(scenario())


def _idle(dispatcher: Dispatcher) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return dispatcher.idle

    return look


def _has(keys: list[TaskKey], key: TaskKey) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return key in keys

    return look
