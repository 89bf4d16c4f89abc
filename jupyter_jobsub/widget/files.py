"""A link to a job's file, where the Jupyter server that shows this notebook can open it."""

from __future__ import annotations

from .markup import link


def link_to(path: str | None) -> str:
    """HTML of an output notebook."""
    return link("Output", path, "") if path else ""
