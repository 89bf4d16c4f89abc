"""Two examples of PrimeHub's design, as written there, and the invariants as properties."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import assume, given
from hypothesis import strategies as st

from jupyter_jobsub.model.catalog import Group
from jupyter_jobsub.model.job import JobId, Micros, Reason, UserName
from jupyter_jobsub.model.resources import Quota, Resources
from jupyter_jobsub.scheduling.admission import RESERVE_AFTER, admit
from jupyter_jobsub.scheduling.queues import Candidate, Ledger, Queue
from jupyter_jobsub.scheduling.reasons import NEXT, Why, explain
from jupyter_jobsub.scheduling.standing import Bound, Decisions, Snapshot, Standing, Stop
from jupyter_jobsub.scheduling.walk import never_fits

from . import reference

NOW = Micros(10**15)
PHUSERS = Group("phusers", quota=Quota(gpus=4), user_quota=Quota(gpus=4))


def job(name: str, user: str, gpus: int, at: int, **more: object) -> Candidate:
    fields = {"group": "phusers", "request": Resources(gpu={"A100": gpus} if gpus else {}), **more}
    return Candidate(JobId(name), UserName(user), queued_at=Micros(at), **fields)  # type: ignore[arg-type]


@dataclass
class World:
    """Jobs that wait and jobs that hold, and what admission makes of them."""

    waiting: list[Candidate]
    placed: list[Candidate] = field(default_factory=list)
    leaving: list[Candidate] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=lambda: {"phusers": PHUSERS})
    capacity: Resources | None = None
    standings: dict[str, Standing] = field(default_factory=dict)

    def snapshot(self, now: Micros = NOW) -> Snapshot:
        names = {j.group for j in [*self.waiting, *self.placed, *self.leaving]} | set(self.groups)
        return Snapshot(
            queues={name: Queue(j for j in self.waiting if j.group == name) for name in names},
            held=ledger([*self.placed, *self.leaving]),
            groups=self.groups,
            capacity=self.capacity,
            leaving=ledger(self.leaving),
            placed={n: Queue(j for j in self.placed if j.group == n and j.preemptible) for n in names},
            preempting={j.group for j in self.leaving if j.preemptible},
            standings={n: s for n, s in self.standings.items() if s.waits or s.promised},
        )

    def decide(self, now: Micros = NOW) -> Decisions:
        return admit(self.snapshot(), now)

    def apply(self, decisions: Decisions) -> World:
        """What is after the decisions: victims still hold until they are gone."""
        started = set(decisions.admit)
        return replace(
            self,
            waiting=[j for j in self.waiting if j.id not in started],
            placed=[j for j in self.placed if j.id not in decisions.evict]
            + [j for j in self.waiting if j.id in started],
            leaving=self.leaving + [j for j in self.placed if j.id in decisions.evict],
            standings={**self.standings, **decisions.standings},
        )

    def why(self, one: Candidate, decisions: Decisions) -> Why:
        after = self.apply(decisions).snapshot()
        return explain(one, decisions.standings[one.group], after, NOW)


def ledger(jobs: list[Candidate]) -> Ledger:
    held = Ledger()
    for one in jobs:
        held.charge(one.group, one.user, one.request)
    return held


class TestTheSeedsExamples:
    """A group whose quota is 4 GPUs, for each user and in all."""

    def test_example_1_a_job_that_its_group_has_no_room_for_stops_the_queue_behind_it(self) -> None:
        a, b, c = job("A", "bob", 2, 1), job("B", "pan", 4, 2), job("C", "lin", 2, 3)
        world = World([a, b, c])
        decisions = world.decide()
        assert decisions.admit == ["A"]
        waits = "phusers uses 2 of its 4 GPUs"
        assert world.why(b, decisions) == Why(Reason.QUOTA, f"{waits}; this job asks 4")
        behind = f"behind B of pan, which waits: {waits}; it asks 4"
        assert world.why(c, decisions) == Why(Reason.QUEUED, behind)

    def test_example_2_a_job_that_its_user_has_no_room_for_stops_no_other_user(self) -> None:
        a, b, c = job("A", "bob", 2, 1), job("B", "bob", 4, 2), job("C", "lin", 2, 3)
        world = World([a, b, c])
        decisions = world.decide()
        assert decisions.admit == ["A", "C"]
        why = world.why(b, decisions)
        assert why == Why(Reason.QUOTA, "bob uses 2 of their 4 GPUs in phusers; this job asks 4")


class TestOrder:
    """Class, priority, arrival."""

    def test_non_preemptible_first_then_priority_then_arrival(self) -> None:
        jobs = [
            job("old", "a", 0, 1),
            job("urgent", "b", 0, 2, priority=900),
            job("spot", "c", 0, 0, preemptible=True, priority=1000),
        ]
        assert World(jobs).decide().admit == ["urgent", "old", "spot"]

    def test_a_job_in_back_off_blocks_nobody(self) -> None:
        waiting = job("A", "bob", 4, 1, not_before=Micros(NOW + 5_000_000))
        world = World([waiting, job("B", "bob", 4, 2)])
        decisions = world.decide()
        assert decisions.admit == ["B"]
        assert world.why(waiting, decisions).reason is Reason.BACK_OFF

    def test_a_job_over_a_lowered_quota_waits_aside(self) -> None:
        big = job("A", "bob", 8, 1)
        world = World([big, job("B", "bob", 4, 2)])
        decisions = world.decide()
        assert decisions.admit == ["B"]
        why = world.why(big, decisions)
        assert why == Why(Reason.EXCEEDS_QUOTA, "asks 8 GPUs, more than bob's quota in phusers (4 GPUs)")

    def test_a_group_that_is_gone_says_so(self) -> None:
        one = job("A", "bob", 1, 1)
        world = World([one], groups={})
        decisions = world.decide()
        assert decisions.admit == []
        assert world.why(one, decisions).reason is Reason.EXCEEDS_QUOTA

    def test_a_named_type_counts_against_its_own_quota_and_the_total(self) -> None:
        group = Group("phusers", quota=Quota(gpus=8, gpu={"A100": 1}))
        world = World([job("A", "bob", 2, 1)], groups={"phusers": group})
        assert world.decide().admit == []
        assert not never_fits(Resources(gpu={"T4": 8}), group, Quota())
        assert never_fits(Resources(gpu={"T4": 7, "A100": 2}), group, Quota())
        assert never_fits(Resources(gpu={"T4": 9}), group, Quota())


class TestCapacity:
    """Groups share a machine."""

    GROUPS = {name: Group(name) for name in "gh"}  # noqa: RUF012

    def test_it_stops_the_queue(self) -> None:
        first, second = job("A", "bob", 2, 1), job("B", "pan", 1, 2)
        world = World(
            [first, second],
            [job("X", "eve", 1, 0)],
            groups={"phusers": Group("phusers")},
            capacity=Resources(gpu={"A100": 2}),
        )
        decisions = world.decide()
        assert decisions.admit == []
        why = world.why(first, decisions)
        assert why == Why(Reason.CAPACITY, "jobs use 1 of this machine's 2 GPUs; this job asks 2")

    def test_groups_take_turns_by_the_smallest_share(self) -> None:
        ours = [job(f"g{i}", "bob", 1, i, group="g") for i in range(4)]
        theirs = [job(f"h{i}", "pan", 1, 10 + i, group="h") for i in range(4)]
        world = World(ours + theirs, groups=self.GROUPS, capacity=Resources(gpu={"A100": 4}))
        assert world.decide().admit == ["g0", "h0", "g1", "h1"]

    def test_a_head_that_has_waited_long_keeps_what_it_lacks_from_others(self) -> None:
        big, small = job("big", "bob", 4, 1, group="g"), job("small", "pan", 1, 2, group="h")
        other = job("cpu", "pan", 0, 3, group="h", request=Resources(cpu=1000), priority=200)
        world = World(
            [big, small, other],
            [job("X", "eve", 2, 0, group="h")],
            groups=self.GROUPS,
            capacity=Resources(cpu=4000, gpu={"A100": 4}),
        )
        first = world.decide()
        assert first.admit == ["cpu", "small"]
        waits = {"g": Standing(Stop(big, Bound.CAPACITY, since=Micros(NOW - RESERVE_AFTER)))}
        world = replace(world, standings=waits)
        decisions = world.decide()
        assert decisions.admit == ["cpu"]
        assert "kept for big of bob" in world.why(small, decisions).message
        after = replace(world.apply(decisions), placed=[])
        assert after.decide().admit == ["big"]

    def test_its_wait_counts_from_when_it_became_the_head(self) -> None:
        big = job("big", "bob", 4, 1, group="g")
        full = [job("X", "eve", 2, 0, group="h")]
        world = World([big], full, groups=self.GROUPS, capacity=Resources(gpu={"A100": 4}))
        later = replace(world, standings=dict(world.decide().standings)).decide(Micros(NOW + 5))
        assert later.standings["g"].waits == Stop(big, Bound.CAPACITY, since=NOW)


class TestPreemption:
    """Room is made by jobs of a lower rank of the same group, no more of them than it takes."""

    def spot(self, name: str, user: str, gpus: int, at: int, **more: object) -> Candidate:
        return job(name, user, gpus, at, preemptible=True, **more)

    def test_the_worst_go_and_no_more_than_needed(self) -> None:
        placed = [self.spot("old", "lin", 2, 1), self.spot("mid", "lin", 1, 2), self.spot("new", "pan", 1, 3)]
        world = World([job("A", "bob", 2, 9)], placed)
        decisions = world.decide()
        assert decisions.admit == []
        assert decisions.evict == {"new": "A", "mid": "A"}

    def test_who_can_be_spared_is(self) -> None:
        placed = [self.spot("big", "lin", 3, 1), self.spot("small", "pan", 1, 2)]
        assert World([job("A", "bob", 3, 9)], placed).decide().evict == {"big": "A"}

    def test_nobody_goes_if_it_would_not_fit_even_then(self) -> None:
        placed = [self.spot("spot", "lin", 2, 1), job("firm", "pan", 2, 2)]
        assert World([job("A", "bob", 3, 9)], placed).decide().evict == {}

    def test_age_alone_never_preempts(self) -> None:
        placed = [self.spot("new", "lin", 4, 5)]
        assert World([self.spot("old", "bob", 4, 1)], placed).decide().evict == {}
        assert World([self.spot("better", "bob", 4, 9, priority=101)], placed).decide().evict == {
            "new": "better"
        }

    def test_who_is_over_her_own_quota_evicts_only_her_own(self) -> None:
        group = Group("phusers", quota=Quota(gpus=8), user_quota=Quota(gpus=4))
        placed = [self.spot("mine", "bob", 2, 1), job("firm", "bob", 2, 1), self.spot("lins", "lin", 4, 2)]
        world = World([job("A", "bob", 2, 9)], placed, groups={"phusers": group})
        assert world.decide().evict == {"mine": "A"}

    def test_while_room_is_made_it_waits_and_chooses_nobody_else(self) -> None:
        placed = [self.spot(f"s{i}", "lin", 1, i) for i in range(4)]
        waiter, behind = job("A", "bob", 2, 9), job("B", "pan", 1, 10)
        world = World([waiter, behind], placed)
        first = world.decide()
        world = world.apply(first)
        second = world.decide()
        assert (second.admit, second.evict) == ([], {})
        assert world.why(waiter, second).reason is Reason.PREEMPTING
        gone = replace(world, leaving=world.leaving[1:])
        assert (gone.decide().admit, gone.decide().evict) == ([], {})
        assert replace(world, leaving=[]).decide().admit == ["A"]

    def test_what_is_being_cancelled_makes_room_too(self) -> None:
        world = World([job("A", "bob", 2, 9)], [self.spot("s", "lin", 2, 1)], [job("ending", "pan", 2, 1)])
        decisions = world.decide()
        assert (decisions.admit, decisions.evict) == ([], {})


amounts = st.builds(
    Resources,
    cpu=st.integers(0, 3),
    gpu=st.dictionaries(st.sampled_from("AB"), st.integers(0, 3)),
)
bounds = st.builds(
    Quota,
    cpu=st.none() | st.integers(0, 6),
    gpus=st.none() | st.integers(0, 6),
    gpu=st.dictionaries(st.sampled_from("AB"), st.integers(0, 6)),
)
capacities = st.builds(
    Resources, cpu=st.integers(0, 8), gpu=st.fixed_dictionaries({t: st.integers(0, 5) for t in "AB"})
)
rows = st.tuples(
    st.sampled_from(["bob", "pan", "lin"]),
    st.sampled_from("gh"),
    amounts,
    st.sampled_from([50, 100]),
    st.booleans(),
)


@st.composite
def worlds(draw: st.DrawFn, *, capacity: bool = True, placed: bool = True) -> World:
    def jobs(prefix: str, most: int) -> list[Candidate]:
        made = []
        for i, (user, group, request, priority, spot) in enumerate(draw(st.lists(rows, max_size=most))):
            id = f"{prefix}{i:02}"
            made.append(
                job(id, user, 0, i, group=group, request=request, priority=priority, preemptible=spot)
            )
        return made

    waiting = jobs("w", 10)
    quotas = {name: Group(name, quota=draw(bounds), user_quota=draw(bounds)) for name in "gh"}
    has = draw(st.none() | capacities) if capacity else None
    world = World(waiting, jobs("p", 6) if placed else [], groups=quotas, capacity=has)
    ages = st.sampled_from([0, RESERVE_AFTER, RESERVE_AFTER + 1])
    for one in draw(st.lists(st.sampled_from(waiting), max_size=2)) if waiting and has else ():
        world.standings[one.group] = Standing(Stop(one, Bound.CAPACITY, Micros(NOW - draw(ages))))
    return world


@st.composite
def crowded(draw: st.DrawFn) -> World:
    """What is placed all but fills the bounds, and better jobs wait."""
    sizes = st.builds(Resources, cpu=st.integers(1, 3), gpu=st.fixed_dictionaries({"A": st.integers(0, 2)}))
    people, slack = st.sampled_from(["bob", "pan"]), st.integers(0, 2)
    placed = [
        job(
            f"p{i}",
            draw(people),
            0,
            i,
            group=draw(st.sampled_from("gh")),
            request=draw(sizes),
            preemptible=True,
        )
        for i in range(draw(st.integers(2, 6)))
    ]
    held = ledger(placed)

    def bound(amount: Resources) -> Quota:
        return Quota(cpu=amount.cpu + draw(slack), gpus=amount.gpus + draw(slack))

    groups = {}
    for name in "gh":
        most = max((held.of_user(name, UserName(u)) for u in ("bob", "pan")), key=lambda r: r.cpu)
        groups[name] = Group(name, quota=bound(held.of_group(name)), user_quota=bound(most))
    waiting = [
        job(f"w{i}", draw(people), 0, 9 + i, group=draw(st.sampled_from("gh")), request=draw(sizes))
        for i in range(draw(st.integers(1, 4)))
    ]
    total = held.total + Resources(cpu=draw(slack), gpu={"A": draw(slack)})
    return World(waiting, placed, groups=groups, capacity=draw(st.sampled_from([None, total])))


def short(quota: Quota, held: Resources, request: Resources) -> bool:
    return bool(quota.shortages(held, request))


def machine_of(world: World) -> Quota:
    c = world.capacity
    return Quota(c.cpu, c.memory, c.gpus, c.gpu) if c else Quota()


@given(bounds, amounts, amounts)
def test_what_fits_has_no_shortage(quota: Quota, held: Resources, asked: Resources) -> None:
    assert quota.fits(held, asked) == (not quota.shortages(held, asked))


@given(worlds(placed=False))
def test_it_decides_as_the_rule_is_written(world: World) -> None:
    assert list(world.decide().admit) == reference.admit(world.snapshot(), NOW)


@given(worlds())
def test_never_over_quota_or_capacity_for_what_was_asked(world: World) -> None:
    decisions = world.decide()
    held = ledger(world.apply(decisions).placed)
    nothing = Resources()
    for one in (j for j in world.waiting if j.id in decisions.admit):
        group = world.groups[one.group]
        for quota, amount in (
            (group.quota, held.of_group(one.group)),
            (group.user_quota, held.of_user(one.group, one.user)),
            (machine_of(world), held.total),
        ):
            over = {found.resource for found in quota.shortages(nothing, amount)}
            assert not {name for name in over if one.request.named.get(name)}


@given(worlds() | crowded())
def test_idempotent_once_applied(world: World) -> None:
    after = world.apply(world.decide())
    again = after.decide()
    assert (again.admit, again.evict) == ([], {})


@given(worlds(capacity=False, placed=False))
def test_a_later_job_changes_nothing_for_earlier_ones_of_its_group(world: World) -> None:
    assume(world.waiting)
    last = max((j for j in world.waiting if j.group == world.waiting[-1].group), key=lambda j: j.key)
    without = replace(world, waiting=[j for j in world.waiting if j != last])
    assert set(world.decide().admit) - {last.id} == set(without.decide().admit)


@given(worlds())
def test_same_rank_user_and_group_start_in_order_of_arrival(world: World) -> None:
    machine = machine_of(world)
    jobs = [j for j in world.waiting if not never_fits(j.request, world.groups[j.group], machine)]
    started = set(world.decide().admit)
    earlier: dict[tuple[object, ...], bool] = {}
    for one in jobs:
        kind = (one.user, one.group, one.rank)
        assert earlier.get(kind, True) or one.id not in started
        earlier[kind] = one.id in started


@given(worlds())
def test_a_job_that_asks_nothing_waits_for_nobody_but_those_before_it(world: World) -> None:
    nothing = job("first", "bob", 0, -1, group="g", priority=1000)
    assert "first" in replace(world, waiting=[*world.waiting, nothing]).decide().admit


@given(worlds(placed=False, capacity=False))
def test_a_user_blocked_job_blocks_no_other_user_and_no_group_another(world: World) -> None:
    decisions = world.decide()
    for user in ("bob", "pan"):
        blocked = [s.users for s in decisions.standings.values() if user in s.users]
        first = {stops[UserName(user)].job.id for stops in blocked}
        without = replace(world, waiting=[j for j in world.waiting if j.id not in first])
        others = {j.id for j in world.waiting if j.user != user}
        assert others & set(without.decide().admit) == others & set(decisions.admit)
    alone = replace(world, waiting=[j for j in world.waiting if j.group == "g"])
    ours = {j.id for j in alone.waiting}
    assert set(alone.decide().admit) == ours & set(decisions.admit)


@given(worlds() | crowded())
def test_victims_are_of_a_lower_rank_needed_and_enough(world: World) -> None:
    decisions = world.decide()
    by_id = {j.id: j for j in [*world.waiting, *world.placed]}
    held = ledger(world.apply(decisions).placed + world.apply(decisions).leaving)
    for waiter in [by_id[id] for id in set(decisions.evict.values())]:
        evicted = [by_id[v] for v, w in decisions.evict.items() if w == waiter.id]
        standing = decisions.standings[waiter.group]
        assert all(v.preemptible and v.group == waiter.group and v.rank > waiter.rank for v in evicted)
        if waiter.user in standing.users:
            assert {v.user for v in evicted} == {waiter.user}
        if [j for s in decisions.standings.values() for j in s.promised] == [waiter]:
            assert _fits(world, held, waiter, evicted)
            for spared in evicted:
                assert not _fits(world, held, waiter, [v for v in evicted if v != spared])


def _fits(world: World, held: Ledger, waiter: Candidate, gone: list[Candidate]) -> bool:
    freed = ledger(gone)
    group = world.groups[waiter.group]
    user = held.of_user(waiter.group, waiter.user) - freed.of_user(waiter.group, waiter.user)
    ours = held.of_group(waiter.group) - freed.of_group(waiter.group)
    fits = not short(group.user_quota, user, waiter.request) and not short(group.quota, ours, waiter.request)
    return fits and not short(machine_of(world), held.total - freed.total, waiter.request)


@given(crowded(), st.randoms(use_true_random=False))
def test_room_that_was_made_is_for_whom_it_was_made(world: World, random: object) -> None:
    """Victims go one by one, with a decision in between; only who stands before it may be quicker."""
    first = world.decide()
    world, waiters = world.apply(first), set(first.evict.values())
    before = {j.id for j in world.placed}

    def overtaken(waiter: Candidate) -> bool:
        started = [j for j in world.placed if j.id not in before]
        head = world.standings[waiter.group].head
        ahead = [*started, *([head.job] if head else [])]
        return any(j.group == waiter.group and j.key < waiter.key for j in ahead)

    while world.leaving:
        gone = random.choice(world.leaving)  # type: ignore[attr-defined]
        world = replace(world, leaving=[j for j in world.leaving if j != gone])
        decisions = world.decide()
        again = waiters & set(decisions.evict.values())
        world = world.apply(decisions)
        assert all(overtaken(j) for j in world.waiting if j.id in again)
    assert all(overtaken(j) for j in world.waiting if j.id in waiters)


@given(worlds() | crowded())
def test_every_waiting_job_has_a_reason(world: World) -> None:
    decisions = world.decide()
    for one in world.waiting:
        if one.id not in decisions.admit:
            why = world.why(one, decisions)
            assert why.message != NEXT


@given(st.lists(rows, max_size=12))
def test_a_queue_keeps_its_order_through_additions_and_removals(given_rows: list[tuple[object, ...]]) -> None:
    jobs = [
        job(f"j{i:02}", str(user), 0, i, priority=priority, preemptible=spot)
        for i, (user, _, _, priority, spot) in enumerate(given_rows)
    ]
    queue = Queue()
    for one in jobs:
        queue.add(one)
    assert list(queue) == sorted(jobs, key=lambda j: j.key)
    assert [queue.place(one) for one in queue] == list(range(len(jobs)))
    for one in jobs[::2]:
        queue.remove(one)
    assert list(queue) == sorted(jobs[1::2], key=lambda j: j.key)
