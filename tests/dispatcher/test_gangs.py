"""A gang through the loop: halted when it is decided, also by a task that can't be launched or a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jupyter_jobsub.engines.base import Launch
from jupyter_jobsub.errors import EngineError
from jupyter_jobsub.model.job import Phase, Reason, TaskKey
from jupyter_jobsub.model.resources import Resources
from tests.dispatcher.test_dispatcher import ScriptedEngine, eventually, world

ROLES = [{"name": "a", "command": "x"}, {"name": "b", "tasks": 2, "command": "x", "min_succeeded": 1}]
GANG = {"command": None, "task_roles": ROLES}


class Choosy(ScriptedEngine):
    """Can't start tasks of one role."""

    async def launch(self, launch: Launch) -> None:
        await super().launch(launch)
        if launch.key.role == "b":
            raise EngineError("there is no place for b")


def test_if_one_task_can_not_be_launched_the_others_are_halted(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path, Choosy()) as w:
            job = await w.submit(**GANG)
            first = (await w.launches(1))[0]
            w.engine.starts(first)

            async def halted() -> bool:
                return first in w.engine.halted

            await eventually(halted)
            assert (await w.job(job.id)).reason is Reason.ENDING
            for key in w.engine.halted:
                w.engine.ends(key, 143, Reason.HALTED)
            done = await w.until(job.id, Phase.FAILED, Reason.LAUNCH_FAILED)
            assert done.message == "b 0: LaunchFailed: there is no place for b"
            assert w.dispatcher.held.total == Resources()

    asyncio.run(scenario())


def test_a_restart_goes_on_ending_what_was_decided(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with world(tmp_path) as w:
            job = await w.submit(**GANG)
            keys = await w.launches(3)
            assert [launch.resources for launch in w.engine.launched] == [Resources(cpu=1000)] * 3
            for key in keys:
                w.engine.starts(key)
            await w.until(job.id, Phase.RUNNING)
            w.engine.ends(TaskKey(job.id, 1, "b", 1))
            await w.until(job.id, Phase.RUNNING, Reason.ENDING)
        async with world(tmp_path) as w:
            left = {TaskKey(job.id, 1, "a"), TaskKey(job.id, 1, "b", 0)}

            async def halted() -> bool:
                return set(w.engine.halted) == left

            await eventually(halted)
            assert {launch.key for launch in w.engine.launched} == left
            for key in left:
                w.engine.ends(key, 143, Reason.HALTED)
            done = await w.until(job.id, Phase.SUCCEEDED, Reason.COMPLETED)
            assert (done.exit_code, w.dispatcher.held.total) == (0, Resources())

    asyncio.run(scenario())
