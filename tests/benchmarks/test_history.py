"""The history that pages are measured with: what is in it, and that it is made once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks import history
from benchmarks.pages import FILTERS, FREQUENT, NEWEST, SMALL
from jupyter_jobsub.model.job import Phase, SweepId, UserName
from jupyter_jobsub.store.base import JobQuery, Page
from jupyter_jobsub.store.sql import SqlStore


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def page_of(path: Path, query: JobQuery) -> Page:
    async def read() -> Page:
        store = SqlStore(f"sqlite:///{path}")
        await store.open()
        try:
            assert await store.unfinished() == []
            assert await store.expired(history.FIRST * 2) == []
            assert sum(count.jobs for count in await store.counts()) == SMALL
            return await store.page(query)
        finally:
            await store.close()

    return asyncio.run(read())


def test_it_is_made_once(cache: Path) -> None:
    path = history.stored(cache, SMALL)
    written = path.stat().st_mtime_ns
    assert history.stored(cache, SMALL) == path
    assert path.stat().st_mtime_ns == written
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_it_is_the_same_whenever_it_is_made() -> None:
    assert list(history.history(50)) == list(history.history(50))


@pytest.mark.parametrize("filters", [*FILTERS.values(), *({"text": text} for text in FREQUENT)])
def test_every_filter_that_is_measured_fills_a_page(cache: Path, filters: dict[str, str]) -> None:
    query = JobQuery(
        groups=frozenset({filters["group"]} if "group" in filters else ()),
        user=UserName(filters["user"]) if "user" in filters else None,
        phases=frozenset({Phase(filters["phase"])} if "phase" in filters else ()),
        sweep=SweepId(filters["sweep"]) if "sweep" in filters else None,
        text=filters.get("text"),
        until=history.FIRST + history.SPAN // 2 if "until" in filters else None,
        limit=NEWEST,
    )
    found = page_of(history.stored(cache, SMALL), query)
    assert len(found.items) == NEWEST
    assert [job.seq for job in found.items] == sorted((job.seq for job in found.items), reverse=True)
