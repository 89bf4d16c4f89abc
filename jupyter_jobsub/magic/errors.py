"""How a command's error reaches a cell."""

from __future__ import annotations

from collections.abc import Sequence


class CommandFailed(Exception):
    """A command failed; shown in the command line's words, without a traceback, and ends Run All."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = list(lines)

    def _render_traceback_(self) -> list[str]:
        # IPython shows this in place of a traceback
        return self.lines
