"""Ports are given to one attempt at a time, and known from the run folders alone."""

from __future__ import annotations

import itertools
import random
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_jobsub.engines.local.ports import Ports, _nobody_listens, port_numbers
from jupyter_jobsub.engines.local.runfolder import RunFolder
from jupyter_jobsub.errors import EngineError
from jupyter_jobsub.model.job import JobId, Reason, TaskKey
from jupyter_jobsub.model.spec import JobSpec
from tests.engines.lab import Lab, scenario


def gang(tasks: int = 2, count: int = 1) -> JobSpec:
    ports = [{"label": "web", "count": count}]
    return JobSpec.model_validate(
        {"task_roles": [{"name": "w", "tasks": tasks, "command": "env", "ports": ports}]}
    )


def key(number: int, attempt: int = 1, index: int = 0) -> TaskKey:
    return TaskKey(JobId(f"job-{number}"), attempt, "w", index)


@pytest.fixture
def numbers() -> list[int]:
    """Six ports that nobody uses, of a range that neither a service nor the kernel gives out."""
    found = (number for number in random.sample(range(15_000, 20_000), 1000) if _nobody_listens(number))
    return list(itertools.islice(found, 6))


@pytest.fixture
def ports(tmp_path: Path, numbers: list[int]) -> Ports:
    return Ports(tmp_path, numbers)


def given_to(ports: Ports, key: TaskKey, spec: JobSpec) -> list[int]:
    return [number for address in ports.peers(key, spec).values() for number in address.ports["web"]]


def finish(runs: Path, key: TaskKey) -> None:
    RunFolder(runs, key).refuse("it could not be started")


def test_an_attempt_is_given_its_ports_once(ports: Ports, tmp_path: Path, numbers: list[int]) -> None:
    first = given_to(ports, key(1), gang(2, 2))
    assert len(set(first)) == 4
    assert set(first) <= set(numbers)
    assert given_to(ports, key(1, index=1), gang(2, 2)) == first
    assert given_to(Ports(tmp_path, numbers), key(1), gang(2, 2)) == first


def test_no_other_is_given_what_is_held(ports: Ports) -> None:
    first, second = given_to(ports, key(1), gang(3)), given_to(ports, key(2), gang(3))
    assert not set(first) & set(second)
    with pytest.raises(EngineError, match="1 ports were asked for and 0 are free"):
        ports.peers(key(3), gang(1))


def test_they_are_held_until_the_last_task_has_ended(ports: Ports, tmp_path: Path) -> None:
    first = given_to(ports, key(1), gang(2, 3))
    finish(tmp_path, key(1))
    with pytest.raises(EngineError):
        ports.peers(key(2), gang(2, 3))
    finish(tmp_path, key(1, index=1))
    assert sorted(given_to(ports, key(2), gang(2, 3))) == sorted(first)


def test_a_new_attempt_is_given_new_ones(ports: Ports) -> None:
    assert not set(given_to(ports, key(1, attempt=1), gang())) & set(
        given_to(ports, key(1, attempt=2), gang())
    )


def test_a_deleted_job_holds_none(ports: Ports) -> None:
    given_to(ports, key(1), gang(6))
    another = key(10)
    ports.purge(JobId("job-1"))
    assert len(given_to(ports, another, gang(6))) == 6
    ports.purge(JobId("job-1"))
    with pytest.raises(EngineError):
        ports.peers(key(2), gang(1))


@given(
    st.lists(
        st.tuples(st.sampled_from(["take", "finish", "restart", "purge"]), st.integers(0, 3)), max_size=12
    )
)
def test_whatever_happens_two_that_may_run_never_share_one(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs, held = Path(folder), dict[int, list[int]]()
        ports, over = Ports(runs, range(15_000, 15_100)), set[int]()
        for step, number in steps:
            if step == "restart":
                ports = Ports(runs, range(15_000, 15_100))
            elif step == "purge":
                ports.purge(key(number).job)
                held.pop(number, None)
            elif number in over:
                continue
            elif step == "finish":
                for index in (0, 1):
                    finish(runs, key(number, index=index))
                held.pop(number, None)
                over.add(number)
            else:
                found = given_to(ports, key(number), gang(2, 3))
                assert held.setdefault(number, found) == found
            assert len({port for each in held.values() for port in each}) == 6 * len(held)


def test_one_where_somebody_listens_is_not_given(ports: Ports, numbers: list[int]) -> None:
    with socket.create_server(("127.0.0.1", numbers[2])):
        assert set(given_to(ports, key(1), gang(5))) == set(numbers) - {numbers[2]}


def test_a_file_that_was_not_finished_counts_for_nothing(ports: Ports, tmp_path: Path) -> None:
    (tmp_path / ".ports").mkdir()
    (tmp_path / ".ports" / ".job-7.1").write_text("[[")
    assert len(given_to(ports, key(7), gang())) == 2


def test_a_job_without_ports_writes_nothing(ports: Ports, tmp_path: Path) -> None:
    peers = ports.peers(TaskKey(JobId("job-1"), 1), JobSpec(command="true"))
    assert [(task, address.host, dict(address.ports)) for task, address in peers.items()] == [
        (("main", 0), "127.0.0.1", {})
    ]
    assert not (tmp_path / ".ports").exists()


def test_the_machine_gives_ports_that_its_own_connections_do_not_take() -> None:
    first, last = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    ours = port_numbers()
    assert len(ours) > 1000
    if int(first) >= 32768:
        assert not set(ours) & set(range(int(first), int(last) + 1))


@scenario
async def test_a_gang_that_is_refused_for_want_of_ports_never_runs(lab: Lab) -> None:
    roles = [{"name": "w", "command": "env", "ports": [{"label": "p", "count": 4000}]}]
    refused = lab.task(key=key(1), task_roles=roles)
    lab.engine._ports = Ports(lab.folder / "runs", range(15_000, 15_100))  # type: ignore[attr-defined]
    with pytest.raises(EngineError, match="4000 ports"):
        await lab.engine.launch(refused)
    await lab.restart()
    await lab.send(refused)
    ended = await lab.ended(refused.key)
    assert (ended.reason, "4000 ports" in ended.message) == (Reason.LAUNCH_FAILED, True)
    assert lab.kinds(refused.key) == ["Ended"]
