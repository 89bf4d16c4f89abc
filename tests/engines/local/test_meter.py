"""What of the machine is counted for a task, and what is not."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from jupyter_jobsub.clock import wall_clock
from jupyter_jobsub.engines.local import meter
from jupyter_jobsub.engines.local.gpus import Gpus
from jupyter_jobsub.engines.local.meter import Meter, TaskMeter, Total
from jupyter_jobsub.engines.local.runfolder import RunFolder
from jupyter_jobsub.engines.local.supervisor.processes import start_time
from jupyter_jobsub.model.job import TaskKey
from tests.engines.contract import BURN, BURNT
from tests.engines.lab import PATIENCE, Lab, scenario
from tests.engines.local.folders import prepare, started, supervisor_of


@pytest.mark.parametrize(
    ("sums", "totals"),
    [
        ([5, 9, 9, 12], [5, 9, 9, 12]),
        ([5, 100, 130], [5, 100, 130]),
        # missing at one look, counted again at the next: its parent has waited for it meanwhile
        ([100, 40, 110], [100, 100, 110]),
        ([100, 40, 100, 101], [100, 100, 100, 101]),
        # lost for good: what it had used stays counted, the others go on
        ([100, 40, 45, 60], [100, 100, 105, 120]),
        ([100, 40, 30, 35], [100, 100, 100, 105]),
        ([100, 40, 40, 90], [100, 100, 100, 150]),
        ([0, 0], [0, 0]),
    ],
)
def test_a_total_never_goes_down(sums: list[int], totals: list[int]) -> None:
    total = Total()
    assert [total.take(each) for each in sums] == totals


async def eventually(condition: Callable[[], object]) -> None:
    async def wait() -> None:
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(wait(), PATIENCE)


def folder_of(lab: Lab, key: TaskKey) -> RunFolder:
    return RunFolder(lab.folder / "runs", key)


def pids(lab: Lab, key: TaskKey) -> list[int]:
    return [int(line) for line in lab.log(key).split() if line.isdigit()]


@scenario
async def test_orphans_that_have_ended_are_counted(lab: Lab) -> None:
    """The supervisor inherits and buries them."""
    key = await lab.launch(f"( ({BURN}; echo $BASHPID) & ); sleep 60; :")
    await eventually(lambda: pids(lab, key))
    (orphan,) = pids(lab, key)
    await eventually(lambda: not os.path.exists(f"/proc/{orphan}"))
    cpu = (await lab.sampled(key)).cpu
    assert cpu is not None
    assert cpu >= BURNT


@scenario
async def test_what_left_the_session_is_counted_also_under_another_supervisor(lab: Lab) -> None:
    key = await lab.launch(f"setsid bash -c '{BURN}; echo $$; sleep 60; :' & sleep 60; :")
    await eventually(lambda: pids(lab, key))
    (stray,) = pids(lab, key)
    first = await lab.sampled(key)
    assert (first.cpu or 0) >= BURNT
    os.kill(supervisor_of(folder_of(lab, key)), signal.SIGKILL)
    await eventually((folder_of(lab, key).path / "adopter").exists)
    assert (await lab.sampled(key)).memory == pytest.approx(first.memory, rel=0.5)
    memory = (await lab.sampled(key)).memory or 0
    os.kill(stray, signal.SIGKILL)
    await lab.sampled(key, lambda sample: (sample.memory or memory) < memory)


@scenario
async def test_a_supervisor_is_not_its_tasks(lab: Lab) -> None:
    key = await lab.launch("exec sleep 60")
    await lab.started(key)
    sleeping = await lab.sampled(
        key, lambda sample: (sample.memory or 2**30) < 4 * 2**20
    )  # no Python among them
    assert sleeping.cpu is not None
    assert sleeping.cpu < 100_000


def look(lab: Lab, task: TaskMeter) -> dict:  # type: ignore[type-arg]
    return Meter(Gpus([]), wall_clock).look([task])


def test_a_process_that_ends_while_it_is_looked_at_is_counted_as_far_as_it_was_seen(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = lab.task("sleep 60")
    folder = prepare(lab.folder / "runs", launch)
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    started(folder, process.pid)
    task, snapshot = TaskMeter(folder), meter.snapshot
    assert look(lab, task)[launch.key].disk_read is not None

    def and_kill() -> dict[int, list[bytes]]:
        stats = snapshot()
        process.kill()
        process.wait()
        return stats

    monkeypatch.setattr(meter, "snapshot", and_kill)
    sample = look(lab, task)[launch.key]
    assert sample.memory
    assert (sample.disk_read, sample.disk_write) == (None, None)
    monkeypatch.setattr(meter, "snapshot", snapshot)
    assert look(lab, task) == {}


def test_what_only_waits_to_be_buried_does_not_run(lab: Lab) -> None:
    launch = lab.task("true")
    folder = prepare(lab.folder / "runs", launch)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        started(folder, process.pid)
        assert look(lab, TaskMeter(folder))
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert look(lab, TaskMeter(folder)) == {}


def test_a_pid_that_is_anothers_now_is_not_the_tasks(lab: Lab) -> None:
    launch = lab.task("sleep 60")
    folder = prepare(lab.folder / "runs", launch)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        started(folder, process.pid, start=start_time(process.pid) - 1)
        assert look(lab, TaskMeter(folder)) == {}
        process.kill()


def test_what_never_started_has_no_sample(lab: Lab) -> None:
    launch = lab.task("true")
    assert look(lab, TaskMeter(folder_of(lab, launch.key))) == {}
    assert look(lab, TaskMeter(prepare(lab.folder / "runs", launch))) == {}


def test_network_traffic_of_the_machine_with_itself_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = {
        "lo": SimpleNamespace(bytes_recv=1000, bytes_sent=1000),
        "eth0": SimpleNamespace(bytes_recv=5, bytes_sent=7),
        "wlan0": SimpleNamespace(bytes_recv=10, bytes_sent=20),
    }
    monkeypatch.setattr("psutil.net_io_counters", lambda pernic: cards)
    assert meter.Network().look() == (15, 27)


def test_network_traffic_stays_counted_when_a_card_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    def has(**cards: int) -> tuple[object, object]:
        counted = {
            name: SimpleNamespace(bytes_recv=much, bytes_sent=2 * much) for name, much in cards.items()
        }
        monkeypatch.setattr("psutil.net_io_counters", lambda pernic: counted)
        return network.look()

    network = meter.Network()
    assert has(eth0=5, veth1=10) == (15, 30)
    assert has(eth0=7) == (17, 34)
    assert has(eth0=7, veth1=3) == (20, 40)
    assert has(eth0=7, veth1=1) == (21, 42)


def test_hidden_network_figures_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def hide(pernic: bool) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("psutil.net_io_counters", hide)
    assert meter.Network().look() == (None, None)
