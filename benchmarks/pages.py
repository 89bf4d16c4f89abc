"""F1, F2 and F2t: what a page of the list costs, over REST, as the history behind it grows."""

from __future__ import annotations

import random
import shutil
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from . import history, peer, product
from .figures import REGISTRY, Bench, Bound, CannotMeasure, Outcome, Term, interleave
from .http import Connection
from .product import JOBS

PAIRS = 25
AGAIN = 8
ASKED = 9
PEER_PAIRS = 15
SMALL, MANY, MOST = 1_000, 100_000, 1_000_000
NEWEST = 100
WARM = 5
HALF = "2026-05-24T00:00:00Z"  # half of the history is newer

FILTERS: Mapping[str, Mapping[str, str]] = {
    "newest first": {},
    "of a group": {"group": "vision"},
    "of a user": {"user": "ada1"},
    "of a phase": {"phase": "Failed"},
    "of a time": {"until": HALF},
    "of a sweep": {"sweep": history.SWEEP},
}
"""Each has more than a page of jobs in any history."""

FREQUENT = ["train", "job-", "gpt"]
TEXTS = ["train", "job-", "gpt", "whisper", "lr3e-4", "trial-cobalt", "999983", "no such name", "e-4 1"]
OTHERS: Sequence[Mapping[str, str]] = [
    {},
    {"group": "vision"},
    {"group": "biology"},
    {"user": "ada1"},
    {"user": "fay10"},
    {"phase": "Failed"},
    {"phase": "Running"},
    {"until": HALF},
    {"group": "finance", "user": "bo1", "phase": "Cancelled", "since": HALF},
]


@contextmanager
def with_history(
    bench: Bench, name: str, jobs: int, settings: Mapping[str, Any] | None = None
) -> Iterator[product.Service]:
    """Run a service that finds so many jobs in its store."""
    service = product.Service(bench.folder(name), settings)
    shutil.copy(history.stored(bench.cache, jobs), service.data_dir / "jobsub.db")
    service.start()
    try:
        yield service
    finally:
        service.end()
        shutil.rmtree(service.data_dir)  # a large one need not lie about until the last figure


@REGISTRY.figure("F1")
def page_beside_the_peer(bench: Bench) -> Sequence[Outcome]:
    """List 100 of 100,000 jobs, newest first, on both sides."""
    notebook = product.empty_notebook(bench.folder("F1"))
    with ExitStack() as stack:
        ours = stack.enter_context(with_history(bench, "F1-service", MANY))
        theirs = stack.enter_context(peer.running(bench, "F1-peer", notebook))
        _fill_peer(bench.scratch / "F1-peer" / "data" / "scheduler.sqlite", theirs)
        mine = stack.enter_context(ours.connect())
        other = stack.enter_context(theirs.server.connect())
        path = f"/scheduler/jobs?max_items={NEWEST}&{urlencode({'sort_by': 'desc(create_time)'})}"
        samples = interleave(PEER_PAIRS, _sampling(mine, _path({}), "items"), _sampling(other, path, "jobs"))
    return [
        Outcome(
            "F1",
            f"page of {NEWEST}, newest first, {MANY:,} jobs stored",
            Term("ours", samples[0], "ms"),
            Term("peer", samples[1], "ms"),
            Bound("≤ 1/30", 1 / 30),
        )
    ]


@REGISTRY.figure("F2")
def pages_of_a_million(bench: Bench) -> Sequence[Outcome]:
    """List the newest, and with one filter that fills the page, of a thousand jobs and of a million."""
    with _small_and_large(bench, "F2") as (small, large):
        return [
            _compared("F2", f"page of {NEWEST}, {what}", filters, small, large, Bound("≤ 1.15 ×", 1.15))
            for what, filters in FILTERS.items()
        ]


