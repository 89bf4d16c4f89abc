"""A past: any number of jobs that have ended, made by the store's own insert and kept for the next run.

Who submits, what is named how and what ends how is chosen from a seed, in the same proportions
whatever the number: a few people and groups have most jobs, and a name is made of frequent and rare
words. Old logs are marked as removed, so that a service that opens the store has nothing to tidy up.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import random
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from jupyter_jobsub.model.job import Job, JobId, Micros, Phase, Reason, SweepId, UserName
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec
from jupyter_jobsub.store import schema
from jupyter_jobsub.store.rows import job_values
from jupyter_jobsub.store.sql import SqlStore

SECOND = 1_000_000
SPAN = 365 * 24 * 3600 * SECOND
FIRST = 1_764_000_000 * SECOND  # a store must have the same contents whenever it is made
AT_ONCE = 5_000
SWEEP_EVERY, SWEEP_JOBS = 1_000, 120
SWEEP = "sweep-20251124-00000000"  # the first, which any history has
USERS = [f"{name}{number}" for number in range(1, 11) for name in ("ada", "bo", "chen", "dev", "eve", "fay")]
MODELS = {  # what a group trains: a text may be frequent, and in one group alone
    "vision": ["resnet50", "yolo", "unet"],
    "language": ["bert-base", "gpt"],
    "default": ["resnet50", "gpt", "xgboost"],
    "robotics": ["policy", "unet"],
    "audio": ["wav2vec", "whisper"],
    "maps": ["graph"],
    "finance": ["xgboost"],
    "biology": ["folding", "diffusion"],
}
VERBS = ["train", "train", "train", "eval", "eval", "export", "preprocess"]
RARE = [f"trial-{word}" for word in ("amber", "basalt", "cobalt", "dune", "ember")]
ENDS = [
    *[(Phase.SUCCEEDED, Reason.COMPLETED, 0)] * 15,
    *[(Phase.FAILED, Reason.ERROR, 1)] * 3,
    *[(Phase.CANCELLED, Reason.CANCELLED, None)] * 2,
]


def stored(cache: Path, jobs: int) -> Path:
    """Answer the file of a store with so many jobs, made on first use; copy it before it is opened."""
    folder = cache / "bench-history" / _key()
    path = folder / f"{jobs}.db"
    if not path.exists():
        _remove_others(folder)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"making a history of {jobs:,} jobs, for this and later runs", file=sys.stderr)
        making = folder / f"making-{os.getpid()}.db"
        making.unlink(missing_ok=True)
        asyncio.run(fill(f"sqlite:///{making}", jobs))
        making.rename(path)
    return path


def _key() -> str:
    contents = [schema.FIRST["sqlite"], *map(job_values, history(100))]
    return hashlib.sha256(repr(contents).encode()).hexdigest()[:12]


def _remove_others(folder: Path) -> None:
    # those of earlier schemas are of no use any more
    for other in folder.parent.glob("*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


async def fill(url: str, jobs: int) -> None:
    """Insert so many jobs into an empty store."""
    store = SqlStore(url)
    await store.open()
    try:
        past = history(jobs)
        while piece := list(itertools.islice(past, AT_ONCE)):
            await store._writer.run(lambda batch, piece=piece: batch.insert(piece))  # type: ignore[misc]
    finally:
        await store.close()


def history(jobs: int, seed: int = 1) -> Iterator[Job]:
    """Choose the jobs, oldest first."""
    dice = random.Random(seed)
    people = _zipf(dice, USERS)
    groups = _zipf(dice, list(MODELS))
    for number in range(1, jobs + 1):
        queued_at = Micros(FIRST + SPAN * number // jobs + dice.randrange(SPAN // jobs // 2 or 1))
        place = number % SWEEP_EVERY
        if not 1 < place <= SWEEP_JOBS:  # else it is of the sweep that the job before belongs to
            user, group = next(people), next(groups)
        sweep = SweepId(f"{SWEEP[:-8]}{number // SWEEP_EVERY:08x}") if 1 <= place <= SWEEP_JOBS else None
        yield replace(_job(dice, number, user, group, queued_at), sweep=sweep)


def _job(dice: random.Random, number: int, user: str, group: str, queued_at: Micros) -> Job:
    phase, reason, code = dice.choice(ENDS)
    started = Micros(queued_at + dice.randrange(3600 * SECOND))
    return Job(
        id=JobId(f"job-{time.strftime('%Y%m%d', time.gmtime(queued_at / SECOND))}-{number:08x}"),
        user=UserName(user),
        spec=dice.choice(_specs(user, group)).model_copy(update={"name": _name(dice, group, number)}),
        request=Resources(1000 * dice.choice([1, 2, 4, 8]), 2**30 * dice.choice([2, 8, 32])),
        queued_at=queued_at,
        phase=phase,
        reason=reason,
        attempt=1,
        admitted_at=started,
        started_at=started,
        finished_at=Micros(started + dice.randrange(12 * 3600 * SECOND)),
        exit_code=code,
        log_expired=True,
        kept_bytes=0,
    )


@cache
def _specs(user: str, group: str) -> list[JobSpec]:
    """Some that a person submits again and again: validating each anew would take half the time."""
    return [
        JobSpec(
            group=group,
            instance_type=size,
            image="python3",
            command=f"python train.py --epochs {epochs} --rate 0.0003",
            working_dir=f"/home/{user}/work",
            priority=priority,
        )
        for size, epochs, priority in (("small", 1, 100), ("large", 90, 100), ("large", 300, 50))
    ]


def _name(dice: random.Random, group: str, number: int) -> str:
    words = [dice.choice(VERBS), dice.choice(MODELS[group])]
    words.append(f"lr{dice.randrange(1, 10)}e-{dice.randrange(2, 6)}")
    if dice.random() < 0.001:
        words.append(dice.choice(RARE))
    return f"{' '.join(words)} {number}"


def _zipf(dice: random.Random, names: list[str]) -> Iterator[str]:
    weights = list(itertools.accumulate(1 / rank for rank in range(1, len(names) + 1)))
    while True:
        yield from dice.choices(names, cum_weights=weights, k=1000)
