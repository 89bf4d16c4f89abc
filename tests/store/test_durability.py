"""What was answered is there after kill -9."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from jupyter_jobsub.model.job import JobId

from .conftest import Run, opened

ADD_FOR_EVER = """
import asyncio, itertools, sys
from jupyter_jobsub.model.job import Job
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec
from jupyter_jobsub.store.sql import SqlStore

async def add(store, numbers):
    for number in numbers:
        spec = JobSpec(name="durable", group="default", command="true")
        job = Job(id=f"job-{number}", user="alice", spec=spec, request=Resources(), queued_at=number)
        await store.add(job, snapshot=str(number % 7).encode())
        print(job.id, flush=True)

async def main():
    store = SqlStore(sys.argv[1])
    await store.open()
    numbers = itertools.count(1)
    await asyncio.gather(*(add(store, numbers) for _ in range(4)))

asyncio.run(main())
"""


def test_what_was_answered_is_there_after_a_kill(tmp_path: Path, run: Run) -> None:
    url = f"sqlite:///{tmp_path / 'jobsub.db'}"
    writer = subprocess.Popen([sys.executable, "-c", ADD_FOR_EVER, url], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    with writer, writer.stdout as answers:
        answered = [answers.readline().strip() for _ in range(200)]
        writer.kill()
        answered += [line.strip() for line in answers if line.endswith("\n")]
    store = opened(url, run)
    stored = run(store.unfinished())
    assert {JobId(id) for id in answered} <= {job.id for job in stored}
    assert [job.seq for job in stored] == list(range(1, len(stored) + 1))
    assert [count.jobs for count in run(store.counts())] == [len(stored)]
    assert run(store.last_event()) == len(stored)
    assert all(run(store.snapshot(job.snapshot or "")) is not None for job in stored)
    run(store.close())
