"""What readers are told of jobs that change, with a commit and without one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_jobsub.archive import LogArchive
from jupyter_jobsub.model.job import Job, JobId, Micros, Phase
from jupyter_jobsub.model.progress import Progress
from jupyter_jobsub.service.hub import BACKLOG, Subscription
from jupyter_jobsub.service.live import Live, progress_log
from jupyter_jobsub.store.base import Committed
from tests.store.conftest import make_job

PACE = 0.001


STARTED = Micros(10**15)


def a_job(id: str = "job-1") -> Job:
    return make_job(1, id=JobId(id), phase=Phase.RUNNING, attempt=1, started_at=STARTED)


def after(seconds: float) -> Micros:
    return Micros(STARTED + round(seconds * 1e6))


class Stage:
    """Running jobs with logs, and what changes of them."""

    def __init__(self, archive: LogArchive) -> None:
        self.archive = archive
        self.live = Live(archive)

    def run(self, job: Job) -> None:
        self.archive.prepare(progress_log(job))
        self.live.take(job)

    def report(self, job: Job, fraction: float) -> None:
        with open(self.archive.path(progress_log(job)), "ab") as log:
            log.write(b"\x1b]7717;%g;\x07" % fraction)

    def reader(self, *ids: str, pace: float = PACE) -> Subscription:
        reader = Subscription(lambda job: not ids or job.id in ids, pace)
        self.live.join(reader)
        return reader


def play(tmp_path: Path, scenario: Callable[[Stage], Awaitable[None]]) -> None:
    async def whole() -> None:
        archive = LogArchive(tmp_path)
        stage = Stage(archive)
        try:
            await asyncio.wait_for(scenario(stage), 10)
        finally:
            stage.live.close()
            archive.close()

    asyncio.run(whole())


async def next_id(reader: Subscription) -> str:
    change = await reader.next()
    assert change is not None
    assert change.id is None
    return change.job.id


def test_commits_come_first_and_say_what_else_waited() -> None:
    async def scenario() -> None:
        one, two = a_job("one"), a_job("two")
        reader = Subscription(lambda job: True, PACE)
        for job in (one, two, one):
            reader.tell(job)
        reader.put(Committed(replace(one, version=2)))
        first, second = await reader.next(), await reader.next()
        assert first
        assert second
        assert (first.job.version, second.job.id) == (2, "two")
        with pytest.raises(asyncio.TimeoutError):
            await reader.next(0.001)

    asyncio.run(scenario())


def test_a_reader_that_is_too_slow_is_ended() -> None:
    async def scenario() -> None:
        reader = Subscription(lambda job: True)
        for _ in range(BACKLOG + 5):
            reader.put(Committed(a_job()))
        for _ in range(BACKLOG):
            assert await reader.next()
        assert await reader.next() is None

    asyncio.run(scenario())


def test_a_change_of_progress_is_told_to_those_who_see_the_job(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        job = a_job()
        stage.run(job)
        sees, sees_not = stage.reader("job-1"), stage.reader("job-2")
        stage.report(job, 0.5)
        assert await next_id(sees) == "job-1"
        with pytest.raises(asyncio.TimeoutError):
            await sees_not.next(0.001)

    play(tmp_path, scenario)


def test_a_job_that_begins_to_run_is_watched(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        reader, job = stage.reader(), a_job()
        stage.run(job)
        stage.report(job, 0.5)
        assert await next_id(reader) == "job-1"

    play(tmp_path, scenario)


def test_what_comes_during_the_pause_is_told_after_it(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        job = a_job()
        stage.run(job)
        reader = stage.reader(pace=0.05)
        stage.report(job, 0.1)
        await next_id(reader)
        for fraction in (0.2, 0.3, 0.4):
            stage.report(job, fraction)
        await next_id(reader)
        with pytest.raises(asyncio.TimeoutError):
            await reader.next(0.2)  # three changes, told as one

    play(tmp_path, scenario)


def test_text_without_progress_is_no_news(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        job = a_job()
        stage.run(job)
        reader = stage.reader()
        with open(stage.archive.path(progress_log(job)), "ab") as log:
            log.write(b"text\n")
        with pytest.raises(asyncio.TimeoutError):
            await reader.next(0.05)

    play(tmp_path, scenario)


def test_other_news_are_told_too(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        for id in ("one", "two"):
            stage.run(a_job(id))
        reader = stage.reader()
        stage.live.touch(["two"])
        assert await next_id(reader) == "two"

    play(tmp_path, scenario)


def test_nobody_looks_at_what_nobody_reads_or_does_not_run(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        before = len(asyncio.all_tasks())
        job = a_job()
        stage.run(job)
        assert len(asyncio.all_tasks()) == before
        first, second = stage.reader(), stage.reader()
        assert len(asyncio.all_tasks()) == before + 1
        stage.live.leave(first)
        assert len(asyncio.all_tasks()) == before + 1
        stage.live.leave(second)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == before
        stage.live.join(first)
        stage.live.take(replace(job, phase=Phase.SUCCEEDED))
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == before
        assert not stage.live.running

    play(tmp_path, scenario)


def test_who_comes_late_is_shown_what_runs(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        for id in ("one", "two"):
            stage.run(a_job(id))
        reader = stage.reader("two")
        stage.live.show(reader)
        assert await next_id(reader) == "two"

    play(tmp_path, scenario)


def test_what_is_left_is_counted_from_when_a_fraction_was_reached(tmp_path: Path) -> None:
    async def scenario(stage: Stage) -> None:
        job = a_job()
        stage.run(job)
        assert stage.live.progress(job, after(1)) is None
        stage.report(job, 0.25)
        assert stage.live.progress(job, after(10)) == (Progress(0.25), 30)
        assert stage.live.progress(job, after(30)) == (Progress(0.25), 10)
        assert stage.live.progress(job, after(50)) == (Progress(0.25), None)
        stage.report(job, 0.5)
        assert stage.live.progress(job, after(60)) == (Progress(0.5), 60)
        stage.live.take(replace(job, phase=Phase.PENDING, started_at=None))
        again = replace(job, attempt=2)
        stage.run(again)
        stage.report(again, 0.5)
        assert stage.live.progress(again, after(20)) == (Progress(0.5), 20)
        assert stage.live.progress(again, Micros(STARTED - 5)) == (Progress(0.5), 40)  # a clock set back

    play(tmp_path, scenario)
