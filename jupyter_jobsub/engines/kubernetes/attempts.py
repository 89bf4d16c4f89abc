"""Which tasks of an attempt are not settled yet: what they have together goes with the last of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from ...model.job import JobId, TaskKey
from ...model.spec import JobSpec

Attempt: TypeAlias = tuple[JobId, int]


class Attempts:
    """The tasks of each attempt that something was launched of in this process's life."""

    def __init__(self) -> None:
        self._left: dict[Attempt, set[TaskKey]] = {}
        self._gone: set[TaskKey] = set()  # of attempts that nobody has launched yet

    def begin(self, key: TaskKey, spec: JobSpec) -> None:
        """Take note of an attempt: all of its tasks will be settled some time."""
        if (attempt := _of(key)) not in self._left:
            self._left[attempt] = set(_tasks(key, spec)) - self._gone

    def leave(self, key: TaskKey) -> bool:
        """Take note that a task is settled; say whether it was the last."""
        left = self._left.get(_of(key))
        if left is None:
            self._gone.add(key)
            return False
        left.discard(key)
        return not left

    def come_back(self, key: TaskKey) -> None:
        """Have a task settled once more."""
        self._gone.discard(key)
        self._left.setdefault(_of(key), set()).add(key)

    def forget(self, job: JobId) -> None:
        """Forget a job."""
        self._left = {attempt: left for attempt, left in self._left.items() if attempt[0] != job}
        self._gone = {key for key in self._gone if key.job != job}


def _of(key: TaskKey) -> Attempt:
    return key.job, key.attempt


def _tasks(key: TaskKey, spec: JobSpec) -> Iterable[TaskKey]:
    for role, tasks in spec.roles.items():
        for index in range(tasks):
            yield TaskKey(key.job, key.attempt, role, index)
