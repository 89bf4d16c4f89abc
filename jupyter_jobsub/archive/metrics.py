"""What tasks use, one file of fixed size per task key, ``<root>/<job>/<attempt>.<role>.<index>.metrics``.

Nothing is synced: a machine that crashes loses the last half minute of a curve.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from ..model.job import Micros, TaskKey
from ..model.metrics import PERIOD, WINDOWS, Series, Usage, bucket, series
from .files import opened
from .logs import LogArchive
from .rings import MOST_GPUS, Layout, read_layout

_NAMES = [window.name for window in WINDOWS]


class MetricsArchive:
    """Series of what tasks used, kept beside their logs and sealed with them. Callable from any thread.

    Parameters
    ----------
    logs:
        Where the tasks' logs are.
    """

    def __init__(self, logs: LogArchive) -> None:
        self._logs = logs
        self._lock = threading.Lock()

    def path(self, key: TaskKey) -> Path:
        """The file of a task."""
        return self._logs.beside(key, ".metrics")

    def append(self, key: TaskKey, usage: Usage) -> None:
        """Add what was used in the ``PERIOD`` before ``usage.at``, unless the task's log is sealed or gone.

        Raises
        ------
        OSError
            If it can't be written.
        """
        path, moment = self.path(key), _middle(usage)
        with self._lock:
            if self._sealed(key):
                return
            layout = read_layout(path) or _create(path, usage)
            if moment < layout.begin:  # the clock was set back
                return
            layout = layout.widened(path, moment)
            with opened(path, os.O_RDWR) as fd:
                for ring, step in enumerate(layout.steps):
                    layout.add(fd, ring, bucket(usage, layout.gpus, moment // step))

    def read(self, key: TaskKey, window: str, now: Micros) -> Series:
        """Read one of ``WINDOWS``, up to now or to the task's end; it is empty if nothing is kept of it."""
        path, ring = self.path(key), _NAMES.index(window)
        with self._lock:
            layout = read_layout(path)
            if layout is None:
                return series(WINDOWS[ring].step, range(0), [], [])
            with opened(path) as fd:
                buckets, newest = layout.read(fd, ring), layout.read(fd, 0)
        moment = now // 1_000_000 - PERIOD  # what is used now, the next sample says
        if self._sealed(key):
            moment = max((one.slot * PERIOD for one in newest), default=layout.begin)
        step = layout.steps[ring]
        return series(step, layout.slots(ring, moment // step), buckets, layout.gpus)

    def _sealed(self, key: TaskKey) -> bool:
        info = self._logs.info(key)
        return info is None or info.sealed


def _middle(usage: Usage) -> int:
    """Seconds since 1970 in the middle of the period: a sample may come a little early or late."""
    return (usage.at - PERIOD * 500_000) // 1_000_000


def _create(path: Path, usage: Usage) -> Layout:
    gpus = tuple(usage.gpus)[:MOST_GPUS]
    layout = Layout(_middle(usage) // PERIOD * PERIOD, WINDOWS[-1].step, gpus)
    layout.write(path)
    return layout
