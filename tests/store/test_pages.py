"""Filters and paging give exactly what a naive filter over all jobs gives, whatever the plan."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from jupyter_jobsub.model.job import Job, Micros, Phase, SweepId
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec
from jupyter_jobsub.store import dialects, pages
from jupyter_jobsub.store.base import JobQuery, Page, Store, Visible
from jupyter_jobsub.store.orders import LIFECYCLE, NEWEST_FIRST, Order, Sort
from jupyter_jobsub.store.sorted_pages import SortedPage
from jupyter_jobsub.store.sql import SqlStore

from .conftest import DATABASES, START, Clock, New, Run, add, make_job, new_url, save

GROUPS = ["lab", "default", "it's"]
USERS = ["alice", "bob", "eve%", "ALICE"]
NAMES = [
    "train resnet",
    "Train BERT",
    "50% off",
    'a "quoted" * name',
    "über-größe",
    "ΑΒΓΔ",
    "under_score",
    "🚀🚀🚀",
]
SWEEPS = [SweepId(f"sweep-20261121-0000000{number}") for number in range(3)]
TEXTS = [
    "resnet",
    "TRAIN",
    "50%",
    '"quoted" *',
    "größe",
    "αβγ",
    "der_sco",
    "🚀🚀🚀",
    "job-",
    "000",
    "no such",
    "resnetrain",
]
JOBS = 240
NOW = Micros(START + 500)

examples = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

# (LOOK, SAMPLE, MAX_STRANDS): strands first, the text index first, whichever is rarer, too many strands
PLANS = {
    "strands": (2_000, 1000, 64),
    "matches": (0, 10_000, 64),
    "rarer": (0, 3, 64),
    "rows": (0, 10_000, 1),
}


@pytest.fixture(params=PLANS)
def plan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    few, sample, strands = PLANS[request.param]
    monkeypatch.setattr(pages, "LOOK", few)
    monkeypatch.setattr(pages, "MAX_STRANDS", strands)
    monkeypatch.setattr(dialects, "SAMPLE", sample)
    monkeypatch.setattr(dialects, "FREQUENT", few)


@dataclass
class Filled:
    """A store, and its jobs, oldest first."""

    store: Store = field(repr=False)
    run: Run = field(repr=False)
    jobs: list[Job] = field(repr=False)


@pytest.fixture(scope="module", params=DATABASES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    run = Run()
    clock = Clock()
    clock.now = NOW
    store = SqlStore(new_url(request.param, tmp_path_factory.mktemp("pages"), request), clock)
    run(store.open())
    yield Filled(store, run, _fill(store, run))
    run(store.close())
    run.loop.close()


def _fill(store: Store, run: Run) -> list[Job]:
    dice = random.Random(1)
    fresh = [
        make_job(
            number,
            user=dice.choice(USERS),
            group=dice.choice([*GROUPS, None]),
            name=dice.choice([*(f"{name} {number}" for name in NAMES), *NAMES, None]),
            priority=dice.choice([1, 50, 100]),
            preemptible=dice.choice([True, False]),
            request=Resources(1, 1, dice.choice([{}, {"A100": 2}, {"A100": 1, "it's": 3}, {"T4": 10}])),
            queued_at=Micros(START + number // 3),
            sweep=dice.choice([None, None, *SWEEPS]),
        )
        for number in range(JOBS + 40)
    ]
    added = [job for job, _ in run.together(*(store.add(job) for job in fresh))]
    for job in added[::7]:
        run(store.delete(job))
    kept = [job for job in added if job not in added[::7]]
    return run(store.save([(job, _moved(dice, job)) for job in kept]))


def _moved(dice: random.Random, job: Job) -> Job:
    started, finished = (
        dice.choice([None, Micros(START + dice.randrange(JOBS)), Micros(START + dice.randrange(4))])
        for _ in range(2)
    )
    return replace(job, phase=dice.choice(list(Phase)), started_at=started, finished_at=finished)


def sees(horizon: Visible, job: Job) -> bool:
    return horizon.groups is None or job.user == horizon.user or job.spec.group in horizon.groups


def fits(query: JobQuery, job: Job) -> bool:
    """Say what JobQuery says, in the plainest way."""
    horizon = query.visible
    return (
        (horizon is None or sees(horizon, job))
        and (not query.groups or job.spec.group in query.groups)
        and query.user in (None, job.user)
        and query.sweep in (None, job.sweep)
        and (not query.phases or job.phase in query.phases)
        and (query.since is None or job.queued_at >= query.since)
        and (query.until is None or job.queued_at < query.until)
        and (query.text is None or query.text.casefold() in f"{job.spec.name or ''}\n{job.id}".casefold())
    )


def read_all(store: Store, run: Run, query: JobQuery) -> list[Job]:
    found: list[Job] = []
    while True:
        page = run(store.page(query))
        assert len(page.items) <= query.limit
        found += page.items
        if page.next is None:
            return found
        assert len(page.items) == query.limit
        query = replace(query, cursor=page.next, offset=None)


def assert_same(found: list[Job], naive: list[Job]) -> None:
    assert [job.seq for job in found] == [job.seq for job in naive]
    assert found == naive


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


times = st.integers(START - 2, START + JOBS + 50)
queries = st.builds(
    JobQuery,
    visible=maybe(
        st.builds(Visible, st.sampled_from(USERS), maybe(st.frozensets(st.sampled_from([*GROUPS, "none"]))))
    ),
    groups=st.frozensets(st.sampled_from([*GROUPS, "none"]), max_size=3),
    user=maybe(st.sampled_from([*USERS, "nobody"])),
    phases=st.frozensets(st.sampled_from(list(Phase)), max_size=3),
    sweep=maybe(st.sampled_from([*SWEEPS, SweepId("none")])),
    text=maybe(st.sampled_from(TEXTS)),
    since=maybe(times),
    until=maybe(times),
    limit=st.sampled_from([1, 7, 50, 500]),
)


@pytest.mark.usefixtures("plan")
@examples
@given(query=queries)
@example(query=JobQuery(limit=7))
@example(query=JobQuery(sweep=SWEEPS[0], limit=7))
@example(query=JobQuery(text="job-", limit=50))
@example(query=JobQuery(text="resnetrain"))  # has all its trigrams in "train resnet"
@example(query=JobQuery(text="resnet", phases=frozenset(Phase)))
def test_pages_are_the_naive_filter(filled: Filled, query: JobQuery) -> None:
    store, run, jobs = filled.store, filled.run, filled.jobs
    naive = [job for job in reversed(jobs) if fits(query, job)]
    assert_same(read_all(store, run, query), naive)
    known = (query.text, query.since, query.until, query.sweep) == (None,) * 4
    assert run(store.page(query)).total == (len(naive) if known else None)


VALUES: dict[Sort, Callable[[Job], Any]] = {
    Sort.SUBMITTED: lambda job: job.seq,
    Sort.STARTED: lambda job: job.started_at,
    Sort.FINISHED: lambda job: job.finished_at,
    Sort.DURATION: lambda job: duration(job),
    Sort.NAME: lambda job: job.spec.name and job.spec.name.casefold(),
    Sort.ID: lambda job: job.id,
    Sort.USER: lambda job: job.user.lower(),
    Sort.GROUP: lambda job: job.spec.group,
    Sort.PHASE: lambda job: LIFECYCLE.index(job.phase),
    Sort.PRIORITY: lambda job: job.spec.priority,
    Sort.GPUS: lambda job: sum(job.request.gpu.values()),
    Sort.PREEMPTIBLE: lambda job: job.spec.preemptible,
}


def duration(job: Job) -> int | None:
    if job.started_at is None or job.phase is Phase.PENDING:
        return None
    return max(0, (job.finished_at if job.phase.final and job.finished_at else NOW) - job.started_at)


def in_order(newest_first: list[Job], order: Order) -> list[Job]:
    """Sort in the plainest way: what is equal stays newest first, what has no value comes last."""
    value = VALUES[order.by]
    having = [job for job in newest_first if value(job) is not None]
    lacking = [job for job in newest_first if value(job) is None]
    return sorted(having, key=value, reverse=not order.ascending) + lacking


@pytest.mark.parametrize("by", Sort)
@settings(examples, max_examples=6)
@given(query=queries, ascending=st.booleans(), first=st.integers(0, 20) | st.integers(0, JOBS))
@example(query=JobQuery(limit=50), ascending=True, first=0)
@example(query=JobQuery(limit=50), ascending=False, first=JOBS * 2 // 3)
@example(query=JobQuery(text="job-", limit=500), ascending=False, first=0)
def test_any_order_is_the_naive_sort(
    filled: Filled, by: Sort, query: JobQuery, ascending: bool, first: int
) -> None:
    store, run, jobs = filled.store, filled.run, filled.jobs
    query = replace(query, order=Order(by, ascending), limit=max(query.limit, 31))
    naive = in_order([job for job in reversed(jobs) if fits(query, job)], query.order)
    assert_same(read_all(store, run, replace(query, offset=first)), naive[first:])
    assert run(store.page(replace(query, offset=first))).total == len(naive)
    if query.order != NEWEST_FIRST:
        page = run(store.page(query))
        assert page.total == len(naive)
        assert_same(list(page.items), naive[: query.limit])


def test_a_text_too_short_or_never_there_is_sorted_too(filled: Filled) -> None:
    store, run, jobs = filled.store, filled.run, filled.jobs
    for text in ("", "a", "ab", "%%%", '"', "a\0b", "\ud800xx"):
        query = JobQuery(text=text, order=Order(Sort.ID, True), limit=500)
        page = run(store.page(query))
        naive = in_order([job for job in reversed(jobs) if fits(query, job)], query.order)
        assert (list(page.items), page.total) == (naive, len(naive))


def test_a_cursor_is_of_one_order(filled: Filled) -> None:
    store, run = filled.store, filled.run
    orders = [NEWEST_FIRST, Order(Sort.NAME), Order(Sort.NAME, True)]
    for order in orders:
        after = run(store.page(JobQuery(order=order, limit=5))).next
        for other in orders:
            query = JobQuery(order=other, cursor=after, limit=5)
            if other == order:
                assert run(store.page(query)).items
            else:
                with pytest.raises(ValueError, match="order"):
                    run(store.page(query))


@pytest.mark.parametrize(
    ("kind", "query"), [(SortedPage, JobQuery(order=Order(Sort.NAME))), (pages.Pages, JobQuery(text="b"))]
)
def test_what_takes_long_lets_all_else_go_on(
    kind: Any, query: JobQuery, store: Store, run: Run, new: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = add(store, run, new())
    asked, go_on = threading.Event(), threading.Event()
    read = kind.read

    def slow(self: Any, *given: Any) -> Page:
        first = not asked.is_set()
        asked.set()
        assert not first or go_on.wait(30)
        return read(self, *given)

    monkeypatch.setattr(kind, "read", slow)

    async def both() -> Page:
        page = asyncio.create_task(store.page(query))
        await asyncio.to_thread(asked.wait, 30)
        await store.save([(job, replace(job, message="meanwhile"))])
        assert (await store.page(JobQuery())).items
        assert not page.done()
        go_on.set()
        return await page

    assert [found.message for found in run(both()).items] == ["meanwhile"]


labels = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=3, max_size=20)


@pytest.mark.usefixtures("plan")
@examples
@given(name=labels, data=st.data())
@example(name="İstanbul ẞ ﬁ", data=None)
def test_any_name_is_found_by_any_part_of_it(filled: Filled, name: str, data: st.DataObject | None) -> None:
    store, run, jobs = filled.store, filled.run, filled.jobs
    try:
        spec = JobSpec(name=name, group="lab", command="true")
    except ValidationError:
        assume(False)
    jobs.append(add(store, run, make_job(10_000 + len(jobs), spec=spec)))
    start = data.draw(st.integers(0, len(name) - 3)) if data else 0
    part = name[start:] if data is None else name[start : start + data.draw(st.integers(3, 20))]
    for text in (part, part.upper(), part.lower()):
        query = JobQuery(text=text, groups=frozenset({"lab"}), limit=500)
        naive = [job for job in reversed(jobs) if fits(query, job)]
        assert_same(read_all(store, run, query), naive)


@pytest.mark.usefixtures("plan")
@pytest.mark.parametrize(
    "text",
    ["", "a", "ab", '"', '""" OR', "***", "%%%", "a OR b", "NEAR(", "-name", "{search}: x", "^tra", "();--"],
)
def test_text_is_literal(filled: Filled, text: str) -> None:
    store, run, jobs = filled.store, filled.run, filled.jobs
    query = JobQuery(text=text, limit=500)
    assert read_all(store, run, query) == [job for job in reversed(jobs) if fits(query, job)]


