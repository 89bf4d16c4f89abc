"""What runs is looked at every ten seconds, what does not run costs nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_jobsub.archive import Archive
from jupyter_jobsub.dispatcher.sampler import Sampler
from jupyter_jobsub.dispatcher.timers import Timers
from jupyter_jobsub.model.job import Job, JobId, Micros, Phase, Task, TaskKey, UserName
from jupyter_jobsub.model.metrics import Gpu, Sample
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec
from tests.dispatcher.test_dispatcher import ScriptedEngine

NOON = 1_763_726_400  # seconds
KEY = TaskKey(JobId("job-1"), 1)


class Meter(ScriptedEngine):
    """Answers what the test says, and notes who was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.uses: dict[TaskKey, Sample] = {}
        self.asked: list[list[TaskKey]] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def sample(self, keys: Sequence[TaskKey]) -> Mapping[TaskKey, Sample]:
        self.asked.append(list(keys))
        await asyncio.sleep(0)
        self.meanwhile()
        return {key: self.uses[key] for key in keys if key in self.uses}


class ByHand(Timers):
    """Fires when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.due: dict[str, tuple[float, Callable[[], None]]] = {}

    def keep(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        self.due.setdefault(name, (seconds, call))

    def cancel(self, name: str) -> None:
        self.due.pop(name, None)


class World:
    def __init__(self, folder: Path) -> None:
        self.engine, self.timers, self.archive = Meter(), ByHand(), Archive(folder)
        self.placed: dict[JobId, Job] = {}
        self.now = float(NOON)
        self.sampler = self.again()

    def again(self) -> Sampler:
        """Another sampler in the place of this one."""
        self.sampler = Sampler(
            self.engine, self.archive.metrics, lambda: self.at(0), self.timers, self.placed
        )
        return self.sampler

    def at(self, later: float) -> Micros:
        return Micros(round((self.now + later) * 1_000_000))

    def run(self, *keys: TaskKey, started: float = 0) -> Job:
        """Have tasks of one job run since some seconds ago."""
        tasks = tuple(Task(key, self.at(-started)) for key in keys)
        for key in keys:
            self.archive.logs.prepare(key)
        spec = JobSpec.model_validate({"command": "true"})
        job = Job(
            keys[0].job, UserName("ada"), spec, Resources(), self.at(0), phase=Phase.RUNNING, tasks=tasks
        )
        self.placed[job.id] = job
        self.sampler.begin()
        return job

    async def look(self, **figures: int | Sequence[Gpu]) -> None:
        """Let the time of the next look come; every task has used as much by then."""
        seconds, call = self.timers.due.pop("sample")
        self.now += seconds
        for job in self.placed.values():
            for task in job.tasks:
                self.engine.uses[task.key] = Sample(self.at(0), **figures)  # type: ignore[arg-type]
        call()
        await self.finish()

    async def finish(self) -> None:
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "sample"))

    def kept(self, figure: str, key: TaskKey = KEY) -> list[float | None]:
        series = self.archive.metrics.read(key, "15m", self.at(0))
        return list(series.figures[figure])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_look_falls_on_each_ten_seconds_of_the_clock(world: World) -> None:
    async def scenario() -> None:
        world.now = NOON + 3.25
        world.run(KEY)
        await world.look()
        assert world.now == NOON + 10
        world.now += 0.4  # it took as long
        for expected in (20, 30):
            await world.look()
            assert world.now == pytest.approx(NOON + expected)
        assert world.engine.asked == [[KEY]] * 3

    asyncio.run(scenario())


def test_a_look_that_would_come_at_once_comes_a_period_later(world: World) -> None:
    async def scenario() -> None:
        world.now = NOON + 9.9
        world.run(KEY)
        await world.look()
        assert world.now == pytest.approx(NOON + 20)

    asyncio.run(scenario())


def test_while_nothing_runs_there_is_no_timer(world: World) -> None:
    async def scenario() -> None:
        assert not world.timers.due
        job = world.run(KEY)
        await world.look(memory=1)
        assert world.sampler.usage(job.id)
        world.placed.clear()
        await world.look()
        assert not world.timers.due
        assert not world.sampler.usage(job.id)

    asyncio.run(scenario())


def test_while_nothing_has_started_the_engine_is_not_asked(world: World) -> None:
    async def scenario() -> None:
        job = world.run(KEY)
        world.placed[job.id] = replace(job, phase=Phase.PREPARING, tasks=(Task(KEY),))
        await world.look()
        assert world.engine.asked == []
        assert world.timers.due  # it goes on: the task may start at any moment

    asyncio.run(scenario())


def test_rates_begin_with_the_task(world: World) -> None:
    async def scenario() -> None:
        world.now = NOON + 2
        job = world.run(KEY)
        await world.look(cpu=4_000_000, memory=100, disk_write=800, network_sent=10**9)
        (first,) = world.sampler.usage(job.id)
        assert (first.cpu, first.memory, first.disk_write, first.network_sent) == (500, 100, 100, None)
        await world.look(cpu=24_000_000, memory=50, disk_write=1800, network_sent=10**9 + 70)
        (second,) = world.sampler.usage(job.id)
        assert (second.cpu, second.memory, second.disk_write, second.network_sent) == (2000, 50, 100, 7)
        assert second.at == world.at(0)
        assert world.kept("cpu") == [500, 2000]

    asyncio.run(scenario())


def test_what_was_taken_up_has_rates_from_its_second_look_on(world: World) -> None:
    async def scenario() -> None:
        job = world.run(KEY, started=3600)
        await world.look(cpu=3_600_000_000, memory=7)
        (first,) = world.sampler.usage(job.id)
        assert (first.cpu, first.memory) == (None, 7)
        await world.look(cpu=3_601_000_000, memory=7)
        (second,) = world.sampler.usage(job.id)
        assert second.cpu == 100

    asyncio.run(scenario())


def test_another_sampler_goes_on_with_the_series(world: World) -> None:
    async def scenario() -> None:
        world.run(KEY)
        for _ in range(3):
            await world.look(memory=1)
        world.again()
        world.timers.due.clear()
        world.now += 20  # the service was away
        world.sampler.begin()
        await world.look(memory=2)
        assert world.kept("memory") == [1, 1, 1, None, None, 2]

    asyncio.run(scenario())


def test_each_task_of_a_gang_has_its_own(world: World) -> None:
    async def scenario() -> None:
        keys = [TaskKey(KEY.job, 1, "worker", index) for index in range(3)]
        job = world.run(*keys)
        await world.look(memory=5)
        assert [one.memory for one in world.sampler.usage(job.id)] == [5, 5, 5]
        assert world.kept("memory", keys[2]) == [5]

    asyncio.run(scenario())


def test_listeners_hear_of_whom_there_is_news(world: World) -> None:
    async def scenario() -> None:
        heard: list[set[JobId]] = []

        def listen(ids: Iterable[JobId]) -> None:
            heard.append(set(ids))

        world.sampler.listeners.append(listen)
        world.run(KEY)
        other = TaskKey(JobId("job-2"), 1)
        world.run(other)
        world.engine.meanwhile = lambda: world.engine.uses.pop(other)  # it has ended, before its end was seen
        await world.look(memory=1)
        assert heard == [{KEY.job}]

    asyncio.run(scenario())


def test_writing_keeps_out_of_the_event_loop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    append = world.archive.metrics.append

    def note(*args: object) -> None:
        threads.append(threading.get_ident())
        append(*args)  # type: ignore[arg-type]

    async def scenario() -> None:
        monkeypatch.setattr(world.archive.metrics, "append", note)
        world.run(KEY)
        await world.look(memory=1)
        assert world.kept("memory") == [1]
        assert threads
        assert threading.get_ident() not in threads

    asyncio.run(scenario())


def test_a_full_disk_is_told_once_and_the_newest_is_known(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def scenario() -> None:
        job = world.run(KEY)
        with monkeypatch.context() as disk:
            disk.setattr(world.archive.metrics, "append", full)
            await world.look(memory=1)
            await world.look(memory=2)
        assert [one.memory for one in world.sampler.usage(job.id)] == [2]
        await world.look(memory=3)
        assert world.kept("memory") == [3]
        assert caplog.text.count("No space left on device") == 1

    asyncio.run(scenario())


def test_an_engine_that_fails_is_asked_again(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down() -> None:
        raise RuntimeError("no answer")

    async def scenario() -> None:
        job = world.run(KEY)
        world.engine.meanwhile = break_down
        await world.look(memory=1)
        world.engine.meanwhile = lambda: None
        await world.look(memory=2)
        assert [one.memory for one in world.sampler.usage(job.id)] == [2]
        assert "no answer" in caplog.text

    asyncio.run(scenario())


def test_many_jobs_are_told_bit_by_bit(world: World) -> None:
    async def scenario() -> None:
        heard: list[set[JobId]] = []
        turns: list[int] = []
        world.sampler.listeners.append(lambda ids: heard.append(set(ids)))

        def turn() -> None:
            turns.append(len(heard))
            asyncio.get_running_loop().call_soon(turn)

        turn()
        for number in range(120):
            world.run(TaskKey(JobId(f"job-{number}"), 1))
        await world.look(memory=1)
        assert [len(ids) for ids in heard] == [50, 50, 20]
        assert set.union(*heard) == set(world.placed)
        assert {1, 2} <= set(turns)  # others had their turn between

    asyncio.run(scenario())


def test_closing_waits_for_no_engine_and_begins_no_other_look(world: World) -> None:
    async def scenario() -> None:
        begun = asyncio.Event()

        async def never(keys: Sequence[TaskKey]) -> Mapping[TaskKey, Sample]:
            begun.set()
            await asyncio.Event().wait()
            return {}

        world.engine.sample = never  # type: ignore[method-assign]
        world.run(KEY)
        _, call = world.timers.due.pop("sample")
        call()
        await begun.wait()
        await world.sampler.close()
        assert not world.timers.due

    asyncio.run(scenario())
