"""What jobs leave behind is sealed before their end is told, whichever way they end."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from jupyter_jobsub.archive import Archive, ArtifactArchive, ArtifactLimits
from jupyter_jobsub.dispatcher import expiry, sealing
from jupyter_jobsub.model.job import Intent, Job, JobId, Phase, Reason, TaskKey

from .test_dispatcher import ScriptedEngine, World, eventually, refusing, world

LIMITS = ArtifactLimits(files=2, bytes=100)
SAYS = "1 artifact was dropped (at most 2 files are kept): c"


def write(world: World, key: TaskKey, *names: str, log: str = "") -> None:
    """Do what the task does."""
    (launch,) = [launch for launch in world.engine.launched if launch.key == key]
    launch.log.write_text(log)
    launch.artifacts.mkdir(parents=True)
    for name in names:
        (launch.artifacts / name).write_text("x")


async def runs(world: World, *names: str, **spec: object) -> tuple[Job, TaskKey]:
    job = await world.submit(**spec)
    key = (await world.launches(1))[-1]
    write(world, key, *names, log="12345")
    world.engine.starts(key)
    return await world.until(job.id, Phase.RUNNING), key


def kept(world: World, key: TaskKey) -> list[str]:
    contents = world.archive.artifacts.contents(key.job, key.attempt, LIMITS)
    assert contents.complete
    return [item.path for item in contents.items]


@pytest.mark.parametrize(
    ("phase", "reason", "code"),
    [
        (Phase.SUCCEEDED, Reason.COMPLETED, 0),
        (Phase.FAILED, Reason.ERROR, 1),
        (Phase.FAILED, Reason.DEADLINE_EXCEEDED, 143),
        (Phase.FAILED, Reason.EXIT_UNKNOWN, None),
    ],
)
def test_whatever_the_end_it_says_what_is_kept(
    tmp_path: Path, phase: Phase, reason: Reason, code: int | None
) -> None:
    async def scenario() -> None:
        async with world(tmp_path, artifacts=LIMITS) as w:
            job, key = await runs(w, "a", "b", "c")
            w.engine.ends(key, code, reason)
            done = await w.until(job.id, phase)
            assert (done.message, done.kept_bytes) == (SAYS, 7)
            assert kept(w, key) == ["a", "b"]
            assert (await w.store.timeline(job.id))[-1].message == SAYS

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("intent", "phase", "says"),
    [(Intent.CANCEL, Phase.CANCELLED, "cancelled by bob"), (Intent.PAUSE, Phase.PAUSED, "paused by bob")],
)
def test_one_that_is_ended_keeps_its_artifacts(
    tmp_path: Path, intent: Intent, phase: Phase, says: str
) -> None:
    async def scenario() -> None:
        async with world(tmp_path, artifacts=LIMITS) as w:
            job, key = await runs(w, "a", "b", "c")
            await w.intend(job.id, intent)
            await eventually(partial(has, lambda: w.engine.halted))
            w.engine.ends(key, 143, Reason.HALTED)
            done = await w.until(job.id, phase)
            assert done.message == f"{says}; {SAYS}"
            assert done.kept_bytes == (7 if phase.final else None)
            assert kept(w, key) == ["a", "b"]

    asyncio.run(scenario())


async def has(look: Callable[[], object]) -> bool:
    return bool(look())


def test_each_attempt_keeps_its_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, artifacts=LIMITS) as w:
            job, first = await runs(w, "a", "b", "c", retries=1)
            w.engine.ends(first, 1, Reason.ERROR)
            second = (await w.launches(2))[-1]
            write(w, second, "d", log="123")
            w.engine.ends(second)
            done = await w.until(job.id, Phase.SUCCEEDED)
            assert (kept(w, first), kept(w, second)) == (["a", "b"], ["d"])
            assert (done.message, done.kept_bytes) == ("", 5 + 2 + 3 + 1)
            messages = [event.message for event in await w.store.timeline(job.id)]
            assert f"attempt 1 failed (exit code 1); retry 1 of 1; {SAYS}" in messages

    asyncio.run(scenario())


def test_one_that_is_cancelled_between_attempts_counts_what_there_is(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, artifacts=LIMITS) as w:
            job, key = await runs(w, "a", "b", "c")
            await w.intend(job.id, Intent.PAUSE)
            await eventually(partial(has, lambda: w.engine.halted))
            w.engine.ends(key, 143, Reason.HALTED)
            await w.until(job.id, Phase.PAUSED)
            await w.intend(job.id, Intent.CANCEL)
            done = await w.until(job.id, Phase.CANCELLED)
            assert (done.message, done.kept_bytes) == ("cancelled by bob", 7)

    asyncio.run(scenario())


def test_tasks_of_a_gang_have_a_folder_each_and_are_sealed_together(tmp_path: Path) -> None:
    roles = [{"name": "w", "tasks": 2, "command": "true"}]

    async def scenario() -> None:
        async with world(tmp_path, artifacts=LIMITS) as w:
            job = await w.submit(command=None, task_roles=roles)
            for key in await w.launches(2):
                write(w, key, "a", "b")
                w.engine.starts(key)
                w.engine.ends(key)
            await w.until(job.id, Phase.SUCCEEDED)
            assert kept(w, key) == ["w-0/a", "w-0/b"]

    asyncio.run(scenario())


def test_a_job_without_artifacts_needs_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing.Sealing, "_begin", None)

    async def scenario() -> None:
        async with world(tmp_path) as w:
            job, key = await runs(w)
            w.engine.ends(key)
            done = await w.until(job.id, Phase.SUCCEEDED)
            assert (done.message, done.kept_bytes) == ("", 5)
            never = await w.submit()
            await w.intend(never.id, Intent.CANCEL)
            w.engine.ends(TaskKey(never.id, 1), 143, Reason.HALTED)
            assert (await w.until(never.id, Phase.CANCELLED)).kept_bytes == 0

    asyncio.run(scenario())


def test_the_end_is_told_when_all_is_sealed_and_others_do_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, seal = threading.Event(), ArtifactArchive.seal

    def slow(archive: ArtifactArchive, *attempt: object) -> object:
        assert threading.current_thread() is not threading.main_thread()
        assert go_on.wait(30)
        return seal(archive, *attempt)  # type: ignore[arg-type]

    monkeypatch.setattr(ArtifactArchive, "seal", slow)

    async def scenario() -> None:
        async with world(tmp_path) as w:
            job, key = await runs(w, "a")
            w.engine.ends(key)
            other = await w.submit()
            last = (await w.launches(2))[-1]
            w.engine.ends(last)
            await w.until(other.id, Phase.SUCCEEDED)
            assert (await w.job(job.id)).phase is Phase.RUNNING
            await w.intend(job.id, Intent.CANCEL)  # what comes meanwhile is not lost
            go_on.set()
            done = await w.until(job.id, Phase.SUCCEEDED)
            assert done.intent is Intent.CANCEL
            assert w.dispatcher.held.total.cpu == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), OSError(5, "Input/output error")])
def test_artifacts_that_can_not_be_sealed_hold_up_their_own_job_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    monkeypatch.setattr(sealing, "RETRY", 0.05)
    full = refusing(monkeypatch, ArtifactArchive, "seal", error)

    async def scenario() -> None:
        async with world(tmp_path, artifacts=LIMITS) as w:
            job, key = await runs(w, "a", "b", "c")
            full.add(job.id)
            w.engine.ends(key)
            other = await w.submit()
            w.engine.ends((await w.launches(2))[-1])
            await w.until(other.id, Phase.SUCCEEDED)
            assert (await w.job(job.id)).phase is Phase.RUNNING
            full.clear()
            assert (await w.until(job.id, Phase.SUCCEEDED)).message == SAYS

    asyncio.run(scenario())


def test_what_nobody_thought_of_does_not_keep_a_job_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = refusing(monkeypatch, ArtifactArchive, "seal", RecursionError())  # type: ignore[arg-type]

    async def scenario() -> None:
        async with world(tmp_path) as w:
            job, key = await runs(w, "a")
            broken.add(job.id)
            w.engine.ends(key)
            assert (await w.until(job.id, Phase.SUCCEEDED)).message == sealing.UNSEALED

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "name", ["x.artifacts.json", "1.artifacts.json", "1.main.0.log.gap", "1.main.0.metrics"]
)
@pytest.mark.parametrize("fifo", [True, False])
def test_what_a_job_puts_beside_its_artifacts_holds_up_nobody(tmp_path: Path, name: str, fifo: bool) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as w:
            job, key = await runs(w)
            path = w.archive.artifacts.folder(job.id, 1).parent / name
            if fifo:
                os.mkfifo(path)
            else:
                path.write_text('{"bytes": 100000000000000000000000000000000}')
            w.engine.ends(key)
            done = await w.until(job.id, Phase.SUCCEEDED)
            assert done.message == ""
            assert (done.kept_bytes or 0) < 100

    asyncio.run(scenario())


def test_many_files_in_a_jobs_folder_are_counted_in_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = Archive.size

    def counted(archive: Archive, job: JobId) -> int:
        assert threading.current_thread() is not threading.main_thread()
        return size(archive, job)

    async def scenario() -> None:
        async with world(tmp_path) as w:
            job, key = await runs(w)
            for number in range(100):
                (w.archive.root / job.id / str(number)).write_text("x")
            monkeypatch.setattr(Archive, "size", counted)
            w.engine.ends(key)
            assert (await w.until(job.id, Phase.SUCCEEDED)).kept_bytes == 105

    asyncio.run(scenario())


def test_what_was_found_is_forgotten_once_it_is_stored(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, artifacts=LIMITS) as w:
            job, key = await runs(w, "a")
            w.engine.ends(key)
            await w.until(job.id, Phase.SUCCEEDED)
            await eventually(partial(has, lambda: not w.dispatcher._sealing._kept))

    asyncio.run(scenario())


def test_a_service_killed_after_sealing_says_the_same_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def first() -> TaskKey:
        async with world(tmp_path, artifacts=LIMITS) as w:
            _, key = await runs(w, "a", "b", "c")
            sealed = asyncio.Event()
            loop, seal = asyncio.get_running_loop(), sealing.Sealing._seal

            def seal_and_tell(self: sealing.Sealing, *attempt: object) -> object:
                found = seal(self, *attempt)  # type: ignore[arg-type]
                loop.call_soon_threadsafe(sealed.set)
                return found

            monkeypatch.setattr(sealing.Sealing, "_seal", seal_and_tell)
            monkeypatch.setattr(sealing.Sealing, "_done", lambda *_: None)  # it is not told any more
            w.engine.ends(key)
            await asyncio.wait_for(sealed.wait(), 30)
            return key

    async def second(key: TaskKey) -> None:
        engine = ScriptedEngine()
        async with world(tmp_path, engine, artifacts=ArtifactLimits(1, 1)) as w:
            await w.launches(1)
            engine.ends(key)
            done = await w.until(key.job, Phase.SUCCEEDED)
            assert (done.message, done.kept_bytes) == (SAYS, 7)

    key = asyncio.run(first())
    monkeypatch.undo()
    asyncio.run(second(key))


def test_what_has_expired_takes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as w:
            job, key = await runs(w, "a", ttl_seconds=0)
            w.engine.ends(key)

            async def expired() -> bool:
                return (await w.job(job.id)).log_expired

            await eventually(expired)
            assert (await w.job(job.id)).kept_bytes == 0
            assert [count.bytes for count in await w.store.counts()] == [0]
            assert list(w.archive.root.iterdir()) == []

    asyncio.run(scenario())


def test_what_expired_while_nobody_was_there_holds_up_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, remove = threading.Event(), Archive._remove

    def slow(archive: Archive, job: JobId) -> None:
        assert go_on.wait(30)
        remove(archive, job)

    async def first() -> JobId:
        async with world(tmp_path) as w:
            job, key = await runs(w, "a", ttl_seconds=0)
            w.engine.ends(key)
            await w.until(job.id, Phase.SUCCEEDED)
            return job.id

    async def second(id: JobId) -> None:
        async with world(tmp_path) as w:
            other, key = await runs(w)
            w.engine.ends(key)
            await w.until(other.id, Phase.SUCCEEDED)
            assert not (await w.job(id)).log_expired
            go_on.set()

            async def expired() -> bool:
                return (await w.job(id)).log_expired

            await eventually(expired)

    with monkeypatch.context() as patch:
        patch.setattr(expiry.Expiry, "ended", lambda *_: None)
        id = asyncio.run(first())
    monkeypatch.setattr(Archive, "_remove", slow)
    try:
        asyncio.run(second(id))
    finally:
        go_on.set()
