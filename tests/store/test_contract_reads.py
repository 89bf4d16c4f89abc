"""What store/base.py promises of reads, listeners and shared commits, of every store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

import pytest

from jupyter_jobsub.errors import StoreError
from jupyter_jobsub.model.job import (
    UNFINISHED,
    Job,
    JobId,
    Micros,
    Phase,
    UserName,
)
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.store.base import Committed, Count, Idempotency, KeyReused, StaleJob, Store

from .conftest import Clock, New, Run, add, opened, save

SECOND = 1_000_000


class TestReads:
    def test_what_is_not_there_is_none(self, store: Store, run: Run) -> None:
        assert run(store.get(JobId("job-no"))) is None
        assert run(store.snapshot("0" * 64)) is None
        assert run(store.next_expiry()) is None
        assert run(store.last_event()) == 0
        for nothing in (
            store.unfinished(),
            store.counts(),
            store.timeline(JobId("x")),
            store.events_after(0),
        ):
            assert run(nothing) == []

    def test_unfinished_is_what_has_not_ended_or_holds(self, store: Store, run: Run, new: New) -> None:
        jobs = {phase: save(store, run, add(store, run, new()), phase=phase) for phase in Phase}
        held = save(store, run, add(store, run, new()), phase=Phase.FAILED, hold=Resources(1))
        assert run(store.unfinished()) == [*(jobs[p] for p in Phase if p in UNFINISHED), held]

    def test_counts_follow_every_change(self, store: Store, run: Run, new: New) -> None:
        a, b = add(store, run, new(user="alice")), add(store, run, new(user="bob", group="lab"))
        c = add(store, run, new(user="alice"))
        a = save(store, run, a, phase=Phase.RUNNING)
        b = save(store, run, b, phase=Phase.FAILED)
        assert sorted((c.group, c.user, c.phase, c.jobs) for c in run(store.counts())) == [
            ("default", "alice", Phase.PENDING, 1),
            ("default", "alice", Phase.RUNNING, 1),
            ("lab", "bob", Phase.FAILED, 1),
        ]
        save(store, run, c, phase=Phase.RUNNING)
        run(store.delete(b))
        assert run(store.counts()) == [Count("default", UserName("alice"), Phase.RUNNING, 2)]

    def test_kept_bytes_are_counted_with_the_jobs(self, store: Store, run: Run, new: New, url: str) -> None:
        def kept() -> dict[tuple[str, str], int]:
            return {(count.user, count.phase.value): count.bytes for count in run(store.counts())}

        def ended(user: str, kept_bytes: int) -> Job:
            job = add(store, run, new(user=user))
            return save(store, run, job, phase=Phase.FAILED, kept_bytes=kept_bytes)

        first, second = ended("alice", 2**41), ended("alice", 7)
        ended("bob", 0)
        add(store, run, new(user="bob"))
        assert kept() == {("alice", "Failed"): 2**41 + 7, ("bob", "Failed"): 0, ("bob", "Pending"): 0}
        first = save(store, run, first, log_expired=True, kept_bytes=0)
        assert kept()["alice", "Failed"] == 7
        run(store.delete(second))
        assert kept()["alice", "Failed"] == 0
        run(store.delete(first))
        assert ("alice", "Failed") not in kept()

    def test_kept_bytes_are_known_to_the_next_process(self, url: str, run: Run, new: New) -> None:
        store = opened(url, run)
        save(store, run, add(store, run, new()), phase=Phase.FAILED, kept_bytes=2**41)
        run(store.close())
        store = opened(url, run)
        assert [count.bytes for count in run(store.counts())] == [2**41]
        run(store.close())

    def test_expired_is_what_is_due_the_longest_due_first(self, store: Store, run: Run, new: New) -> None:
        def ended(ttl: int, at: int, **changes: object) -> Job:
            job = add(store, run, new(ttl_seconds=ttl))
            phase = changes.pop("phase", Phase.FAILED)
            return save(store, run, job, phase=phase, finished_at=Micros(at), **changes)

        late, early, now = ended(10, 20 * SECOND), ended(5, 10 * SECOND), Micros(30 * SECOND)
        ended(11, 20 * SECOND)
        ended(1, 1, log_expired=True)
        ended(1, 1, phase=Phase.PENDING)
        assert run(store.next_expiry()) == 15 * SECOND
        assert run(store.expired(now)) == [early, late]
        assert run(store.expired(now, limit=1)) == [early]
        save(store, run, early, log_expired=True)
        assert run(store.expired(now)) == [late]
        assert run(store.next_expiry()) == now

    def test_events_after_go_up_with_their_jobs_as_they_are(self, store: Store, run: Run, new: New) -> None:
        first, second = add(store, run, new()), add(store, run, new())
        first = save(store, run, first, phase=Phase.RUNNING)
        found: Sequence[Committed] = run(store.events_after(0))
        assert [(c.event.id, c.job) for c in found if c.event] == [(1, first), (2, second), (3, first)]
        assert [c.event for c in found if c.job.id == first.id] == run(store.timeline(first.id))
        assert run(store.events_after(1, limit=1)) == [found[1]]
        assert run(store.events_after(3)) == []
        assert run(store.last_event()) == 3

    def test_deletions_are_among_the_events_for_a_week(
        self, store: Store, run: Run, new: New, clock: Clock
    ) -> None:
        gone, stays = add(store, run, new(group="lab")), add(store, run, new())
        run(store.delete(gone))
        stays = save(store, run, stays, phase=Phase.RUNNING)
        found: Sequence[Committed] = run(store.events_after(0))
        assert [(c.id, c.job.id, c.deleted) for c in found] == [
            (2, stays.id, False),
            (3, gone.id, True),
            (4, stays.id, False),
        ]
        assert (found[1].job.user, found[1].job.spec.group) == (gone.user, "lab")
        assert run(store.events_after(2, limit=1)) == [found[1]]
        clock.now = Micros(clock.now + 8 * 24 * 3600 * SECOND)
        add(store, run, new(), idempotency=Idempotency(UserName("alice"), "k", "d"))
        assert not [c for c in run(store.events_after(0)) if c.deleted]


class TestListeners:
    def test_are_told_after_the_commit_in_order(self, store: Store, run: Run, new: New) -> None:
        told: list[Committed] = []
        store.listeners.append(told.extend)
        job = add(store, run, new())
        job2 = save(store, run, job, phase=Phase.FAILED)
        job3 = save(store, run, job2, log_expired=True)
        run(store.delete(job3))
        timeline = [change.event for change in told if change.event]
        assert told == [
            Committed(job, timeline[0]),
            Committed(job2, timeline[1]),
            Committed(job3),
            Committed(job3, deletion=3),
        ]
        assert [event.id for event in timeline] == [1, 2]

    def test_see_what_is_committed_before_the_writer_does(self, store: Store, run: Run, new: New) -> None:
        seen: list[str] = []

        async def write() -> None:
            job, _ = await store.add(new())
            seen.append(f"added {job.phase.value}")
            await store.save([(job, replace(job, phase=Phase.RUNNING))])
            seen.append("saved")

        store.listeners.append(lambda changes: seen.extend(c.job.phase.value for c in changes))
        run(write())
        assert seen == ["Pending", "added Pending", "Running", "saved"]

    def test_are_not_told_of_what_failed(self, store: Store, run: Run, new: New) -> None:
        job = add(store, run, new())
        told: list[Committed] = []
        store.listeners.append(told.extend)
        run.together(store.add(new(id=job.id)), store.delete(replace(job, version=2)))
        run(store.save([(replace(job, version=2), job)]))
        assert told == []

    def test_one_that_raises_harms_nobody(
        self, store: Store, run: Run, new: New, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(changes: Sequence[Committed]) -> None:
            raise RuntimeError("it is broken")

        told: list[Committed] = []
        store.listeners += [fail, told.extend]
        with caplog.at_level(logging.ERROR):
            job = add(store, run, new())
        assert [change.job for change in told] == [job]
        assert "it is broken" in caplog.text

    def test_event_ids_never_come_back(self, url: str, run: Run, new: New) -> None:
        newest = 0
        for _ in range(3):
            store = opened(url, run)
            job = add(store, run, new())
            (event,) = run(store.timeline(job.id))
            assert event.id > newest
            newest = event.id
            run(store.delete(job))
            run(store.close())


class TestSharedCommits:
    def test_writes_at_one_moment_share_a_commit(self, store: Store, run: Run, new: New) -> None:
        commits: list[int] = []
        store.listeners.append(lambda changes: commits.append(len(changes)))
        answers = run.together(*(store.add(new()) for _ in range(5)))
        assert [job.seq for job, _ in answers] == [1, 2, 3, 4, 5]
        assert commits == [5]

    def test_one_that_fails_does_not_take_others_with_it(self, store: Store, run: Run, new: New) -> None:
        there = add(store, run, new())
        key = Idempotency(UserName("alice"), "key", "a")
        stale = replace(there, version=9)
        answers = run.together(
            store.add(new(), snapshot=b"text", idempotency=key),
            store.add(new(id=there.id)),
            store.delete(stale),
            store.add(new(), idempotency=replace(key, digest="b")),
            store.save([(there, replace(there, phase=Phase.RUNNING))]),
            store.add(new()),
        )
        assert [type(a) for a in answers] == [tuple, StoreError, StaleJob, KeyReused, list, tuple]
        assert [job.seq for job in run(store.unfinished())] == [1, 2, 3]
        assert sorted((c.phase.value, c.jobs) for c in run(store.counts())) == [
            ("Pending", 2),
            ("Running", 1),
        ]
        assert [c.event.id for c in run(store.events_after(0)) if c.event] == [1, 2, 3, 4]

    def test_one_that_is_cancelled_while_it_waits_is_not_written(
        self, store: Store, run: Run, new: New
    ) -> None:
        async def write() -> None:
            adding = [run.loop.create_task(store.add(new(id=f"job-{n}"))) for n in range(3)]
            run.loop.call_soon(adding[1].cancel)
            results = await asyncio.gather(*adding, return_exceptions=True)
            assert [isinstance(r, tuple) for r in results] == [True, False, True]

        run(write())
        assert [job.id for job in run(store.unfinished())] == ["job-0", "job-2"]
