from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from jupyter_jobsub.model.job import Job, JobId, Micros, UserName
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec
from jupyter_jobsub.store import sqlite
from jupyter_jobsub.store.base import Store
from jupyter_jobsub.store.sql import SqlStore

T = TypeVar("T")
New = Callable[..., Job]
START = Micros(1_795_000_000_000_000)


class Clock:
    """A clock that only a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> Micros:
        return self.now


class Run:
    """Runs coroutines in one event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()

    def __call__(self, awaitable: Awaitable[T]) -> T:
        async def wait() -> T:
            return await awaitable

        return self.loop.run_until_complete(wait())

    def together(self, *awaitables: Awaitable[Any]) -> list[Any]:
        """Begin all in one turn of the loop; answer results and exceptions."""

        async def wait() -> list[Any]:
            return await asyncio.gather(*awaitables, return_exceptions=True)

        return self.loop.run_until_complete(wait())


def opened(url: str, run: Run, clock: Clock | None = None) -> Store:
    store = SqlStore(url, clock) if clock else SqlStore(url)
    run(store.open())
    return store


def add(store: Store, run: Run, job: Job, **options: Any) -> Job:
    stored, fresh = run(store.add(job, **options))
    assert fresh
    return stored


def save(store: Store, run: Run, old: Job, **changes: Any) -> Job:
    (stored,) = run(store.save([(old, replace(old, **changes))]))
    assert isinstance(stored, Job)
    return stored


@pytest.fixture
def run() -> Iterator[Run]:
    run = Run()
    yield run
    run.loop.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


DATABASES = ["sqlite", "postgresql"]


def new_url(database: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """Where a new store may be made; the server is started for those that ask for it."""
    if database == "postgresql":
        url: str = request.getfixturevalue("postgresql").new_database()
        return url
    return f"sqlite:///{folder / 'jobsub.db'}"


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where a new store may be made, in every database."""
    # kill -9 loses nothing of what the system was given: only a power cut needs the wait for the disk
    monkeypatch.setattr(sqlite, "_PRAGMAS", (*sqlite._PRAGMAS, "PRAGMA synchronous = OFF"))
    return new_url(request.param, tmp_path, request)


@pytest.fixture
def store(url: str, clock: Clock, run: Run) -> Iterator[Store]:
    store = opened(url, run, clock)
    yield store
    run(store.close())


def make_job(number: int, **values: Any) -> Job:
    """Make a job that is not stored yet; keywords that a job does not have are its spec's."""
    own = {name: values.pop(name) for name in list(values) if name in Job.__dataclass_fields__}
    if not values.keys() & {"script", "notebook", "task_roles"}:
        values.setdefault("command", "true")
    spec = own.pop("spec", None) or JobSpec(**{"name": f"job {number}", "group": "default", **values})
    own.setdefault("id", JobId(f"job-20261121-{number:08}"))
    own.setdefault("user", UserName("alice"))
    own.setdefault("request", Resources(1000, 2**30))
    own.setdefault("queued_at", Micros(START + number))
    return Job(spec=spec, **own)


@pytest.fixture
def new() -> New:
    """Make one job after the other."""
    numbers = itertools.count(1)
    return lambda **values: make_job(next(numbers), **values)
