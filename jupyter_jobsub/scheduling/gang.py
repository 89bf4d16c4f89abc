"""Which task decides how an attempt ends: a pure function of the tasks as far as they have ended.

It goes by when they ended, never by when that was heard of, so that every order of reports, also
one that a crash has mixed, comes to the same decision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model.job import Reason, Task
from ..model.spec import JobSpec, TaskRole

_PLAIN = TaskRole(name="main", command=":")  # what a job without roles is
# it is the attempt that has failed then, whatever the counts allow: it is not whole, or its time is over
_WHATEVER_THE_COUNTS = (Reason.LAUNCH_FAILED, Reason.DEADLINE_EXCEEDED)


@dataclass(frozen=True)
class Decision:
    """How the attempt ends, and by which task."""

    succeeded: bool
    by: Task


def decide(spec: JobSpec, tasks: Sequence[Task]) -> Decision | None:
    """Find the first task, in the order of their ends, with which a count of its role is reached.

    When all have ended by themselves and no count is reached, the attempt has succeeded, unless
    a role lacks successes that it asks for and its failures count.
    """
    roles = {role.name: role for role in spec.task_roles} or {"main": _PLAIN}
    ended = sorted((task for task in tasks if task.finished_at is not None), key=_order)
    numbers: Counter[tuple[str, bool]] = Counter()
    for task in ended:
        if task.reason is Reason.HALTED:
            continue
        role, succeeded = roles[task.key.role], task.reason is Reason.COMPLETED
        numbers[role.name, succeeded] += 1
        enough = role.min_succeeded if succeeded else role.min_failed
        if numbers[role.name, succeeded] == enough or task.reason in _WHATEVER_THE_COUNTS:
            return Decision(succeeded, task)
    if len(ended) < len(tasks) or any(task.reason is Reason.HALTED for task in ended):
        return None
    return _at_the_end(roles, ended)


def _at_the_end(roles: Mapping[str, TaskRole], ended: Sequence[Task]) -> Decision:
    """Decide by the last failure of a role that has fallen short, else by the last success."""
    short = {name for name, role in roles.items() if role.min_succeeded and role.min_failed}
    failed = [task for task in ended if task.reason is not Reason.COMPLETED]
    if counted := [task for task in failed if task.key.role in short]:
        return Decision(False, counted[-1])
    return Decision(True, next((task for task in reversed(ended) if task not in failed), ended[-1]))


def _order(task: Task) -> tuple[int, str, int]:
    return (task.finished_at or 0, task.key.role, task.key.index)
