"""What a list can be sorted by, and which way."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ..model.job import Phase

LIFECYCLE = (
    *(Phase.RUNNING, Phase.PREPARING, Phase.PENDING, Phase.PAUSED, Phase.UNKNOWN),
    *(Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED),
)
"""Phases as a list is sorted by them: first what runs, then what will, at last what has ended."""


class Sort(str, enum.Enum):
    """What a list is sorted by."""

    SUBMITTED = "submitted"  # arrival: seq
    STARTED = "started"
    FINISHED = "finished"
    DURATION = "duration"  # of what has not ended, until now
    NAME = "name"  # upper and lower case alike
    ID = "id"
    USER = "user"  # upper and lower case of A to Z alike, as of a group
    GROUP = "group"
    PHASE = "phase"  # LIFECYCLE
    PRIORITY = "priority"
    GPUS = "gpus"  # devices asked for, of all types together
    PREEMPTIBLE = "preemptible"


FROM_THE_LEAST = frozenset({Sort.NAME, Sort.ID, Sort.USER, Sort.GROUP, Sort.PHASE})
"""What people read from A to Z, or from what runs on; all else from the newest, longest or most on."""


@dataclass(frozen=True)
class Order:
    """A column and a direction."""

    by: Sort = Sort.SUBMITTED
    ascending: bool = False

    @classmethod
    def of(cls, by: Sort, direction: str | None = None) -> Order:
        """Sort ``asc``, ``desc``, or the way that one would expect."""
        return cls(by, by in FROM_THE_LEAST if direction is None else direction == "asc")

    def __str__(self) -> str:
        return f"{self.by.value}-{'asc' if self.ascending else 'desc'}"


NEWEST_FIRST = Order()
