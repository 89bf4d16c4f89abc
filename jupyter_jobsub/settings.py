"""The part of the configuration that can change while the service runs, as one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .archive import ArtifactLimits
from .clock import wall_clock
from .model.catalog import Catalog
from .model.job import Micros


@dataclass(frozen=True)
class Settings:
    """Replaced as a whole when the configuration is reread.

    Parameters
    ----------
    admins:
        User names that may see and end every job.
    start_timeout, pull_timeout, halt_grace:
        Seconds.
    max_waiting_per_user:
        Jobs of one person that may wait.
    artifacts:
        What is kept of one attempt's.
    clock:
        Where the time comes from.
    """

    catalog: Catalog
    admins: frozenset[str] = frozenset()
    start_timeout: float = 180.0
    pull_timeout: float = 1800.0
    halt_grace: float = 10.0
    max_waiting_per_user: int = 1000
    artifacts: ArtifactLimits = ArtifactLimits(1000, 10 * 2**30)
    clock: Callable[[], Micros] = wall_clock
