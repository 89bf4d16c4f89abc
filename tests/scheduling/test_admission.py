"""Two examples of PrimeHub's design, as written there, and the invariants as properties."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from jupyter_jobsub.model.catalog import Group
from jupyter_jobsub.model.job import JobId, Micros, Reason, UserName
from jupyter_jobsub.model.resources import Quota, Resources
from jupyter_jobsub.scheduling.admission import (
    Candidate,
    Decisions,
    Ledger,
    Queue,
    Snapshot,
    admit,
    never_fits,
)

NOW = Micros(1_000_000)
PHUSERS = Group("phusers", quota=Quota(gpus=4), user_quota=Quota(gpus=4))


def job(name: str, user: str, gpus: int, at: int, **more: object) -> Candidate:
    request = Resources(gpu={"A100": gpus} if gpus else {})
    return Candidate(JobId(name), UserName(user), "phusers", request, Micros(at), **more)  # type: ignore[arg-type]


def decide(*jobs: Candidate, group: Group = PHUSERS, held: Ledger | None = None, **more: object) -> Decisions:
    queues = {"phusers": Queue(jobs)}
    return admit(Snapshot(queues, held or Ledger(), {"phusers": group}, **more), NOW)  # type: ignore[arg-type]


def test_example_1_a_group_blocked_job_stops_the_queue_behind_it() -> None:
    a, b, c = job("A", "bob", 2, 1), job("B", "pan", 4, 2), job("C", "lin", 2, 3)
    decisions = decide(a, b, c)
    assert decisions.admit == ["A"]
    standing = decisions.standings["phusers"]
    assert standing.explain(b).reason is Reason.QUOTA
    assert "2 GPU of 4 GPU in use; this job asks 4 GPU" in standing.explain(b).message
    assert standing.explain(c).reason is Reason.QUEUED
    assert "behind B" in standing.explain(c).message


def test_example_2_a_user_blocked_job_blocks_no_other_user() -> None:
    a, b, c = job("A", "bob", 2, 1), job("B", "bob", 4, 2), job("C", "lin", 2, 3)
    decisions = decide(a, b, c)
    assert decisions.admit == ["A", "C"]
    assert "quota of bob in phusers" in decisions.standings["phusers"].explain(b).message


def test_non_preemptible_first_then_priority_then_arrival() -> None:
    jobs = [
        job("old", "a", 0, 1),
        job("urgent", "b", 0, 2, priority=900),
        job("spot", "c", 0, 0, preemptible=True, priority=1000),
    ]
    assert decide(*jobs).admit == ["urgent", "old", "spot"]


def test_a_job_in_back_off_blocks_nobody() -> None:
    waiting = job("A", "bob", 4, 1, not_before=Micros(NOW + 5_000_000))
    decisions = decide(waiting, job("B", "bob", 4, 2))
    assert decisions.admit == ["B"]
    assert decisions.standings["phusers"].explain(waiting).reason is Reason.BACK_OFF


def test_a_job_over_a_lowered_quota_waits_aside() -> None:
    big = job("A", "bob", 8, 1)
    decisions = decide(big, job("B", "bob", 4, 2))
    assert decisions.admit == ["B"]
    assert decisions.standings["phusers"].explain(big).reason is Reason.EXCEEDS_QUOTA


def test_capacity_stops_the_queue() -> None:
    group = Group("phusers")
    first, second = job("A", "bob", 2, 1), job("B", "pan", 1, 2)
    decisions = decide(first, second, group=group, capacity=Resources(gpu={"A100": 1}))
    assert decisions.admit == []
    assert decisions.standings["phusers"].explain(first).reason is Reason.CAPACITY


def test_a_named_type_counts_against_its_own_quota_and_the_total() -> None:
    group = Group("phusers", quota=Quota(gpus=8, gpu={"A100": 1}))
    assert decide(job("A", "bob", 2, 1), group=group).admit == []
    assert [short.resource for _, short in never_fits(Resources(gpu={"A100": 9}), group, None)] == [
        "gpu",
        "A100",
    ]


amounts = st.builds(
    Resources, cpu=st.integers(0, 3), gpu=st.dictionaries(st.sampled_from("AB"), st.integers(0, 3))
)
bounds = st.builds(
    Quota,
    cpu=st.none() | st.integers(0, 6),
    gpus=st.none() | st.integers(0, 6),
    gpu=st.dictionaries(st.sampled_from("AB"), st.integers(0, 6)),
)
candidates = st.lists(
    st.tuples(
        st.sampled_from(["bob", "pan", "lin"]),
        st.sampled_from(["g", "h"]),
        amounts,
        st.sampled_from([1, 100]),
        st.booleans(),
    ),
    max_size=12,
)
groups = st.tuples(bounds, bounds).map(lambda q: {n: Group(n, quota=q[0], user_quota=q[1]) for n in "gh"})


def build(rows: list[tuple[str, str, Resources, int, bool]]) -> list[Candidate]:
    return [
        Candidate(JobId(f"j{i:02}"), UserName(user), group, request, Micros(i), priority, preemptible)
        for i, (user, group, request, priority, preemptible) in enumerate(rows)
    ]


def queued(jobs: list[Candidate]) -> dict[str, Queue]:
    return {name: Queue(j for j in jobs if j.group == name) for name in "gh"}


def charge(held: Ledger, jobs: list[Candidate]) -> Ledger:
    for one in jobs:
        held.charge(one.group, one.user, one.request)
    return held


@given(candidates, groups, st.none() | amounts)
def test_never_over_quota_or_capacity_for_what_was_asked(rows, groups, capacity) -> None:
    jobs = build(rows)
    ids = set(admit(Snapshot(queued(jobs), Ledger(), groups, capacity), NOW).admit)
    started = [j for j in jobs if j.id in ids]
    held = charge(Ledger(), started)
    nothing = Resources()
    for one in started:
        asked = Resources(one.request.cpu and 1, gpu={t: 1 for t, n in one.request.gpu.items() if n})
        for quota, amount in (
            (groups[one.group].quota, held.groups[one.group]),
            (groups[one.group].user_quota, held.users[one.group, one.user]),
        ):
            over = {short.resource for short in quota.shortages(nothing, amount)}
            assert not over & set(_names(asked))
        if capacity:
            assert held.total.cpu <= capacity.cpu or not one.request.cpu


@given(candidates, groups, st.none() | amounts)
def test_idempotent_once_applied(rows, groups, capacity) -> None:
    jobs = build(rows)
    ids = set(admit(Snapshot(queued(jobs), Ledger(), groups, capacity), NOW).admit)
    held = charge(Ledger(), [j for j in jobs if j.id in ids])
    rest = queued([j for j in jobs if j.id not in ids])
    assert admit(Snapshot(rest, held, groups, capacity), NOW).admit == []


@given(candidates, groups)
def test_a_later_job_changes_nothing_for_earlier_ones_of_its_group(rows, groups) -> None:
    jobs = build(rows)
    if not jobs:
        return
    last = max((j for j in jobs if j.group == jobs[-1].group), key=lambda j: j.key)
    with_it = set(admit(Snapshot(queued(jobs), Ledger(), groups), NOW).admit) - {last.id}
    without = set(admit(Snapshot(queued([j for j in jobs if j.id != last.id]), Ledger(), groups), NOW).admit)
    assert with_it == without


@given(candidates, groups)
def test_same_class_user_and_group_start_in_order_of_arrival(rows, groups) -> None:
    jobs = [j for j in build(rows) if not never_fits(j.request, groups[j.group], None)]
    started = set(admit(Snapshot(queued(jobs), Ledger(), groups), NOW).admit)
    seen: dict[tuple[str, str, int, bool], bool] = {}
    for one in jobs:
        kind = (one.user, one.group, one.priority, one.preemptible)
        assert seen.get(kind, True) or one.id not in started
        seen[kind] = one.id in started


@given(candidates, groups, st.none() | amounts)
def test_every_waiting_job_has_a_reason(rows, groups, capacity) -> None:
    jobs = build(rows)
    decisions = admit(Snapshot(queued(jobs), Ledger(), groups, capacity), NOW)
    for one in jobs:
        if one.id not in decisions.admit:
            block = decisions.standings[one.group].explain(one)
            assert block.message
            assert block.message != "next in turn"


@given(candidates)
def test_a_queue_keeps_its_order_through_additions_and_removals(rows) -> None:
    jobs = build(rows)
    queue = Queue()
    for one in jobs:
        queue.add(one)
    assert [j.id for j in queue] == [j.id for j in sorted(jobs, key=lambda j: j.key)]
    for place, one in enumerate(list(queue)):
        assert queue.place(one) == place
    for one in jobs[::2]:
        queue.remove(one)
    assert Counter(j.id for j in queue) == Counter(j.id for j in jobs[1::2])


def _names(amount: Resources) -> list[str]:
    names = ["cpu"] if amount.cpu else []
    return names + (["gpu", *amount.gpu] if amount.gpu else [])
