"""What time it is in the cluster: nodes' clocks agree with its, and this machine's may not."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from time import monotonic

from ...model.job import Micros

SECOND = 1_000_000


class Hours:
    """The API server's clock, as the dates of its answers tell it, in whole seconds each.

    Of several it is known more exactly: an answer was dated after it was asked for, and before it came.
    """

    def __init__(self) -> None:
        self._earliest = float("inf")  # seconds from this machine's monotonic clock to that one
        self._latest = float("-inf")

    def hear(self, date: str | None, asked: float) -> None:
        """Take in an answer's ``Date``, and when it was asked for on the monotonic clock."""
        try:
            told = parsedate_to_datetime(date or "").timestamp()
        except (TypeError, ValueError):
            return
        earliest, latest = told - monotonic(), told + 1 - asked
        if earliest <= self._latest and latest >= self._earliest:
            self._earliest, self._latest = max(self._earliest, earliest), min(self._latest, latest)
        else:  # the first, or one of the clocks was set, or slept
            self._earliest, self._latest = earliest, latest

    def now(self) -> Micros | None:
        """Tell the time, at most a second late; None before any answer has."""
        if self._earliest > self._latest:
            return None
        return Micros(round((monotonic() + self._earliest) * SECOND))
