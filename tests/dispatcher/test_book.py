"""The queue over time: submits, ends, quota changes, pauses, preemption, crashes, in any order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from jupyter_jobsub.dispatcher.book import Book, candidate
from jupyter_jobsub.model.catalog import Group
from jupyter_jobsub.model.job import Intent, Job, JobId, Micros, Phase, Reason, UserName
from jupyter_jobsub.model.observation import Ended, Started
from jupyter_jobsub.model.resources import Quota, Resources
from jupyter_jobsub.model.spec import JobSpec
from jupyter_jobsub.scheduling import lifecycle
from jupyter_jobsub.scheduling.admission import admit
from jupyter_jobsub.scheduling.queues import Candidate, Key, Ledger
from jupyter_jobsub.scheduling.reasons import NEXT
from jupyter_jobsub.scheduling.standing import Decisions
from jupyter_jobsub.scheduling.walk import as_quota, never_fits

SETTLES = 20  # passes that are surely enough until nothing is left to decide

users = st.sampled_from(["bob", "pan", "lin"])
names = st.sampled_from(["g", "h"])
requests = st.builds(Resources, cpu=st.integers(0, 3), gpu=st.fixed_dictionaries({"A": st.integers(0, 2)}))
quotas = st.builds(Quota, cpu=st.none() | st.integers(0, 6), gpus=st.none() | st.integers(0, 5))


class TheQueue(RuleBasedStateMachine):
    """A book, and all that can happen to it."""

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.now = 10**15
        self.book = Book()
        self.groups = {name: Group(name) for name in ("g", "h")}
        self.capacity: Resources | None = None
        self.known: dict[JobId, Job] = {}

    @initialize(capacity=st.none() | st.builds(Resources, cpu=st.integers(2, 9), gpu=st.just({"A": 3})))
    def machine(self, capacity: Resources | None) -> None:
        self.capacity = capacity

    @rule(
        target=jobs,
        user=users,
        group=names,
        request=requests,
        priority=st.sampled_from([50, 100, 100, 500]),
        spot=st.booleans(),
        retries=st.integers(0, 1),
    )
    def submit(
        self, user: str, group: str, request: Resources, priority: int, spot: bool, retries: int
    ) -> JobId:
        id = JobId(f"job-{len(self.known):03}")
        spec = JobSpec(command="x", group=group, priority=priority, preemptible=spot, retries=retries)
        self.put(Job(id, UserName(user), spec, request, Micros(self.now), seq=len(self.known) + 1))
        return id

    @rule(group=names, quota=quotas, mine=quotas)
    def configure(self, group: str, quota: Quota, mine: Quota) -> None:
        stopping = {id for id, job in self.known.items() if lifecycle.stopping(job)}
        self.groups[group] = Group(group, quota=quota, user_quota=mine)
        self.book.touch()
        self.settle()
        for id, job in self.known.items():
            if lifecycle.stopping(job) and id not in stopping:
                assert job.reason is Reason.PREEMPTING  # a quota by itself stops nothing

    @rule(id=jobs, intent=st.sampled_from([Intent.CANCEL, Intent.PAUSE, Intent.RUN]))
    def intend(self, id: JobId, intent: Intent) -> None:
        job = self.known[id]
        if not job.phase.final and job.intent is not Intent.CANCEL:
            self.move(replace(job, intent=intent))

    @rule(id=jobs, priority=st.sampled_from([50, 100, 900]))
    def edit(self, id: JobId, priority: int) -> None:
        job = self.known[id]
        if job.phase in (Phase.PENDING, Phase.PAUSED):
            self.move(replace(job, spec=job.spec.model_copy(update={"priority": priority})))

    @rule(id=jobs)
    def start(self, id: JobId) -> None:
        job = self.known[id]
        if job.phase is Phase.PREPARING:
            self.move(lifecycle.observed(job, Started(job.tasks[0].key, self.at), self.at))

    @rule(id=jobs, code=st.sampled_from([0, 1]))
    def end(self, id: JobId, code: int) -> None:
        job = self.known[id]
        if job.phase.placed:
            reason = Reason.HALTED if lifecycle.stopping(job) else Reason.ERROR if code else Reason.COMPLETED
            self.move(lifecycle.observed(job, Ended(job.tasks[0].key, self.at, code, reason), self.at))

    @rule(id=jobs)
    def start_too_late(self, id: JobId) -> None:
        self.move(lifecycle.requeue(self.known[id]))

    @rule(seconds=st.sampled_from([1, 40, 700]))
    def wait(self, seconds: int) -> None:
        self.now += seconds * 1_000_000
        for job in list(self.known.values()):
            if job.not_before is not None and job.not_before <= self.now:
                self.move(lifecycle.backed_off_enough(job))

    @rule()
    def crash(self) -> None:
        self.book = Book()
        for job in self.known.values():
            if not job.phase.final:
                self.book.put(job)

    @property
    def at(self) -> Micros:
        return Micros(self.now)

    def put(self, job: Job) -> None:
        self.known[job.id] = job
        self.book.put(job)
        self.settle()

    def move(self, job: Job) -> None:
        before, after = self.known[job.id], lifecycle.wanted(job, self.at)
        if before is not after and before != after:
            self.put(replace(after, version=before.version + 1))

    def decide(self) -> Decisions:
        snapshot = self.book.snapshot(self.book.take(), self.groups, self.capacity)
        decisions = admit(snapshot, self.at)
        self.book.decided(decisions)
        return decisions

    def settle(self) -> None:
        """Decide and apply until nothing is left to decide."""
        for _ in range(SETTLES):
            if not self.book.undecided:
                return
            decisions = self.decide()
            for id in decisions.admit:
                self.admitted(id)
            for id, by in decisions.evict.items():
                self.known[id] = lifecycle.preempted(self.known[id], by)
                self.book.put(self.known[id])
        raise AssertionError("it never settles")

    def admitted(self, id: JobId) -> None:
        """Check what an admission must fulfil, and do it."""
        before = self.known[id]
        assert before.phase is Phase.PENDING
        assert before.not_before is None or before.not_before <= self.now
        job = lifecycle.admitted(before, self.at)
        self.known[id] = job
        self.book.put(job)
        group = self.groups[job.spec.group or ""]
        held = self.book.held
        for quota, amount in (
            (group.quota, held.of_group(group.name)),
            (group.user_quota, held.of_user(group.name, job.user)),
        ):
            over = {short.resource for short in quota.shortages(Resources(), amount)}
            assert not {name for name in over if job.request.named.get(name)}

    @invariant()
    def nothing_is_left_to_decide(self) -> None:
        """What was looked at again after each event was enough: a look at everything finds no more."""
        self.settle()
        self.book.touch()
        decisions = self.decide()
        assert (list(decisions.admit), dict(decisions.evict)) == ([], {})
        self.settle()

    @invariant()
    def the_ledger_is_the_sum_of_the_holds(self) -> None:
        held = Ledger()
        for job in self.known.values():
            if job.hold is not None:
                held.charge(job.spec.group or "", job.user, job.hold)
        assert _nonzero(held.total) == _nonzero(self.book.held.total)
        for name in ("g", "h"):
            assert _nonzero(held.of_group(name)) == _nonzero(self.book.held.of_group(name))

    @invariant()
    def who_waits_knows_why(self) -> None:
        places: dict[str, list[int]] = {"g": [], "h": []}
        for job in self.known.values():
            why, place = self.book.why(job, self.groups, self.capacity, self.at)
            if job.phase is not Phase.PENDING:
                assert (why, place) == (None, None)
                continue
            assert why
            assert place
            places[job.spec.group or ""].append(place)
            assert why.message != NEXT
            aside = never_fits(job.request, self.groups[job.spec.group or ""], as_quota(self.capacity))
            backed_off = job.not_before is not None and self.now < job.not_before
            assert (why.reason is Reason.BACK_OFF) == backed_off
            assert (why.reason is Reason.EXCEEDS_QUOTA) == (aside and not backed_off)
        for found in places.values():
            assert sorted(found) == list(range(1, len(found) + 1))

    @invariant()
    def queues_are_in_order(self) -> None:
        waiting = sorted((candidate(j) for j in self.known.values() if j.phase is Phase.PENDING), key=_key)
        for name, queue in self.book.queues.items():
            assert list(queue) == [job for job in waiting if job.group == name]


def _key(job: Candidate) -> Key:
    return job.key


def _nonzero(amount: Resources) -> dict[str, int]:
    return {name: n for name, n in amount.named.items() if n}


TestTheQueue = TheQueue.TestCase
TestTheQueue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@pytest.mark.parametrize("part", range(4))
def test_long_random_histories(part: int) -> None:
    """Longer, and more evenly mixed, than what is drawn above."""
    for seed in range(part * 100, part * 100 + 100):
        play(random.Random(seed))


def test_who_counts_on_what_is_being_cancelled_evicts_when_another_takes_it() -> None:
    queue = TheQueue()
    queue.machine(Resources(4, gpu={"A": 3}))
    one = Resources(1, gpu={"A": 1})
    queue.submit("bob", "g", one, 100, True, 0)
    leaving = queue.submit("pan", "h", one, 100, True, 0)
    victim = queue.submit("pan", "h", Resources(1), 100, True, 0)
    queue.intend(leaving, Intent.CANCEL)
    waiter = queue.submit("lin", "h", Resources(2, gpu={"A": 2}), 100, False, 0)
    assert queue.known[victim].reason is Reason.STARTING  # what leaves is enough
    queue.submit("bob", "g", Resources(1), 200, False, 0)
    assert queue.known[victim].reason is Reason.PREEMPTING
    assert queue.known[waiter].phase is Phase.PENDING
    queue.nothing_is_left_to_decide()


def play(chance: random.Random) -> None:
    """Let anything happen, and look whether all is as it must be after each step."""
    queue = TheQueue()
    queue.machine(chance.choice([None, Resources(4, gpu={"A": 3}), Resources(3, gpu={"A": 2})]))
    for _ in range(60):
        step(queue, chance)
        queue.nothing_is_left_to_decide()
        queue.the_ledger_is_the_sum_of_the_holds()
        queue.who_waits_knows_why()
        queue.queues_are_in_order()


def step(queue: TheQueue, chance: random.Random) -> None:
    """One event; ends and submits are the most frequent."""
    what = chance.random()
    ids = [job.id for job in queue.known.values() if not job.phase.final]
    if what < 0.4 or not ids:
        request = Resources(chance.choice([0, 1, 2]), gpu={"A": chance.choice([0, 0, 1, 1, 2])})
        names, priority = chance.choice("gh"), chance.choice([50, 100, 200])
        queue.submit(chance.choice(["bob", "pan", "lin"]), names, request, priority, chance.random() < 0.5, 0)
    elif what < 0.8:
        queue.end(chance.choice(ids), chance.choice([0, 1]))
    elif what < 0.87:
        queue.intend(chance.choice(ids), chance.choice([Intent.CANCEL, Intent.PAUSE, Intent.RUN]))
    elif what < 0.9:
        queue.edit(chance.choice(ids), chance.choice([50, 100, 200]))
    elif what < 0.95:
        quota = Quota(chance.choice([None, 2, 4]), gpus=chance.choice([None, 2, 3]))
        queue.configure(
            chance.choice("gh"), quota, Quota(chance.choice([None, 2]), gpus=chance.choice([None, 2]))
        )
    elif what < 0.98:
        queue.wait(chance.choice([60, 700]))
    else:
        queue.crash()