@REGISTRY.figure("F2t")
def text_in_a_million(bench: Bench) -> Sequence[Outcome]:
    """Search for frequent texts in both; then for any text, with other filters, in a million."""
    with _small_and_large(bench, "F2t") as (small, large):
        frequent = [
            _compared("F2t", f"jobs with {text!r}", {"text": text}, small, large, Bound("≤ 1.5 ×", 1.5))
            for text in FREQUENT
        ]
        asked = [{"text": text} | dict(other) for text in TEXTS for other in OTHERS]
        random.Random(1).shuffle(asked)
        found = [([_ask(large, _path(filters)) for _ in range(ASKED)], filters) for filters in asked]
        first = max(found, key=lambda each: each[0][0])
        # some of so many are slow by chance: those that seem to be are asked again
        found.sort(key=lambda each: -statistics.median(each[0]))
        again = [
            ([_ask(large, _path(filters)) for _ in range(PAIRS)], filters) for _, filters in found[:AGAIN]
        ]
    samples, worst = max(again, key=lambda each: statistics.median(each[0]))
    return [
        *frequent,
        Outcome(
            "F2t",
            f"the slowest of {len(asked)} searches with other filters, {MOST:,} jobs",
            Term("ours", samples, "ms"),
            None,
            Bound("≤ 50 ms", 50),
            f"{_path(worst)}; the first time, {_path(first[1])} took {first[0][0]:.0f} ms",
        ),
    ]


@contextmanager
def _small_and_large(bench: Bench, name: str) -> Iterator[tuple[Connection, Connection]]:
    with (
        with_history(bench, f"{name}-small", SMALL) as small,
        with_history(bench, f"{name}-large", MOST) as large,
        small.connect() as of_small,
        large.connect() as of_large,
    ):
        yield of_small, of_large


def _compared(
    id: str, what: str, filters: Mapping[str, str], small: Connection, large: Connection, bound: Bound
) -> Outcome:
    path = _path(filters)
    ours, other = interleave(PAIRS, _sampling(large, path, "items"), _sampling(small, path, "items"))
    return Outcome(id, what, Term(f"of {MOST:,}", ours, "ms"), Term(f"of {SMALL:,}", other, "ms"), bound)


def _path(filters: Mapping[str, str]) -> str:
    return f"{JOBS}?{urlencode({'limit': NEWEST, **filters})}"


def _sampling(connection: Connection, path: str, items: str) -> Callable[[], float]:
    """A sample is the median of some requests, after some that warm up; the page must be full."""
    for _ in range(WARM):
        answer = connection.request("GET", path)
        if answer.status != 200 or len(answer.json()[items]) != NEWEST:
            raise CannotMeasure(f"{path} has no {NEWEST} jobs: {answer.status} {answer.body[:200]!r}")
    return lambda: statistics.median(_ask(connection, path) for _ in range(ASKED))


def _ask(connection: Connection, path: str) -> float:
    began = time.perf_counter()
    answer = connection.request("GET", path)
    elapsed = (time.perf_counter() - began) * 1e3
    if answer.status != 200:
        raise CannotMeasure(f"{path} answered {answer.status}: {answer.body[:200]!r}")
    return elapsed


def _fill_peer(database: Path, theirs: peer.Peer) -> None:
    """Multiply one job of its own in its database."""
    with theirs.server.connect() as connection:
        connection.send(theirs.submit())
    theirs.end_jobs()
    with sqlite3.connect(database, timeout=30) as rows:
        columns = [row[1] for row in rows.execute("PRAGMA table_info(jobs)")]
        at = f"create_time - ({MANY} - n) * 1000"  # as they come in, the oldest first
        own = {
            "job_id": "printf('%08x-0000-4000-8000-000000000000', n)",
            "url": "printf('/jobs/%08x-0000-4000-8000-000000000000', n)",
            "status": "'COMPLETED'",
            "name": "'train ' || n",
            "create_time": at,
            "start_time": at,
            "end_time": f"{at} + 60000",
        }
        rows.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT {MANY - 1}) "
            f"INSERT INTO jobs SELECT {', '.join(own.get(name, name) for name in columns)} "
            "FROM (SELECT * FROM jobs LIMIT 1), numbers"
        )
    rows.close()
