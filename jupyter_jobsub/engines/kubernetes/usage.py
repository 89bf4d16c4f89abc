"""What tasks use, added up from what a metrics server measures: rates of the last moments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...model.job import Micros, TaskKey
from ...model.metrics import Sample
from .containers import micros
from .names import MAIN, Object, pod_name
from .quantities import quantity


class Meter:
    """Makes counters of rates.

    A metrics server tells how much processor time a container has used a second lately, every
    15 seconds or so. Each rate counts until the next look, the first one since the start; what
    comes and goes between its measurements is never seen. Where nothing is measured, nothing is told.
    """

    def __init__(self) -> None:
        self._counted: dict[TaskKey, tuple[Micros, float]] = {}  # until when, and microseconds so far

    def samples(
        self, now: Micros, running: Mapping[TaskKey, Micros], measured: Iterable[Object]
    ) -> dict[TaskKey, Sample]:
        """Take a sample of each task that runs, given when it started and what is measured of Pods."""
        found = {it["metadata"]["name"]: it for it in measured}
        self._counted = {key: counted for key, counted in self._counted.items() if key in running}
        return {
            key: self._sample(now, key, started, found.get(pod_name(key))) for key, started in running.items()
        }

    def _sample(self, now: Micros, key: TaskKey, started: Micros, pod: Object | None) -> Sample:
        used = _used(pod) if pod and micros(pod["timestamp"]) >= started else None
        if not used:  # also if it is of an earlier Pod of the same name
            return Sample(now)
        until, counter = self._counted.get(key, (started, 0.0))
        counter += quantity(used["cpu"]) * max(0, now - until)
        self._counted[key] = max(now, until), counter
        return Sample(now, cpu=round(counter), memory=round(quantity(used["memory"])))


def _used(pod: Object) -> Mapping[str, str] | None:
    for container in pod["containers"]:
        if container["name"] == MAIN:
            usage: Mapping[str, str] = container["usage"]
            return usage
    return None
