"""The newest lines of a log as a terminal would show them: the part of a terminal that logs make use of."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple

ROWS = 200  # lines that the cursor can go back to
COLUMNS = 2000  # what is further right is not kept
PIECE = 64 * 1024  # of more that comes at once, only the end is looked at
TAB = 8
_LONGEST = 4096  # an escape sequence that is longer is none

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[(?P<numbers>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # titles, links and the like
    r"|\x1b[ -/]*[0-OQ-WYZ`-~\\]"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])",
)
_PRIVATE = re.compile("[<-?]")
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\x9c]*\x1b?|[ -/]*)?\Z")


class Style(NamedTuple):
    """How text looks: a colour from 0 to 15 or None, and bold or not."""

    colour: int | None = None
    bold: bool = False


class Run(NamedTuple):
    """Neighbouring characters that look alike."""

    text: str
    style: Style


PLAIN = Style()


class _Row:
    __slots__ = ("styles", "text")

    def __init__(self) -> None:
        self.text: list[str] = []
        self.styles: list[Style] = []

    def put(self, at: int, text: str, style: Style) -> None:
        text = text[: max(0, COLUMNS - at)]
        gap = max(0, at - len(self.text))
        self.text += " " * gap
        self.styles += [PLAIN] * gap
        self.text[at : at + len(text)] = text
        self.styles[at : at + len(text)] = [style] * len(text)

    def cut(self, begin: int, end: int | None = None) -> None:
        """Erase a part; what is right of it stays where it is."""
        if end is None or end >= len(self.text):
            del self.text[begin:], self.styles[begin:]
        else:
            self.put(begin, " " * (end - begin), PLAIN)

    def runs(self) -> list[Run]:
        cells = zip(self.text, self.styles, strict=True)
        return [
            Run("".join(text for text, _ in group), style)
            for style, group in groupby(cells, key=lambda cell: cell[1])
        ]


class Terminal:
    """Takes a log's bytes as they come, cut anywhere; gives its newest lines."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = ""  # an escape sequence whose end has not come
        self._style = PLAIN
        self._column = 0
        self._up = 0  # rows between the cursor's and the last
        self._rows: deque[_Row] = deque([_Row()], ROWS)

    def feed(self, piece: bytes) -> None:
        """Take what was written next."""
        text = self._begun + self._decoder.decode(piece[-PIECE:])
        if len(piece) > PIECE:  # begin where a line does, if there is one
            text = text[re.search(r"[\r\n]|\Z", text).start() :]  # type: ignore[union-attr]
        begun = _BEGUN.search(text, max(0, len(text) - _LONGEST))
        self._begun = begun[0] if begun else ""
        for token in _TOKEN.finditer(text, 0, len(text) - len(self._begun)):
            if token["text"]:
                self._write(token["text"])
            elif token["control"]:
                self._control(token["control"])
            elif token["final"] and not _PRIVATE.search(token["numbers"]):
                self._sequence(token["final"], token["numbers"])

    def lines(self, count: int) -> list[list[Run]]:
        """Give the newest lines, the empty one that the cursor stands in left out."""
        rows = list(self._rows)
        while rows and not rows[-1].text:
            rows.pop()
        return [row.runs() for row in rows[-count:]]

    @property
    def _row(self) -> _Row:
        return self._rows[-1 - self._up]

    def _write(self, text: str) -> None:
        self._row.put(self._column, text, self._style)
        self._column = min(COLUMNS, self._column + len(text))

    def _control(self, sign: str) -> None:
        if sign == "\n":
            self._column = 0
            if self._up:
                self._up -= 1
            else:
                self._rows.append(_Row())
        elif sign == "\r":
            self._column = 0
        elif sign == "\b":
            self._column = max(0, self._column - 1)
        elif sign == "\t":
            self._column = min(COLUMNS, (self._column // TAB + 1) * TAB)

    def _sequence(self, final: str, numbers: str) -> None:
        given = [int(part[:6] or 0) for part in re.split("[;:]", numbers)]
        if final == "m":
            self._style = restyle(self._style, given)
        elif action := _ACTIONS.get(final):
            action(self, given[0])

    def _rise(self, count: int) -> None:
        self._up = min(len(self._rows) - 1, self._up + max(1, count))

    def _sink(self, count: int) -> None:
        self._up = max(0, self._up - max(1, count))

    def _move_to(self, column: int) -> None:
        self._column = min(COLUMNS, max(0, column))

    def _erase_in_line(self, which: int) -> None:
        begin = self._column if which == 0 else 0
        self._row.cut(begin, self._column + 1 if which == 1 else None)

    def _erase(self, which: int) -> None:
        if which == 0:
            for _ in range(self._up):
                self._rows.pop()
            self._up = 0
            self._erase_in_line(0)
        elif which in (2, 3):
            self._rows = deque([_Row()], ROWS)
            self._up = self._column = 0

    def _line_start(self, move: Callable[[Terminal, int], None], count: int) -> None:
        move(self, count)
        self._column = 0


_ACTIONS: dict[str, Callable[[Terminal, int], None]] = {
    "A": Terminal._rise,
    "B": Terminal._sink,
    "C": lambda t, n: t._move_to(t._column + max(1, n)),
    "D": lambda t, n: t._move_to(t._column - max(1, n)),
    "E": lambda t, n: t._line_start(Terminal._sink, n),
    "F": lambda t, n: t._line_start(Terminal._rise, n),
    "G": lambda t, n: t._move_to(max(1, n) - 1),
    "J": Terminal._erase,
    "K": Terminal._erase_in_line,
}


def restyle(style: Style, numbers: list[int]) -> Style:
    """Apply the numbers of an SGR sequence; colours beyond the 16 are left as they were."""
    rest = iter(numbers)
    for number in rest:
        if number == 0:
            style = PLAIN
        elif number in (1, 22):
            style = style._replace(bold=number == 1)
        elif 30 <= number <= 37 or 90 <= number <= 97:
            style = style._replace(colour=number - 30 if number < 90 else number - 82)
        elif number in (38, 48):  # followed by 5;n or 2;r;g;b
            for _ in range({5: 1, 2: 3}.get(next(rest, 0), 0)):
                next(rest, 0)
        elif number == 39:
            style = style._replace(colour=None)
    return style
