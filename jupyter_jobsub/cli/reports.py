"""Reports of progress inside a log: they are for programs, and people are shown the log without them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_REPORT = re.compile(rb"\x1b\]7717;[^\x07\x1b\n]{0,1700}\x07")
_BEGUN = re.compile(rb"\x1b(\](7(7(1(7(;[^\x07\x1b\n]{0,1700})?)?)?)?)?)?\Z")


class Hidden:
    """Leaves reports out of a log that comes in pieces, wherever they are cut."""

    def __init__(self) -> None:
        self._held = b""

    def of(self, piece: bytes) -> bytes:
        """Give what can be shown by now."""
        text = _REPORT.sub(b"", self._held + piece)
        begun = _BEGUN.search(text)
        at = begun.start() if begun else len(text)
        self._held = text[at:]
        return text[:at]

    def rest(self) -> bytes:
        """Give what was held and became no report, at the end."""
        held, self._held = self._held, b""
        return held


def hidden_in(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Leave reports out of a whole log."""
    hidden = Hidden()
    yield from map(hidden.of, pieces)
    yield hidden.rest()
