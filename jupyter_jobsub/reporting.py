"""Says from inside a job how far it is; the standard library alone, quick to import."""

from __future__ import annotations

import atexit
import contextlib
import math
import os
import sys
import threading
import time

from .reports import CLOSE, MAX_TEXT, OPEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.util import Finalize

INTERVAL = 0.2  # seconds between two reports; of those in between the last one is written
REPEAT = 10.0  # seconds until one that says the same is written again, for readers of the log's end


def progress(fraction: float, text: str = "") -> None:
    """Report how far this job is.

    Call it as often as you like, from any thread, in processes of ``multiprocessing`` too: reports that
    follow each other closely are written as one, and the last one always. Outside a job nothing happens.

    Parameters
    ----------
    fraction
        From 0 to 1; any type of number.
    text
        For people, such as ``"epoch 2/5"``; of more than 200 characters the first ones count.

    Raises
    ------
    TypeError
        If the fraction is no number, or the text no text.
    ValueError
        If the fraction is not between 0 and 1.
    """
    value = _fraction(fraction)
    if not isinstance(text, str):
        raise TypeError(f"text is {text!r}: give a text, such as 'epoch 2/5'")
    if "JOBSUB_JOB_ID" in os.environ:
        _reporter.report(f"{value:.6g};{_line(text)}", percent=int(value * 100))


def _fraction(fraction: float) -> float:
    try:
        value = float(fraction)
    except (TypeError, ValueError) as error:
        raise TypeError(f"fraction is {fraction!r}: give a number from 0 to 1") from error
    if not -1e-6 <= value <= 1 + 1e-6 or math.isnan(value):
        raise ValueError(f"fraction is {fraction!r}: give a number from 0 to 1")
    return min(max(value, 0.0), 1.0)


def _line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text[:MAX_TEXT])


class _Reporter:
    """Writes reports to the process's standard output, whatever ``sys.stdout`` is now."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._written, self._at = "", -math.inf
        self._percent = -1  # the highest
        self._waiting: str | None = None
        self._timer: threading.Timer | None = None
        self._finalizer: Finalize | None = None

    def report(self, report: str, percent: int) -> None:
        """Write it now, or soon; each percent that is reached now, or whoever is killed would lose it."""
        with self._lock:
            self._waiting = report
            since = math.inf if percent > self._percent else time.monotonic() - self._at
            self._percent = max(self._percent, percent)
            if report == self._written and since < REPEAT:
                self._waiting = None
            elif since >= INTERVAL:
                self.flush()
            elif self._timer is None:
                self._timer = threading.Timer(INTERVAL - since, self.flush)
                self._timer.daemon = True
                self._timer.start()
                if util := sys.modules.get("multiprocessing.util"):  # its children run no atexit
                    self._finalizer = util.Finalize(None, self.flush, exitpriority=0)

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
            if self._finalizer:
                self._finalizer.cancel()
            self._timer = self._finalizer = None
            report, self._waiting = self._waiting, None
            if report is not None:
                self._written, self._at = report, time.monotonic()
                _write(OPEN + report.encode("utf-8", "replace") + CLOSE)


def _write(data: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):  # no reader, no room, closed: no job ends because of that
        os.write(sys.__stdout__.fileno() if sys.__stdout__ else 1, data)


_reporter = _Reporter()


def _begin_anew() -> None:
    global _reporter
    _reporter = _Reporter()


os.register_at_fork(after_in_child=_begin_anew)  # a lock that another thread held would never be free
atexit.register(lambda: _reporter.flush())
