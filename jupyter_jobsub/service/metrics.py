"""Figures in Prometheus' text format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from ..scheduling.queues import Ledger
from ..store.base import Count


def exposition(counts: Sequence[Count], held: Ledger, streams: int) -> bytes:
    """Render what is true now."""
    registry = CollectorRegistry()
    jobs = Gauge("jobsub_jobs", "Jobs by group and phase.", ["group", "phase"], registry=registry)
    tally: Counter[tuple[str, str]] = Counter()
    for count in counts:
        tally[count.group, count.phase.value] += count.jobs
    for (group, phase), number in tally.items():
        jobs.labels(group, phase).set(number)
    cpu = Gauge("jobsub_held_cpu_cores", "Cores held by admitted jobs.", ["group"], registry=registry)
    memory = Gauge("jobsub_held_memory_bytes", "Memory held by admitted jobs.", ["group"], registry=registry)
    gpus = Gauge("jobsub_held_gpus", "Devices held by admitted jobs.", ["group", "type"], registry=registry)
    for group, amount in held.groups.items():
        cpu.labels(group).set(amount.cpu / 1000)
        memory.labels(group).set(amount.memory)
        for kind, number in amount.gpu.items():
            gpus.labels(group, kind).set(number)
    Gauge("jobsub_streams", "Open event and log streams.", registry=registry).set(streams)
    return bytes(generate_latest(registry))
