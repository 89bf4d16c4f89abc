"""Rows for people on a terminal, plain text for pipes, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from ..client.words import harmless, seconds
from .terminal import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rich.table import Table

ROOMY = 32  # columns that a name, and what stands last in a table, keep if they can
SHORTEST = 8  # and on a narrow terminal
GAP = 2
PHASE_STYLES = {
    "Running": "cyan",
    "Succeeded": "green",
    "Failed": "red",
    "Unknown": "magenta",
    "Preparing": "yellow",
    "Cancelled": "dim",
    "Paused": "dim",
}


def note(text: str) -> None:
    """Tell a person something that is not part of the output."""
    terminal().note(terminal().spelled(text))


def json_line(row: object) -> None:
    """Print one object on one line."""
    print(json.dumps(row, ensure_ascii=False, separators=(",", ":")), flush=True)


def clean(value: object) -> str:
    """Show a value in a table or field, and "-" for none."""
    return "-" if value is None or value == "" else harmless(str(value))


def table(
    titles: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = (), fold: bool = False
) -> None:
    """Print a table: ruled on a terminal, separated by tabs elsewhere; the last column is folded or cut."""
    texts = [[clean(value) for value in row] for row in rows]
    if terminal().for_people():
        _rich_table(titles, texts, right, fold)
        return
    for cells in [list(titles), *texts]:
        print("\t".join(cells))


def _rich_table(titles: Sequence[str], rows: list[list[str]], right: Sequence[str], fold: bool) -> None:
    from rich.console import Console

    console = Console()
    grid = ruled(titles, rows, console.width, right=right)
    if fold:
        grid.columns[-1].no_wrap, grid.columns[-1].overflow = False, "fold"
    console.print(grid)


def ruled(titles: Sequence[str], rows: list[list[str]], width: int, *, right: Sequence[str] = ()) -> Table:
    """Make a table that fits a terminal."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, padding=(0, GAP - 1, 0, 0), pad_edge=False, show_edge=False)
    for title, limit in zip(titles, _limits(titles, rows, width), strict=True):
        justify: Any = "right" if title in right else "left"
        grid.add_column(title, justify=justify, no_wrap=True, overflow="ellipsis", max_width=limit)
    for row in rows:
        grid.add_row(*(Text(cell, style=PHASE_STYLES.get(cell, "")) for cell in row))
    return grid


def _limits(titles: Sequence[str], rows: list[list[str]], width: int) -> list[int]:
    """Give each column what it needs, the name and the last one what the others leave."""
    from rich.cells import cell_len

    limits = [max(map(cell_len, column)) for column in zip(titles, *rows, strict=True)]
    over = sum(limits) + GAP * (len(limits) - 1) - width
    for least in (ROOMY, SHORTEST):
        for place in (_place(titles, "NAME"), len(limits) - 1):
            cut = max(0, min(over, limits[place] - least))
            limits[place] -= cut
            over -= cut
    return limits


def _place(titles: Sequence[str], title: str) -> int:
    return titles.index(title) if title in titles else -1


def fields(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names with their values, a line each; what has no value is left out."""
    given = [(name, clean(value)) for name, value in pairs if value is not None and value != ""]
    width = max((len(name) for name, _ in given), default=0) + 3
    for name, text in given:
        print(f"{name + ':':<{width}}{text}" if terminal().for_people() else f"{name}\t{text}")


def short_time(at: str | None) -> str | None:
    """Cut a time to seconds, in the local zone on a terminal and in UTC elsewhere."""
    if at is None or not terminal().for_people():
        return at and f"{at[:19]}Z"
    from datetime import datetime

    return datetime.fromisoformat(at.replace("Z", "+00:00")).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def age(at: str) -> str:
    """Say how long ago a time was."""
    from datetime import datetime, timezone

    then = datetime.fromisoformat(at.replace("Z", "+00:00"))
    return seconds(max(0.0, (datetime.now(timezone.utc) - then).total_seconds()))
