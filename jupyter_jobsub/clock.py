"""The time that is stored, and by which everything that is due comes."""

from __future__ import annotations

import threading
import time

from .model.job import Micros

FAR = 2 * 3600 * 1_000_000
SLEW = 10  # the part of the time that passes by which a clock that was set is neared


def wall_clock() -> Micros:
    """Microseconds since 1970, UTC, as the machine's clock says."""
    return Micros(time.time_ns() // 1000)


def uptime() -> int:
    """Microseconds since the machine was started, its sleep among them; nobody can set it."""
    return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)) // 1000


class SteadyClock:
    """UTC that does not jump when the machine's clock is set, so that nothing ends early or late by it.

    It goes with the time since boot, and nears the machine's clock by no more than a tenth of what
    passes: after an hour's step it is right again within half a day. One that is off by more than two
    hours is followed at once: it was altogether wrong, or a virtual machine slept and did not count it.
    Callable from any thread.
    """

    def __init__(self) -> None:
        self._at, self._uptime = wall_clock(), uptime()
        self._lock = threading.Lock()

    def __call__(self) -> Micros:
        """Microseconds since 1970."""
        with self._lock:
            now = uptime()
            passed, self._uptime = now - self._uptime, now
            due = self._at + passed
            astray = wall_clock() - due
            most = passed // SLEW
            self._at = Micros(due + (astray if abs(astray) > FAR else max(-most, min(astray, most))))
            return self._at
