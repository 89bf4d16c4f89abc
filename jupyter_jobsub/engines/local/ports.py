"""Ports of this machine for the tasks of a job: given once an attempt, written down before anyone is told.

A file for each attempt, ``runs/.ports/<job>.<attempt>``, says which are whose; they are held as
long as any task of the attempt may run, which the run folders say. So a restart finds all again.
"""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from ...errors import EngineError
from ...model.job import JobId, TaskKey
from ...model.spec import JobSpec
from ..peers import Address, Peers
from .runfolder import RunFolder, sync_folder, write_file

HOST = "127.0.0.1"
Given: TypeAlias = dict[tuple[str, int], dict[str, list[int]]]
NUMBERS = range(20_000, 32_768)  # below those that Linux takes for connections, if nothing else is set


class Ports:
    """Gives ports out; what it gave an attempt stays the attempt's.

    Parameters
    ----------
    runs
        Where the run folders are.
    numbers
        What there is to give.
    """

    def __init__(self, runs: Path, numbers: Sequence[int]) -> None:
        self._runs = runs
        self._folder = runs / ".ports"
        self._numbers = numbers

    def peers(self, key: TaskKey, spec: JobSpec) -> Peers:
        """Say where each task of the attempt is, in the same words for all of them.

        Raises
        ------
        EngineError
            If there are not as many free ports.
        """
        wanted = {
            (role.name, index): {port.label: port.count for port in role.ports}
            for role in spec.task_roles
            for index in range(role.tasks)
        }
        given = self._given(key, wanted) if any(wanted.values()) else {}
        tasks = [(role, index) for role, count in spec.roles.items() for index in range(count)]
        return {task: Address(HOST, given.get(task, {})) for task in tasks}

    def known(self, key: TaskKey, spec: JobSpec) -> Peers:
        """Say where each task of an attempt is that was given ports before; the others are left out."""
        path = self._path(key)
        if not any(role.ports for role in spec.task_roles) or not path.exists():
            return {}
        return {task: Address(HOST, ports) for task, ports in _read(path).items() if ports}

    def purge(self, job: JobId) -> None:
        """Forget the attempts of a job."""
        for path in self._folder.glob(f"{job}.*"):
            path.unlink(missing_ok=True)

    def _given(self, key: TaskKey, wanted: Mapping[tuple[str, int], Mapping[str, int]]) -> Given:
        path = self._path(key)
        if not path.exists():
            free = iter(self._free(sum(sum(counts.values()) for counts in wanted.values())))
            rows = [
                (role, index, {label: [next(free) for _ in range(n)] for label, n in counts.items()})
                for (role, index), counts in wanted.items()
            ]
            self._keep(path, json.dumps(rows).encode())
        return _read(path)

    def _path(self, key: TaskKey) -> Path:
        return self._folder / f"{key.job}.{key.attempt}"

    def _keep(self, path: Path, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}")
        write_file(temporary, data)
        temporary.rename(path)
        sync_folder(self._folder)

    def _free(self, count: int) -> list[int]:
        held = set(self._held())
        # begins anywhere, so that two services of one machine rarely think of the same
        first = random.randrange(len(self._numbers))
        free: list[int] = []
        for number in (*self._numbers[first:], *self._numbers[:first]):
            if len(free) == count:
                break
            if number not in held and _nobody_listens(number):
                free.append(number)
        if len(free) < count:
            raise EngineError(
                f"{count} ports were asked for and {len(free)} are free on this machine; rerun the job"
            )
        return free

    def _held(self) -> Iterator[int]:
        """Every port of an attempt that is not over; the others' are forgotten."""
        for path in self._folder.glob("[!.]*"):
            job, attempt = path.name.rsplit(".", 1)
            given = _read(path)
            keys = [TaskKey(JobId(job), int(attempt), *task) for task in given]
            if all(RunFolder(self._runs, key).over() for key in keys):
                path.unlink()
            else:
                yield from (number for ports in given.values() for each in ports.values() for number in each)


def _read(path: Path) -> Given:
    return {(role, index): ports for role, index, ports in json.loads(path.read_bytes())}


def _nobody_listens(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def port_numbers() -> range:
    """Ports below those that the kernel takes for connections, as far as there are enough."""
    try:
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return NUMBERS
    return range(NUMBERS.start, first) if first - NUMBERS.start >= len(NUMBERS) // 2 else NUMBERS
