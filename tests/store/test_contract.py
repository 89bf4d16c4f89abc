"""What store/base.py promises of writes, sentence by sentence, of every store."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import ClassVar

import pytest

from jupyter_jobsub.errors import StoreError
from jupyter_jobsub.model.edit import JobEdit
from jupyter_jobsub.model.job import (
    Event,
    Intent,
    JobId,
    Micros,
    Phase,
    Reason,
    Task,
    TaskKey,
    UserName,
)
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec, Port, TaskRole
from jupyter_jobsub.store.base import Committed, Count, Idempotency, JobQuery, KeyReused, StaleJob, Store

from .conftest import START, Clock, New, Run, add, opened, save

SECOND = 1_000_000

FULL_SPEC = JobSpec(
    name="Everything",
    group="lab",
    instance_type="big",
    image="python3",
    environment="/opt/env",
    notebook="/home/me/a.ipynb",
    parameters={"rate": 0.1, "layers": [1, 2], "deep": {"yes": None}},
    working_dir="/home/me",
    env={"A": "1", "B": "ü"},
    priority=7,
    preemptible=True,
    deadline_seconds=60,
    ttl_seconds=5,
    retries=2,
)


class TestOpen:
    def test_a_store_keeps_its_name_and_its_jobs(self, url: str, run: Run, new: New) -> None:
        store = opened(url, run)
        name, job = store.id, add(store, run, new())
        run(store.close())
        store = opened(url, run)
        assert store.id == name != ""
        assert run(store.get(job.id)) == job
        assert run(store.counts()) == [Count("default", UserName("alice"), Phase.PENDING, 1)]
        assert run(store.last_event()) == 1
        run(store.close())

    def test_close_finishes_what_is_being_written(self, url: str, run: Run, new: New) -> None:
        store = opened(url, run)
        assert [type(answer) for answer in run.together(store.add(new(id="job-last")), store.close())] == [
            tuple,
            type(None),
        ]
        store = opened(url, run)
        assert run(store.get(JobId("job-last"))) is not None
        run(store.close())


class TestAdd:
    def test_answers_the_job_as_it_is_stored(self, store: Store, run: Run, new: New) -> None:
        stored = add(store, run, new())
        assert (stored.seq, stored.version, stored.phase) == (1, 1, Phase.PENDING)
        assert run(store.get(stored.id)) == stored

    @pytest.mark.parametrize(
        "spec",
        [
            FULL_SPEC,
            JobSpec(command="echo hi"),
            JobSpec(command=["python", "a b.py"], name="two words"),
            JobSpec(script="/home/me/a.py", args=["-x", ""]),
            JobSpec(
                task_roles=[
                    TaskRole(name="ps", tasks=2, command="ps", min_failed=None, ports=[Port(label="p")]),
                    TaskRole(name="w", command=["w"], instance_type="big", min_succeeded=1),
                ]
            ),
        ],
    )
    def test_keeps_every_field(self, store: Store, run: Run, new: New, spec: JobSpec) -> None:
        shares = {role.name: Resources(700, 2**39, {"A100": 1}) for role in spec.task_roles}
        request = Resources(1500, 2**40, {"A100": 2})
        job = new(spec=spec, request=request, shares=shares, rerun_of="job-before", sweep="sweep-x")
        stored = add(store, run, job)
        read = run(store.get(job.id))
        assert read == stored == replace(job, seq=1)
        assert read.spec.model_dump() == spec.model_dump()
        assert read.spec.kind == spec.kind

    def test_numbers_jobs_in_order_of_arrival(self, store: Store, run: Run, new: New) -> None:
        assert [add(store, run, new()).seq for _ in range(3)] == [1, 2, 3]

    def test_a_clock_stepped_back_keeps_the_order(self, store: Store, run: Run, new: New) -> None:
        first = add(store, run, new(queued_at=Micros(START)))
        second = add(store, run, new(queued_at=Micros(START - 3600 * SECOND)))
        assert second.queued_at == first.queued_at + 1

    def test_the_order_outlives_the_newest_job_and_a_restart(self, url: str, run: Run, new: New) -> None:
        store = opened(url, run)
        gone = add(store, run, new(queued_at=Micros(START)))
        run(store.delete(gone))
        run(store.close())
        store = opened(url, run)
        after = add(store, run, new(queued_at=Micros(START - 5)))
        assert (after.seq, after.queued_at) == (2, START + 1)
        run(store.close())

    def test_an_id_that_exists_changes_nothing(self, store: Store, run: Run, new: New) -> None:
        job = add(store, run, new())
        with pytest.raises(StoreError):
            run(store.add(new(id=job.id, name="other"), snapshot=b"text"))
        assert run(store.get(job.id)) == job
        assert run(store.counts()) == [Count("default", UserName("alice"), Phase.PENDING, 1)]
        assert run(store.last_event()) == 1
        assert run(store.snapshot(hashlib.sha256(b"text").hexdigest())) is None

    def test_begins_the_timeline(self, store: Store, run: Run, new: New) -> None:
        job = add(store, run, new(message="behind 2 jobs"))
        (event,) = run(store.timeline(job.id))
        assert event == Event(
            *(1, job.id, job.queued_at, Phase.PENDING, Reason.QUEUED, "behind 2 jobs", 0), job.user, "default"
        )


class TestSnapshots:
    def test_are_kept_once_under_their_digest(self, store: Store, run: Run, new: New) -> None:
        digest = hashlib.sha256(b"text").hexdigest()
        first = add(store, run, new(), snapshot=b"text")
        second = add(store, run, new(), snapshot=b"text")
        assert first.snapshot == second.snapshot == digest
        assert run(store.snapshot(digest)) == b"text"

    def test_go_with_the_last_job_that_has_them(self, store: Store, run: Run, new: New) -> None:
        first = add(store, run, new(), snapshot=b"text")
        assert first.snapshot is not None
        rerun = add(store, run, new(snapshot=first.snapshot))
        run(store.delete(first))
        assert run(store.snapshot(first.snapshot)) == b"text"
        run(store.delete(rerun))
        assert run(store.snapshot(first.snapshot)) is None

    def test_that_are_gone_can_not_be_named(self, store: Store, run: Run, new: New) -> None:
        with pytest.raises(StaleJob):
            run(store.add(new(snapshot="0" * 64)))
        assert run(store.counts()) == []

    def test_may_be_empty_and_binary(self, store: Store, run: Run, new: New) -> None:
        for content in (b"", bytes(range(256))):
            job = add(store, run, new(), snapshot=content)
            assert job.snapshot is not None
            assert run(store.snapshot(job.snapshot)) == content


class TestIdempotency:
    key = Idempotency(UserName("alice"), "key", "digest")

    def test_the_same_again_is_the_same_job(self, store: Store, run: Run, new: New) -> None:
        job = add(store, run, new(), idempotency=self.key)
        job = save(store, run, job, phase=Phase.RUNNING, tasks=(Task(TaskKey(job.id, 0)),))
        assert run(store.add(new(), idempotency=self.key)) == (job, False)
        assert len(run(store.unfinished())) == 1

    def test_the_same_twice_at_once_is_one_job(self, store: Store, run: Run, new: New) -> None:
        answers = run.together(*(store.add(new(), idempotency=self.key) for _ in range(3)))
        assert [fresh for _, fresh in answers] == [True, False, False]
        assert len({job.id for job, _ in answers}) == 1

    def test_another_body_is_refused(self, store: Store, run: Run, new: New) -> None:
        add(store, run, new(), idempotency=self.key)
        with pytest.raises(KeyReused, match="'key'"):
            run(store.add(new(), idempotency=replace(self.key, digest="other")))
        assert len(run(store.unfinished())) == 1

    def test_the_job_of_a_key_can_be_read(self, store: Store, run: Run, new: New) -> None:
        assert run(store.made(self.key)) is None
        job = add(store, run, new(), idempotency=self.key)
        assert run(store.made(self.key)) == job
        with pytest.raises(KeyReused, match="'key'"):
            run(store.made(replace(self.key, digest="other")))
        run(store.delete(job))
        assert run(store.made(self.key)) is None

    def test_keys_are_each_users_own(self, store: Store, run: Run, new: New) -> None:
        add(store, run, new(), idempotency=self.key)
        add(store, run, new(), idempotency=replace(self.key, user=UserName("bob"), digest="other"))

    def test_a_key_goes_with_its_job(self, store: Store, run: Run, new: New) -> None:
        run(store.delete(add(store, run, new(), idempotency=self.key)))
        add(store, run, new(), idempotency=replace(self.key, digest="other"))

    def test_a_key_lasts_some_days(self, store: Store, run: Run, new: New, clock: Clock) -> None:
        job = add(store, run, new(queued_at=clock.now), idempotency=self.key)
        for days, fresh in ((6, False), (3, True)):
            clock.now = Micros(clock.now + days * 24 * 3600 * SECOND)
            again, is_fresh = run(store.add(new(queued_at=clock.now), idempotency=self.key))
            assert is_fresh is fresh
            assert (again.id != job.id) is fresh


class TestSave:
    def test_keeps_every_field_that_may_change(self, store: Store, run: Run, new: New) -> None:
        job = add(store, run, new())
        after = replace(
            job,
            phase=Phase.UNKNOWN,
            reason=Reason.PREEMPTING,
            message="its node does not answer",
            intent=Intent.CANCEL,
            intent_by="bob",
            attempt=3,
            failures=1,
            requeues=2,
            not_before=Micros(1),
            hold=Resources(1, 2, {"A100": 3}),
            admitted_at=Micros(2),
            started_at=Micros(3),
            finished_at=Micros(4),
            exit_code=137,
            log_expired=True,
            kept_bytes=2**40,
            tasks=(Task(TaskKey(job.id, 3), Micros(5), Micros(6), 7, Reason.ERROR, "m", "h"),),
        )
        (stored,) = run(store.save([(job, after)]))
        assert stored == replace(after, version=2) == run(store.get(job.id))
        back = save(store, run, stored, hold=None, not_before=None, finished_at=None, exit_code=None)
        assert run(store.get(job.id)) == back

    def test_what_was_asked_for_never_changes(self, store: Store, run: Run, new: New) -> None:
        job = add(store, run, new(), snapshot=b"text")
        asked = {
            "id": "job-other",
            "user": "bob",
            "spec": FULL_SPEC,
            "request": Resources(9, 9),
            "snapshot": None,
            "rerun_of": "job-other",
            "seq": 9,
            "queued_at": Micros(9),
        }
        stored = save(store, run, job, **asked, message="said")
        assert stored == replace(job, version=2, message="said") == run(store.get(job.id))

    def test_is_guarded_by_the_version(self, store: Store, run: Run, new: New) -> None:
        old = add(store, run, new())
        job = save(store, run, old, phase=Phase.PREPARING)
        (answer,) = run(store.save([(old, replace(old, phase=Phase.CANCELLED))]))
        assert isinstance(answer, StaleJob)
        assert run(store.get(job.id)) == job
        run(store.delete(job))
        (answer,) = run(store.save([(job, replace(job, message="late"))]))
        assert isinstance(answer, StaleJob)
        assert run(store.counts()) == []

    def test_answers_in_order_and_keeps_the_rest(self, store: Store, run: Run, new: New) -> None:
        first, second = add(store, run, new()), add(store, run, new())
        stale = replace(first, version=9)
        changes = [(job, replace(job, message="said")) for job in (second, stale, first)]
        a, b, c = run(store.save(changes))
        assert isinstance(b, StaleJob)
        assert [a, c] == [replace(j, version=2, message="said") for j in (second, first)]

    @pytest.mark.parametrize(
        "change",
        [{"phase": Phase.PAUSED}, {"reason": Reason.QUOTA}, {"message": "2 GPU of 2 in use"}, {"attempt": 1}],
    )
    def test_adds_an_event_for_what_people_see(
        self, store: Store, run: Run, new: New, clock: Clock, change: dict[str, object]
    ) -> None:
        job = add(store, run, new())
        clock.now = Micros(START + 77)
        job = save(store, run, job, **change)
        event = run(store.timeline(job.id))[-1]
        assert (event.id, event.at) == (2, clock.now)
        assert (event.phase, event.reason, event.message) == (job.phase, job.reason, job.message)
        assert event.attempt == job.attempt

    def test_adds_none_for_the_rest(self, store: Store, run: Run, new: New) -> None:
        job = add(store, run, new())
        save(store, run, job, intent=Intent.CANCEL, hold=Resources(1), not_before=Micros(1))
        assert len(run(store.timeline(job.id))) == 1

    def test_no_event_is_before_the_job(self, store: Store, run: Run, new: New, clock: Clock) -> None:
        job = add(store, run, new(queued_at=Micros(START + 9)))
        clock.now = Micros(START - 3600 * SECOND)
        save(store, run, job, phase=Phase.RUNNING)
        assert [event.at for event in run(store.timeline(job.id))] == [START + 9, START + 9]

    def test_tasks_of_the_newest_attempt_are_read(self, store: Store, run: Run, new: New) -> None:
        def tasks(attempt: int, exit_code: int | None = None) -> tuple[Task, ...]:
            keys = [TaskKey(job.id, attempt, role, index) for role in ("ps", "worker") for index in range(11)]
            return tuple(Task(key, exit_code=exit_code) for key in keys)

        job = add(store, run, new())
        job = save(store, run, job, attempt=1, tasks=tasks(1)[::-1])
        assert job.tasks == tasks(1)
        job = save(store, run, job, tasks=tasks(1, exit_code=1))
        assert run(store.get(job.id)) == job
        job = save(store, run, job, attempt=2, tasks=())
        assert run(store.get(job.id)) == job
        job = save(store, run, job, tasks=tasks(2))
        assert run(store.unfinished()) == [job]
        assert job.tasks == tasks(2)

    def test_tasks_are_never_removed(self, store: Store, run: Run, new: New) -> None:
        job = add(store, run, new())
        job = save(store, run, job, tasks=(Task(TaskKey(job.id, 0)),))
        listed = run(store.unfinished())[0]
        save(store, run, replace(listed, tasks=()), message="said")
        assert run(store.get(job.id)) == replace(job, version=3, message="said")


class TestEdit:
    EDIT: ClassVar[JobEdit] = {"name": "Größer", "priority": 500, "deadline_seconds": 60}

    def test_changes_what_a_person_may_and_tells_the_timeline(
        self, store: Store, run: Run, new: New, clock: Clock
    ) -> None:
        job = add(store, run, new(name="small", message="as it was"))
        clock.now = Micros(START + 77)
        stored = run(store.edit(job, self.EDIT, "ann changed it"))
        assert stored == replace(job, version=2, spec=job.spec.model_copy(update=self.EDIT))
        assert run(store.get(job.id)) == stored
        event = run(store.timeline(job.id))[-1]
        assert (event.at, event.phase, event.reason) == (clock.now, job.phase, Reason.EDITED)
        assert event.message == "ann changed it"
        assert run(store.counts()) == [Count("default", UserName("alice"), Phase.PENDING, 1)]

    def test_the_list_finds_the_new_name_and_not_the_old(self, store: Store, run: Run, new: New) -> None:
        job = add(store, run, new(name="small"))
        run(store.edit(job, self.EDIT, ""))
        found = {text: run(store.page(JobQuery(text=text))).items for text in ("small", "GRÖSSER")}
        assert {text: [job.id for job in items] for text, items in found.items()} == {
            "small": [],
            "GRÖSSER": [job.id],
        }

    def test_is_kept_by_the_next_save(self, store: Store, run: Run, new: New) -> None:
        job = run(store.edit(add(store, run, new()), {"priority": 7}, ""))
        assert save(store, run, job, phase=Phase.PREPARING).spec.priority == 7
        assert run(store.unfinished())[0].spec.priority == 7

    def test_is_guarded_by_the_version(self, store: Store, run: Run, new: New) -> None:
        old = add(store, run, new())
        job = save(store, run, old, phase=Phase.PREPARING)
        with pytest.raises(StaleJob):
            run(store.edit(old, self.EDIT, "late"))
        assert run(store.get(job.id)) == job

    def test_is_told_to_listeners(self, store: Store, run: Run, new: New) -> None:
        job = add(store, run, new())
        told: list[Committed] = []
        store.listeners.append(told.extend)
        stored = run(store.edit(job, self.EDIT, "said"))
        (change,) = told
        assert change.job == stored
        assert change.event
        assert change.event.message == "said"


class TestDelete:
    def test_removes_the_job_with_its_timeline(self, store: Store, run: Run, new: New) -> None:
        other, job = add(store, run, new()), add(store, run, new())
        job = save(store, run, job, phase=Phase.FAILED, tasks=(Task(TaskKey(job.id, 0)),))
        run(store.delete(job))
        assert run(store.get(job.id)) is None
        assert run(store.timeline(job.id)) == []
        assert [c.job.id for c in run(store.events_after(0)) if not c.deleted] == [other.id]
        assert run(store.counts()) == [Count("default", UserName("alice"), Phase.PENDING, 1)]

    def test_is_guarded_by_the_version(self, store: Store, run: Run, new: New) -> None:
        old = add(store, run, new())
        job = save(store, run, old, phase=Phase.FAILED)
        with pytest.raises(StaleJob):
            run(store.delete(old))
        run(store.delete(job))
        with pytest.raises(StaleJob):
            run(store.delete(job))
