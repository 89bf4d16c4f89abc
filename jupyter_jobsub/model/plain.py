"""What a job has written, as text that no terminal acts upon."""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, the cursor
    r"|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # reports of progress, titles, links; also unfinished
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """Leave escape sequences out, and other control characters but line ends and tabs."""
    return _CONTROL.sub(" ", _SEQUENCE.sub("", text)).strip()
