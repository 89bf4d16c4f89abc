"""What tasks use, one file of fixed size per task key, ``<root>/<job>/<attempt>.<role>.<index>.metrics``.

Nothing is synced: a machine that crashes loses the last half minute of a curve.
"""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

from ..model.job import Micros, TaskKey
from ..model.metrics import PERIOD, WINDOWS, Series, Usage, bucket, series
from .rings import MOST_GPUS, Layout, opened, read_layout

_NAMES = [window.name for window in WINDOWS]


class MetricsArchive:
    """Series of what tasks used, kept with their logs. Callable from any thread.

    Parameters
    ----------
    root:
        The folder that holds the jobs' folders.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()

    def path(self, key: TaskKey) -> Path:
        """The file of a task."""
        return self._root / key.job / f"{key.attempt}.{key.role}.{key.index}.metrics"

    def append(self, key: TaskKey, usage: Usage) -> None:
        """Add what was used in the ``PERIOD`` before ``usage.at``, unless the file is sealed.

        Raises
        ------
        OSError
            If it can't be written; FileNotFoundError if nothing is kept of the job any more.
        """
        path, moment = self.path(key), _middle(usage)
        with self._lock:
            if _sealed(path):
                return
            layout = read_layout(path) or _create(path, usage)
            if moment < layout.begin:  # the clock was set back
                return
            layout = layout.widened(path, moment)
            with opened(path, os.O_RDWR) as fd:
                for ring, step in enumerate(layout.steps):
                    layout.add(fd, ring, bucket(usage, layout.gpus, moment // step))

    def read(self, key: TaskKey, window: str, now: Micros | None) -> Series | None:
        """Read a window that ends now, or with what is newest; None if nothing of the task is kept.

        Parameters
        ----------
        window:
            The name of one of ``WINDOWS``.
        now:
            None for what runs no more.
        """
        path, ring = self.path(key), _NAMES.index(window)
        with self._lock:
            layout = read_layout(path)
            if layout is None:
                return None
            with opened(path, os.O_RDONLY) as fd:
                buckets, newest = layout.read(fd, ring), layout.read(fd, 0)
        moment = max((one.slot * PERIOD for one in newest), default=layout.begin)
        if now is not None:
            moment = now // 1_000_000
        step = layout.steps[ring]
        return series(step, layout.slots(ring, moment // step), buckets, layout.gpus)

    def seal(self, key: TaskKey) -> None:
        """Take no more of a task."""
        path = self.path(key)
        with self._lock:
            if path.exists():
                path.chmod(0o400)


def _middle(usage: Usage) -> int:
    """Seconds since 1970 in the middle of the period: a sample may come a little early or late."""
    return (usage.at - PERIOD * 500_000) // 1_000_000


def _create(path: Path, usage: Usage) -> Layout:
    gpus = tuple(usage.gpus)[:MOST_GPUS]
    layout = Layout(_middle(usage) // PERIOD * PERIOD, WINDOWS[-1].step, gpus)
    layout.write(path)
    return layout


def _sealed(path: Path) -> bool:
    try:
        return not path.stat().st_mode & stat.S_IWUSR
    except FileNotFoundError:
        return False
