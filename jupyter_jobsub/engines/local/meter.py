"""What tasks use, seen from outside: their processes in /proc, their devices, the machine's network.

All tasks are looked at in one pass, so that a thousand cost little more than one: the state of every
process is read once, and tells whose it is, its processor time and its memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from ...model.job import Micros, TaskKey
from ...model.metrics import Sample
from .gpus import Gpus
from .runfolder import Belongings, RunFolder
from .supervisor.processes import lives, read, relatives, snapshot

# fields of /proc/<pid>/stat after the name, counted from 0: proc(5)
_TIMES = slice(11, 15)  # user and system, its own and of the children that it has waited for
_CHILDREN = slice(13, 15)
_START, _PAGES = 19, 21
_TICK = 1_000_000 // os.sysconf("SC_CLK_TCK")  # microseconds
_PAGE = os.sysconf("SC_PAGE_SIZE")

Stats: TypeAlias = "dict[int, list[bytes]]"


class Total:
    """A sum over processes that come and go; it never goes down.

    What is missing at one look is either counted at the next, by a parent that has waited meanwhile,
    or lost to the sum: then it stays counted, and the sum grows from where it is.
    """

    def __init__(self) -> None:
        self.value = 0
        self._sum = 0
        self._missing = 0

    def take(self, total: int) -> int:
        """Take the sum as it is now; answer the total so far."""
        grown, self._sum = total - self._sum, total
        back = self._missing if grown >= self._missing else 0
        self.value += max(0, grown - back)
        self._missing = max(0, -grown)
        return self.value


class TaskMeter:
    """One task from look to look."""

    def __init__(self, folder: RunFolder) -> None:
        self.key = folder.key
        self.cpu, self.disk_read, self.disk_write = Total(), Total(), Total()
        self._folder = folder
        self._belongings: Belongings | None = None

    def belongings(self, stats: Stats) -> Belongings | None:
        """What is the task's, read again when its supervisor has gone; None if it never started."""
        known = self._belongings
        if known is None or not _has_supervisor(known, stats):
            known = self._belongings = self._folder.belongings()
        return known if known is None or _has_supervisor(known, stats) else replace(known, supervisor=0)


class Meter:
    """Looks at tasks; one thread at a time.

    Parameters
    ----------
    gpus
        Looks at devices.
    clock
        Tells when.
    """

    def __init__(self, gpus: Gpus, clock: Callable[[], Micros]) -> None:
        self._gpus = gpus
        self._clock = clock
        self._network = Network()

    def look(self, tasks: Sequence[TaskMeter]) -> dict[TaskKey, Sample]:
        """Look at all tasks that run."""
        at, stats = self._clock(), snapshot()
        started = [(task, has) for task in tasks if (has := task.belongings(stats))]
        processes = _processes(stats, [has for _, has in started])
        running = [
            (task, has, pids)
            for (task, has), pids in zip(started, processes, strict=True)
            if any(lives(stats[pid]) for pid in pids)
        ]
        gpus = self._gpus.look({uuid for _, has, _ in running for uuid in has.gpus})
        network = self._network.look() if running else (None, None)
        samples = {}
        for task, has, pids in running:
            disk = _disk(pids)
            samples[task.key] = Sample(
                at=at,
                cpu=task.cpu.take(_cpu(stats, pids, has.supervisor)),
                memory=sum(int(stats[pid][_PAGES]) for pid in pids) * _PAGE,
                disk_read=task.disk_read.take(disk[0]) if disk else None,
                disk_write=task.disk_write.take(disk[1]) if disk else None,
                network_received=network[0],
                network_sent=network[1],
                gpus=[gpus[uuid] for uuid in has.gpus],
            )
        return samples


def _has_supervisor(known: Belongings, stats: Stats) -> bool:
    pid = known.supervisor
    return not pid or (pid in stats and int(stats[pid][_START]) == known.supervisor_start)


def _processes(stats: Stats, tasks: Sequence[Belongings]) -> list[list[int]]:
    """The pids of each task."""
    found: list[list[int]] = [[] for _ in tasks]
    families = [(one.leader, one.start, one.mark, one.supervisor) for one in tasks]
    for pid, number in relatives(stats, families):
        found[number].append(pid)
    return found


def _cpu(stats: Stats, pids: Sequence[int], supervisor: int) -> int:
    """Microseconds of processes and of those they have waited for; the supervisor has waited for orphans."""
    times = [sum(map(int, stats[pid][_TIMES])) for pid in pids]
    if supervisor:
        times.append(sum(map(int, stats[supervisor][_CHILDREN])))
    return sum(times) * _TICK


def _disk(pids: Sequence[int]) -> tuple[int, int] | None:
    """Bytes from and to storage; a process has those of the children that it has waited for."""
    found = [lines for pid in pids if (lines := dict(_numbers(read(f"/proc/{pid}/io"))))]
    if not found:
        return None
    return sum(each[b"read_bytes"] for each in found), sum(each[b"write_bytes"] for each in found)


def _numbers(text: bytes) -> list[tuple[bytes, int]]:
    rows = (line.split(b": ") for line in text.splitlines())
    return [(name, int(number)) for name, number in rows]


class Network:
    """Bytes that the machine has received and sent, but to itself; cards, as of containers, come and go."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int]] = {}
        self._totals = (0, 0)

    def look(self) -> tuple[int, int] | tuple[None, None]:
        """Answer the totals so far, which never go down; None where they are hidden."""
        import psutil  # only where something runs

        try:
            cards = psutil.net_io_counters(pernic=True)
        except OSError:  # a container may hide them
            return None, None
        found = {name: (card.bytes_recv, card.bytes_sent) for name, card in cards.items() if name != "lo"}
        grown = [_grown(now, self._seen.get(name, (0, 0))) for name, now in found.items()]
        received, sent = self._totals
        self._seen = found
        self._totals = received + sum(r for r, _ in grown), sent + sum(s for _, s in grown)
        return self._totals


def _grown(now: tuple[int, int], before: tuple[int, int]) -> tuple[int, int]:
    """What has come on a card since; one that counts less than before is another of the same name."""
    received, sent = now[0] - before[0], now[1] - before[1]
    return now if min(received, sent) < 0 else (received, sent)
