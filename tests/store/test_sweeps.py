"""What store/base.py promises of parameter sweeps, of every store."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from jupyter_jobsub.errors import StoreError
from jupyter_jobsub.model.job import Job, Phase, SweepId, UserName
from jupyter_jobsub.store.base import Idempotency, KeyReused, Store

from .conftest import New, Run, add


class TestSweep:
    def make(self, new: New, count: int = 3) -> list[Job]:
        return [new(sweep="sweep-a", parameters={"lr": number}) for number in range(count)]

    def test_its_jobs_are_stored_in_order(self, store: Store, run: Run, new: New) -> None:
        before = add(store, run, new())
        stored, fresh = run(store.add_sweep(self.make(new), snapshot=b"text"))
        assert fresh
        assert [(job.seq, job.spec.parameters["lr"]) for job in stored] == [(2, 0), (3, 1), (4, 2)]
        assert run(store.sweep(SweepId("sweep-a"))) == stored
        assert {job.snapshot for job in stored} == {hashlib.sha256(b"text").hexdigest()}
        assert run(store.get(stored[1].id)) == stored[1]
        assert run(store.sweep(SweepId("sweep-b"))) == []
        assert before.sweep is None
        assert [event.phase for event in run(store.timeline(stored[2].id))] == [Phase.PENDING]

    def test_is_told_to_listeners_at_once(self, store: Store, run: Run, new: New) -> None:
        told: list[int] = []
        store.listeners.append(lambda changes: told.append(len(changes)))
        run(store.add_sweep(self.make(new)))
        assert told == [3]

    def test_all_or_none(self, store: Store, run: Run, new: New) -> None:
        there = add(store, run, new())
        jobs = self.make(new)
        key = Idempotency(there.user, "k", "d")
        with pytest.raises(StoreError):
            run(store.add_sweep([*jobs, replace(there, sweep=SweepId("sweep-a"))], idempotency=key))
        assert run(store.sweep(SweepId("sweep-a"))) == []
        assert run(store.made(key)) is None
        stored, fresh = run(store.add_sweep(jobs, idempotency=key))
        assert (len(stored), fresh) == (3, True)

    def test_a_key_makes_it_once(self, store: Store, run: Run, new: New) -> None:
        key = Idempotency(UserName("alice"), "k", "d")
        (one, fresh), (two, again) = run.together(
            store.add_sweep(self.make(new), idempotency=key), store.add_sweep(self.make(new), idempotency=key)
        )
        assert (fresh, again) == (True, False)
        assert one == two == run(store.sweep(SweepId("sweep-a")))
        assert run(store.made(key)) == one[0]
        with pytest.raises(KeyReused):
            run(store.add_sweep(self.make(new), idempotency=replace(key, digest="other")))

    def test_one_of_it_that_is_deleted_is_not_made_again(self, store: Store, run: Run, new: New) -> None:
        key = Idempotency(UserName("alice"), "k", "d")
        stored, _ = run(store.add_sweep(self.make(new), idempotency=key))
        for left in ([stored[0], stored[2]], [stored[2]]):  # the first had the key
            run(store.delete(next(job for job in stored if job not in left)))
            stored = left
            assert run(store.add_sweep(self.make(new), idempotency=key)) == (left, False)
        run(store.delete(stored[0]))
        assert run(store.made(key)) is None
