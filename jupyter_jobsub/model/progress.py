"""How far a job is, read from the end of its log.

A job reports its progress by an escape sequence (`jupyter_jobsub.reports`). Without one the newest line
such as tqdm's counts. The order, where several are found:

1. the newest report of the job itself, whatever tqdm wrote since: the job knows best;
2. a line like tqdm's that is newer than the last notebook cell's end;
3. the notebook's cells: the runner reports ``cell K/N`` when K of N cells have run.

A tqdm line that follows ``cell K/N`` is the progress *inside* the next cell, so that a notebook's
progress only ever grows: with 3 of 4 cells done and the fourth at 50 % it is 0.875. The runner repeats
its report while a cell writes much; all that are equal count as one. When a cell has reported by itself,
it repeats that report instead and tells cells no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..reports import MAX_TEXT, OPEN, REPORT
from .plain import plain

LEAST = 0.01  # of a job must be done before anybody can say when the rest will be
_LOOK_BACK = 50  # candidates of a kind that are tried, so that no log makes it slow
_CELLS = re.compile(r"cell (\d{1,9})/(\d{1,9})")
_BAR = re.compile(r"(?P<what>.*?)(?P<percent>\d{1,3})%\|[^|]*\|\s*(?P<rest>\S.*?/.*?(\]|$))")


@dataclass(frozen=True)
class Progress:
    """How far it is: a fraction from 0 to 1, and a few words."""

    fraction: float
    text: str = ""


def remaining(fraction: float, reached: float, ran: float) -> int | None:
    """Estimate how many seconds a job goes on, if it stays as fast as it was up to a fraction.

    Parameters
    ----------
    fraction
        How far it is.
    reached, ran
        Seconds for which it had run when it got there, and has run by now.

    Returns
    -------
    int or None
        None where nobody knows: below 1 %, or when it should be done by now.
    """
    if fraction >= 1:
        return 0
    left = reached / fraction - ran if fraction >= LEAST else -1
    return round(left) if left >= 0 else None


def parse_progress(tail: bytes) -> Progress | None:
    """Find the progress in the last bytes of a log, wherever they begin and end; None if it has none."""
    reported, at = _newest_report(tail)
    cells = _CELLS.fullmatch(reported.text) if reported else None
    if reported and not cells:
        return reported
    bar = _newest_bar(tail[at:])
    if reported and bar and cells:
        return _inside(int(cells[1]), int(cells[2]), reported, bar)
    return bar or reported


def _newest_report(tail: bytes) -> tuple[Progress | None, int]:
    """The newest whole report, and where the first of its equals ends."""
    newest, at, end = None, 0, len(tail)
    for _ in range(_LOOK_BACK):
        start = tail.rfind(OPEN, 0, end)
        if start < 0:
            break
        end = start
        match = REPORT.match(tail, start)
        found = _report(match[1]) if match and match[2] else None
        if found and newest and found != newest:
            break
        if match and found:
            newest, at = found, match.end()
    return newest, at


def _report(body: bytes) -> Progress | None:
    fraction, _, text = body.decode("utf-8", "replace").partition(";")
    try:
        value = float(fraction)
    except ValueError:
        return None
    return Progress(value, _clean(text)) if 0 <= value <= 1 else None


def _newest_bar(tail: bytes) -> Progress | None:
    end = len(tail)
    for _ in range(_LOOK_BACK):
        found = tail.rfind(b"%|", 0, end)
        if found < 0:
            break
        start = max(tail.rfind(b"\r", 0, found), tail.rfind(b"\n", 0, found)) + 1
        line = re.split(rb"[\r\n]", tail[start : found + 1000], maxsplit=1)[0]
        if bar := _bar(line[-1000:].decode("utf-8", "replace")):
            return bar
        end = start
    return None


def _bar(line: str) -> Progress | None:
    match = _BAR.match(line)
    if not match or int(match["percent"]) > 100:
        return None
    return Progress(int(match["percent"]) / 100, _clean(match["what"] + match["rest"]))


def _inside(done: int, total: int, reported: Progress, bar: Progress) -> Progress:
    if done >= total:
        return reported
    text = f"cell {done + 1}/{total}: {bar.text}"
    return Progress(max((done + bar.fraction) / total, reported.fraction), text[:MAX_TEXT])


def _clean(text: str) -> str:
    return " ".join(plain(text).split())[:MAX_TEXT]
