"""Who may what: the table of rights, in one place."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .model.job import Intent, Job, Phase, UserName
from .settings import Settings
from .store.base import Visible


class Action(str, enum.Enum):
    """What can be done to a job."""

    SEE = "see"  # its row
    READ = "read"  # spec, log, timeline
    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    EDIT = "edit"  # name at any time, priority and deadline while it waits
    RERUN = "rerun"
    CLONE = "clone"
    PURGE = "purge"  # log, metrics and artifacts
    DELETE = "delete"


OF_OWNERS = frozenset(Action)
OF_MEMBERS = frozenset({Action.SEE})
OF_MEMBERS_THAT_SHARE = OF_MEMBERS | {Action.READ, Action.CLONE}
OF_ADMINS = OF_OWNERS - {Action.RERUN}  # a rerun would be the owner's own submit
CHANGES = tuple(action for action in Action if action not in (Action.SEE, Action.READ))


@dataclass(frozen=True)
class Person:
    """An authenticated identity; the name never comes from a request's body."""

    name: UserName
    admin: bool = False


def visible(person: Person, settings: Settings) -> Visible:
    """What the person may list: everything for an admin, else own jobs and those of own groups."""
    groups = None if person.admin else frozenset(g.name for g in settings.catalog.groups_of(person.name))
    return Visible(person.name, groups)


def may(person: Person, action: Action, job: Job, settings: Settings) -> bool:
    """Say whether the person may do it, whatever the job's phase."""
    return action in rights(person, job, settings)


def rights(person: Person, job: Job, settings: Settings) -> frozenset[Action]:
    """What the person may do to the job: as owner, as admin of all or of its group, as member, or nothing."""
    if person.name == job.user:
        return OF_OWNERS
    group = settings.catalog.groups.get(job.spec.group or "")
    if person.admin or (group and person.name in group.admins):
        return OF_ADMINS
    if group is None or not group.has(person.name):
        return frozenset()
    return OF_MEMBERS_THAT_SHARE if group.share_logs else OF_MEMBERS


def who_may(settings: Settings) -> object:
    """The part of the settings that rights depend on, to compare."""
    groups = settings.catalog.groups.values()
    return settings.admins, [(g.name, g.members, g.admins, g.share_logs) for g in groups]


def hides_env(person: Person, job: Job) -> bool:
    """Values of variables are for the owner alone."""
    return person.name != job.user


def possible(action: Action, job: Job) -> bool:
    """Say whether the job's phase allows it."""
    return _is_possible(action, job.phase, job.intent)


def repeated(action: Action, job: Job) -> bool:
    """Say whether it was asked for before: the first answer may have been lost, so twice is once."""
    if action is Action.CANCEL:
        return job.intent is Intent.CANCEL and (not job.phase.final or job.phase is Phase.CANCELLED)
    return action is Action.PAUSE and job.intent is Intent.PAUSE and not job.phase.final


@lru_cache(maxsize=1024)  # a list asks for hundreds
def allowed(granted: frozenset[Action], phase: Phase, intent: Intent) -> Sequence[str]:
    """Name the changes that these rights and a job's state allow."""
    return [a.value for a in CHANGES if a in granted and _is_possible(a, phase, intent)]


def _is_possible(action: Action, phase: Phase, intent: Intent) -> bool:
    return _POSSIBLE[action](phase, intent) if action in _POSSIBLE else True


_POSSIBLE: Mapping[Action, Callable[[Phase, Intent], bool]] = {
    Action.CANCEL: lambda phase, intent: not phase.final and intent is not Intent.CANCEL,
    Action.PAUSE: lambda phase, intent: (
        not phase.final and phase is not Phase.PAUSED and intent is Intent.RUN
    ),
    Action.RESUME: lambda phase, intent: phase is Phase.PAUSED and intent is Intent.PAUSE,
    Action.RERUN: lambda phase, intent: phase.final,
    Action.PURGE: lambda phase, intent: phase.final,
    Action.DELETE: lambda phase, intent: phase.final,
}
