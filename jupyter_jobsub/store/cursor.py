"""Cursors of the list: text that callers pass back as it came."""

from __future__ import annotations

import base64


def make_cursor(store: str, seq: int) -> str:
    """Write where a page of a store ends."""
    return base64.urlsafe_b64encode(f"{store}.{seq}".encode()).decode().rstrip("=")


def parse_cursor(cursor: str) -> tuple[str, int]:
    """Read the store's name and where the page ended.

    Raises
    ------
    ValueError
        If no store gives such a cursor.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    store, _, seq = text.partition(".")
    if not (seq.isascii() and seq.isdigit() and len(seq) < 19):
        raise ValueError(f"{cursor!r} is not a cursor")
    return store, int(seq)
