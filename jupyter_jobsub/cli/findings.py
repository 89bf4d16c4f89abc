"""What ``doctor`` finds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Finding(NamedTuple):
    """What one check says: ok, warn or fail, in words, and what to do."""

    level: str
    check: str
    text: str
    remedy: str = ""


Findings = Iterator[Finding]
