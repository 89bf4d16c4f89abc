from __future__ import annotations

from datetime import datetime, timezone

import pytest

from jupyter_jobsub.engines.kubernetes.names import Object, pod_name
from jupyter_jobsub.engines.kubernetes.usage import Meter
from jupyter_jobsub.model.job import JobId, TaskKey
from jupyter_jobsub.model.metrics import Sample, at_start, usage

SECOND = 1_000_000
START = 1_800_000_000 * SECOND
KEY = TaskKey(JobId("k7x2mp9w4q3t"), 1)
MIB = 2**20


def measured(at: int, cpu: str = "250m", memory: str = "64Mi", key: TaskKey = KEY) -> Object:
    when = datetime.fromtimestamp(at // SECOND, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    containers = [
        {"name": "keeper", "usage": {"cpu": "7", "memory": "7Gi"}},
        {"name": "main", "usage": {"cpu": cpu, "memory": memory}},
    ]
    return {"metadata": {"name": pod_name(key)}, "timestamp": when, "containers": containers}


def look(meter: Meter, seconds: float, *pods: Object) -> Sample:
    now = START + round(seconds * SECOND)
    return meter.samples(now, {KEY: START}, pods)[KEY]


def test_a_steady_task_uses_what_is_measured_from_its_start_on() -> None:
    meter = Meter()
    before = at_start(START)
    for seconds in (20, 30, 40):
        sample = look(meter, seconds, measured(START + (seconds - 5) * SECOND))
        assert sample.memory == 64 * MIB
        assert usage(before, sample).cpu == pytest.approx(250)
        before = sample


def test_a_new_rate_counts_from_the_look_before() -> None:
    meter = Meter()
    first = look(meter, 10, measured(START + SECOND, cpu="1"))
    then = look(meter, 20, measured(START + 16 * SECOND, cpu="3"))
    assert (first.cpu, then.cpu) == (10 * SECOND, 40 * SECOND)


def test_counters_never_go_down() -> None:
    meter = Meter()
    seen = [
        look(meter, at, measured(START + SECOND, cpu=cpu)).cpu for at, cpu in ((9, "2"), (3, "1"), (9, "0"))
    ]
    assert seen == [18 * SECOND] * 3


def test_what_is_not_measured_is_not_known_and_later_made_up_for() -> None:
    meter = Meter()
    assert look(meter, 10) == Sample(START + 10 * SECOND)
    assert look(meter, 20, measured(START + SECOND, cpu="1")).cpu == 20 * SECOND
    assert look(meter, 30).cpu is None
    assert look(meter, 40, measured(START + 31 * SECOND, cpu="1")).cpu == 40 * SECOND


def test_an_earlier_attempts_figures_are_not_its_own() -> None:
    assert look(Meter(), 10, measured(START - SECOND)).cpu is None


def test_only_what_runs_has_a_sample() -> None:
    meter = Meter()
    other = TaskKey(JobId("aaaaaaaaaaaa"), 1)
    pods = [measured(START + SECOND), measured(START + SECOND, key=other)]
    assert set(meter.samples(START + 2 * SECOND, {KEY: START}, pods)) == {KEY}
    assert meter.samples(START + 3 * SECOND, {}, pods) == {}
    assert not meter._counted
