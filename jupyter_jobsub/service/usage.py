"""Quotas, what is held of them, how many jobs run and wait, and what is kept of those that ended."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..model.catalog import Catalog, Group
from ..model.job import Phase, UserName
from ..model.resources import Quota, Resources
from ..policy import Person
from ..scheduling.queues import Ledger
from ..store.base import Count
from . import render

NOTHING = Resources()


@dataclass(frozen=True)
class Disk:
    """Where logs, metrics and artifacts are kept: bytes that it has, that are free, that all jobs take."""

    total: int
    free: int
    kept: int


def usage(
    person: Person,
    catalog: Catalog,
    held: Ledger,
    counts: Sequence[Count],
    capacity: Resources | None,
    disk: Disk,
) -> dict[str, Any]:
    """Describe the groups of a person, or for an admin all of them, and all that is held of the machine.

    A group that is configured no more is told to admins as long as something of it is left.
    """
    tally = _Tally(held)
    for count in counts:
        tally.add(count)
    return {
        "capacity": render.resources(capacity) if capacity else None,
        "held": render.resources(held.total),
        "disk": {"total": disk.total, "free": disk.free, "kept_bytes": disk.kept},
        "groups": [
            _group(group, person, tally) | {"configured": group.name in catalog.groups}
            for group in _groups(person, catalog, tally)
        ],
    }


@dataclass
class _Tally:
    """What is held and who has jobs; a user None stands for a whole group."""

    held: Ledger
    jobs: Counter[tuple[str, UserName | None, str]] = field(default_factory=Counter)
    kept: Counter[tuple[str, UserName | None]] = field(default_factory=Counter)
    users: defaultdict[str, set[UserName]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for (group, user), amount in self.held.users.items():
            if amount.cpu or amount.memory or amount.gpus:
                self.users[group].add(user)

    def add(self, count: Count) -> None:
        for user in (count.user, None):
            self.kept[count.group, user] += count.bytes
        if count.bytes:
            self.users[count.group].add(count.user)
        if not (count.phase.placed or count.phase is Phase.PENDING):
            return
        kind = "running" if count.phase.placed else "waiting"
        self.jobs[count.group, count.user, kind] += count.jobs
        self.jobs[count.group, None, kind] += count.jobs
        self.users[count.group].add(count.user)

    def row(self, quota: Quota, group: str, user: UserName | None) -> dict[str, Any]:
        amounts = self.held.groups.get(group) if user is None else self.held.users.get((group, user))
        return {
            "quota": render.quota(quota),
            "held": render.resources(amounts or NOTHING),
            "over": _over(quota, amounts or NOTHING),
            "running": self.jobs[group, user, "running"],
            "waiting": self.jobs[group, user, "waiting"],
            "kept_bytes": self.kept[group, user],
        }


def _groups(person: Person, catalog: Catalog, tally: _Tally) -> Iterator[Group]:
    if not person.admin:
        yield from catalog.groups_of(person.name)
        return
    yield from catalog.groups.values()
    yield from (Group(name) for name in sorted(set(tally.users) - set(catalog.groups)))


def _group(group: Group, person: Person, tally: _Tally) -> dict[str, Any]:
    users = tally.users.get(group.name, set()) | ({person.name} if group.has(person.name) else set())
    rows = [{"name": user} | tally.row(group.user_quota, group.name, user) for user in sorted(users)]
    return {"name": group.name} | tally.row(group.quota, group.name, None) | {"users": rows}


def _over(quota: Quota, held: Resources) -> list[str]:
    """The resources of which more is held than the quota has: it was lowered since."""
    bounds = [("cpu", held.cpu, quota.cpu), ("memory", held.memory, quota.memory)]
    bounds += [("gpus", held.gpus, quota.gpus)]
    bounds += [(kind, held.gpu.get(kind, 0), limit) for kind, limit in quota.gpu.items()]
    return [name for name, amount, limit in bounds if limit is not None and amount > limit]
