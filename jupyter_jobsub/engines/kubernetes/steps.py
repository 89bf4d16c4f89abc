"""What is to be done next for a task: a pure function of what its Pod says and of what is due."""

from __future__ import annotations

import enum

from .verdict import Seen


class Step(enum.Enum):
    """One thing to do; afterwards the Pod is looked at again."""

    WAIT = "wait"  # nothing until something changes or is due
    GIVE_UP = "give up"  # it never will start: have it end
    STOP = "stop"  # its deadline is over: have it end
    DROP = "drop"  # it is to end and has no node yet: see that it never gets one
    KILL = "kill"  # it was told to end and its grace is over
    ABANDON = "abandon"  # the same, and its node does not answer
    END = "end"  # nothing of it is left


def decide(seen: Seen, *, late: bool, graced: bool, abandoned: bool) -> Step:
    """Decide what to do next.

    Parameters
    ----------
    late:
        It has run for as long as it may.
    graced:
        It was told to end, and has had the time that it was given for it.
    abandoned:
        Its Pod was deleted without waiting for its node.
    """
    if seen.over or seen.void:
        return Step.END
    if seen.deleting and (not seen.scheduled or (abandoned and not seen.reachable)):
        return Step.END
    if seen.ended_by:
        return _end(seen) if graced or not seen.scheduled else Step.WAIT
    if seen.ended is None and (seen.hopeless or late):
        return Step.GIVE_UP if seen.hopeless else Step.STOP
    return Step.WAIT


def leaves(seen: Seen) -> bool:
    """Say whether its command has ended or is told to, so that what it has kept is to be fetched.

    While a node ends a Pod it does not say which of its containers have ended.
    """
    return (
        seen.started_at is not None
        and not seen.over
        and (seen.keeping or seen.deleting or bool(seen.ended_by))
    )


def _end(seen: Seen) -> Step:
    if not seen.scheduled:
        return Step.DROP
    if not seen.reachable:
        return Step.ABANDON
    runs = seen.started_at is not None and seen.ended is None
    return Step.KILL if runs or seen.stuck else Step.WAIT