@pytest.mark.parametrize("text", ["\0\0\0", "res\0net", "\ud800\udc00x", "1\njob", "r" * 100_000])
def test_text_that_no_name_has_finds_nothing(filled: Filled, text: str) -> None:
    store, run = filled.store, filled.run
    assert read_all(store, run, JobQuery(text=text)) == []


def test_a_page_is_not_disturbed_by_new_jobs(store: Store, run: Run, new: New) -> None:
    jobs = [add(store, run, new()) for _ in range(4)]
    page = run(store.page(JobQuery(limit=2)))
    add(store, run, new())
    save(store, run, jobs[0], phase=Phase.RUNNING)
    rest = run(store.page(JobQuery(limit=2, cursor=page.next)))
    assert [job.seq for job in (*page.items, *rest.items)] == [4, 3, 2, 1]
    assert rest.next is None


def test_a_page_has_no_tasks(store: Store, run: Run, new: New) -> None:
    job = add(store, run, new())
    save(store, run, job, message="said", tasks=())
    assert run(store.page(JobQuery())).items == [replace(job, version=2, message="said")]


@pytest.mark.parametrize("cursor", ["", "x", "ü", "AAAA", "LjE", "=" * 9, "\ud800"])
def test_a_strange_cursor_is_refused(store: Store, run: Run, new: New, cursor: str) -> None:
    add(store, run, new())
    with pytest.raises(ValueError, match="cursor"):
        run(store.page(JobQuery(cursor=cursor)))


def test_a_cursor_of_another_store_is_refused(store: Store, run: Run, new: New, tmp_path: Path) -> None:
    other = SqlStore(f"sqlite:///{tmp_path / 'other.db'}")
    run(other.open())
    for _ in range(2):
        add(other, run, new())
    page = run(other.page(JobQuery(limit=1)))
    run(other.close())
    with pytest.raises(ValueError, match="cursor"):
        run(store.page(JobQuery(cursor=page.next)))
