from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from jupyter_jobsub.engines.local.aside import aside
from tests.engines.lab import Lab, scenario


def test_an_answer_comes_from_another_thread() -> None:
    async def ask() -> int:
        return await aside(threading.get_ident)

    assert asyncio.run(ask()) != threading.get_ident()


def test_an_error_comes_to_who_asked() -> None:
    async def ask() -> None:
        await aside(lambda: int("x"))

    with pytest.raises(ValueError, match="invalid literal"):
        asyncio.run(ask())


def test_one_that_is_not_waited_for_any_more_disturbs_nobody() -> None:
    async def ask() -> None:
        go, done = threading.Event(), threading.Event()

        def call() -> None:
            go.wait()
            done.set()

        task = asyncio.create_task(aside(call))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        go.set()
        await asyncio.to_thread(done.wait)
        await asyncio.sleep(0)

    asyncio.run(ask())


def test_a_process_ends_while_a_driver_does_not_answer() -> None:
    program = (
        "import asyncio, contextlib, threading\n"
        "from jupyter_jobsub.engines.local.aside import aside\n"
        "async def main():\n"
        "    with contextlib.suppress(asyncio.TimeoutError):\n"
        "        await asyncio.wait_for(aside(threading.Event().wait), 0.01)\n"
        "asyncio.run(main())\n"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0


@scenario
async def test_an_engine_closes_while_a_driver_does_not_answer(lab: Lab) -> None:
    begun, answers = threading.Event(), threading.Event()

    def look(_: object) -> dict[object, object]:
        begun.set()
        answers.wait()
        return {}

    lab.engine._meter.look = look  # type: ignore[attr-defined]
    look_at = asyncio.create_task(lab.engine.sample([]))
    await asyncio.to_thread(begun.wait)
    await lab.restart()
    assert not look_at.done()
    answers.set()
    assert await look_at == {}
