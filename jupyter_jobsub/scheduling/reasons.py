"""Why a job waits, in words; computed when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.catalog import Group
from ..model.job import Micros, Reason
from ..model.resources import Quota, Resources, show_amount
from .queues import NOTHING, Candidate
from .standing import Bound, Snapshot, Standing, Stop
from .walk import as_quota

NEXT = "next in turn"


@dataclass(frozen=True)
class Why:
    """What a waiting job waits for: one word for programs, a sentence for people."""

    reason: Reason
    message: str


def explain(job: Candidate, standing: Standing, now: Snapshot, at: Micros) -> Why:
    """Say what a waiting job waits for.

    Parameters
    ----------
    standing:
        How its group's queue came out last.
    now:
        What is held and configured now, from which the amounts are taken.
    """
    group = now.groups.get(job.group)
    if group is None:
        return Why(Reason.EXCEEDS_QUOTA, f"the group {job.group} is no longer configured")
    if job.not_before is not None and at < job.not_before:
        seconds = (job.not_before - at) // 1_000_000 + 1
        return Why(Reason.BACK_OFF, f"did not start in time; next try in {seconds} s")
    if over := beyond(job.request, group, now.capacity, job.user):
        return Why(Reason.EXCEEDS_QUOTA, over[0])
    for stop in filter(None, (standing.users.get(job.user), standing.head)):
        if stop.job.id == job.id:
            return _own(stop, group, now, "this job")
        if stop.job.key < job.key:
            ahead = _own(stop, group, now, "it")
            return Why(
                Reason.QUEUED, f"behind {stop.job.id} of {stop.job.user}, which waits: {ahead.message}"
            )
    return Why(Reason.QUEUED, NEXT)


def beyond(request: Resources, group: Group, capacity: Resources | None, user: str = "") -> list[str]:
    """Name each bound that a request is over even when nothing else runs.

    Parameters
    ----------
    user:
        Whose quota it is; "you" if missing.
    """
    bounds = [
        (f"{user}'s quota in {group.name}" if user else f"your quota in {group.name}", group.user_quota),
        (f"the quota of {group.name}", group.quota),
        ("this machine has", as_quota(capacity)),
    ]
    return [
        f"asks {show_amount(short.resource, short.asked)}, more than {whose} ({short.texts[1]})"
        for whose, quota in bounds
        for short in quota.shortages(NOTHING, request)
    ]


def _own(stop: Stop, group: Group, now: Snapshot, it: str) -> Why:
    """What the job itself waits for that stops others."""
    if stop.making_room:
        return Why(
            Reason.PREEMPTING, f"jobs of lower priority in {group.name} are being stopped to make room"
        )
    if stop.kept_for:
        return Why(
            Reason.CAPACITY, f"what becomes free is kept for {_name(stop.kept_for)}, which waits longer"
        )
    held, quota = _bound(stop, group, now)
    for used, limit, asked in (short.texts for short in quota.shortages(held, stop.job.request)):
        whose = {
            Bound.USER: f"{stop.job.user} uses {used} of their {limit} in {group.name}",
            Bound.GROUP: f"{group.name} uses {used} of its {limit}",
            Bound.CAPACITY: f"jobs use {used} of this machine's {limit}",
        }[stop.by]
        reason = Reason.CAPACITY if stop.by is Bound.CAPACITY else Reason.QUOTA
        return Why(reason, f"{whose}; {it} asks {asked}")
    for standing in now.standings.values():
        for promised in standing.promised:
            if promised.group == group.name or stop.by is Bound.CAPACITY:
                return Why(
                    Reason.QUEUED, f"what becomes free is kept for {_name(promised)}, for which others stop"
                )
    return Why(Reason.QUEUED, NEXT)  # what it waited for has just been given back


def _name(job: Candidate) -> str:
    return f"{job.id} of {job.user}"


def _bound(stop: Stop, group: Group, now: Snapshot) -> tuple[Resources, Quota]:
    if stop.by is Bound.USER:
        return now.held.of_user(stop.job.group, stop.job.user), group.user_quota
    if stop.by is Bound.GROUP:
        return now.held.of_group(stop.job.group), group.quota
    return now.held.total, as_quota(now.capacity)
