r"""Reports of progress inside a job's output, and the output without them.

A report is an escape sequence, which terminals swallow and any language can print::

    ESC ] 7717 ; FRACTION ; TEXT BEL

    printf '\033]7717;0.25;epoch 5 of 20\a'

The other standard end, ESC and a backslash, is as good as BEL.

FRACTION is a number from 0 to 1. TEXT is for people, at most 200 characters, and may be empty. Programs
read reports; people are shown the output without them, wherever it is cut into pieces. Nor are they shown one
that its line's or the output's end cuts off: a terminal would wait for the rest of it.
"""

from __future__ import annotations

import re

MAX_TEXT = 200  # characters
OPEN, CLOSE = b"\x1b]7717;", b"\x07"
LONGEST = 1709  # bytes of a report
_ESC = b"\x1b"
REPORT = re.compile(rb"\x1b\]7717;([^\x07\x1b\n]{0,1700})(\x07|\x1b\\|(?=\n))")
"""A report: its fraction and text, its end; or what is left of one in its line, which has none."""
_BEGUN = re.compile(rb"\x1b(\](7(7(1(7(;[^\x07\x1b\n]{0,1700}\x1b?)?)?)?)?)?)?")


def _begins(text: bytes) -> int:
    """Where, at the end of a text, a report begins that may go on; the text's length if none does."""
    since = max(0, len(text) - LONGEST)
    last = text.rfind(_ESC, since)
    for at in (text.rfind(_ESC, since, max(since, last)), last):  # the last may be half of an end
        if at >= 0 and _BEGUN.fullmatch(text, at):
            return at
    return len(text)


class Hidden:
    """Leaves reports out of a text that comes in pieces.

    Parameters
    ----------
    before:
        What precedes the text and has been shown, of which the last `LONGEST` bytes count.
    """

    def __init__(self, before: bytes = b"") -> None:
        self.newest: bytes | None = None  # the last report that was left out
        self._held = before[_begins(before) :]
        self._shown = len(self._held)  # of what is held

    @property
    def held(self) -> int:
        """How many bytes at the end of what came are not decided on."""
        return len(self._held) - self._shown

    def of(self, piece: bytes) -> bytes:
        """Give what can be shown by now."""
        if not self._held and _ESC not in piece:
            return piece
        text, shown = self._held + piece, self._shown
        at = _begins(text)
        self._held, self._shown = text[at:], shown if at == 0 else 0
        if at == 0:
            return b""
        if whole := [report[0] for report in REPORT.finditer(text, 0, at) if report[2]]:
            self.newest = whole[-1]
        return REPORT.sub(b"", text[:at])[0 if REPORT.match(text) else shown :]

    def rest(self) -> bytes:
        """Give what was held and is no report, at the end; what is left of one that was cut off is none."""
        held, self._held = self._held, b""
        return b"" if held.startswith(OPEN) else held[self._shown :]


def without_reports(text: bytes) -> bytes:
    """Leave the reports out of a whole text."""
    hidden = Hidden()
    return hidden.of(text) + hidden.rest()
