"""Cursors of the list: text that callers pass back as it came."""

from __future__ import annotations

import base64


def make_cursor(store: str, number: int, order: str = "") -> str:
    """Write where a page of a store ends: after which job or, in an order, how many jobs."""
    words = [store, *([order] if order else []), str(number)]
    return base64.urlsafe_b64encode(".".join(words).encode()).decode().rstrip("=")


def parse_cursor(cursor: str) -> tuple[str, str, int]:
    """Read the store's name, the order ("" is of arrival) and where the page ended.

    Raises
    ------
    ValueError
        If no store gives such a cursor.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    store, _, rest = text.partition(".")
    order, _, number = rest.rpartition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise ValueError(f"{cursor!r} is not a cursor")
    return store, order, int(number)
