"""How a notebook shows jobs: as live views."""

from __future__ import annotations

from typing import Any

from ..client.job import Job
from ..client.sweep import Sweep
from .display import unwatch_cells, watch_cells
from .jobs import view


def register(ipython: Any) -> None:
    """Have a notebook show jobs as live views, and close these when their cell is run again.

    Jobs, sweeps and lists of jobs are shown so. Outside a kernel they stay the text that they are.

    Parameters
    ----------
    ipython:
        The shell.
    """
    if getattr(ipython, "kernel", None) is None:
        return
    formatter = ipython.display_formatter.ipython_display_formatter
    for kind in (Job, Sweep):
        formatter.for_type(kind, lambda found: view(found).show())
    formatter.for_type(list, _show_list)
    watch_cells(ipython)


def unregister(ipython: Any) -> None:
    """Undo what `register` did, and close all views."""
    formatter = ipython.display_formatter.ipython_display_formatter
    for kind in (Job, Sweep, list):
        formatter.pop(kind, None)
    unwatch_cells(ipython)


def _show_list(items: list[Any]) -> None:
    if not items or not all(isinstance(item, Job) for item in items):
        raise NotImplementedError  # IPython goes on to how lists are shown
    view(items).show()
