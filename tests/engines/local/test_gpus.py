"""How GPUs are used, with NVML played at the border of its library."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_jobsub.engines.local import gpus as gpus_module
from jupyter_jobsub.engines.local.devices import Device
from jupyter_jobsub.engines.local.gpus import Gpus
from jupyter_jobsub.model.metrics import Gpu
from jupyter_jobsub.model.resources import Resources
from tests.engines.lab import Lab, scenario

DEVICES = [Device("GPU-a", "A100", 40), Device("GPU-b", "A100", 40), Device("1", "T4", 16)]
MEASURED = 2**40  # the driver knows the memory to the byte


class NVMLError(Exception):
    pass


class FakeNvml(SimpleNamespace):
    """The functions that are used, of devices by index; what is in ``broken`` raises."""

    NVMLError = NVMLError

    def __init__(self, *uuids: str) -> None:
        super().__init__(uuids=uuids, broken=set(), opened=0, open=False, asked=0)

    def _say(self, name: str, answer: Any) -> Any:
        assert self.open
        self.asked += 1
        if name in self.broken:
            raise NVMLError(name)
        return answer

    def nvmlInit(self) -> None:
        if "init" in self.broken:
            raise NVMLError("driver/library version mismatch")
        self.opened += 1
        self.open = True

    def nvmlShutdown(self) -> None:
        self.open = False
        if "shutdown" in self.broken:
            raise NVMLError("uninitialized")

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> int:
        if uuid not in self.uuids:
            raise NVMLError("not found")
        return int(self._say("handle", self.uuids.index(uuid)))

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return int(self._say("handle", index))

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        return self._say("utilization", SimpleNamespace(gpu=25 * (handle + 1), memory=1))

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        return self._say("memory", SimpleNamespace(total=MEASURED, free=1, used=100 + handle))


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    fake = FakeNvml("GPU-a", "GPU-b")
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    return fake


def test_devices_say_how_they_are_used(nvml: FakeNvml) -> None:
    assert Gpus(DEVICES).look(["GPU-b", "GPU-a"]) == {
        "GPU-b": Gpu("GPU-b", "A100", MEASURED, 0.5, 101),
        "GPU-a": Gpu("GPU-a", "A100", MEASURED, 0.25, 100),
    }


def test_a_device_that_was_configured_by_number_is_found_by_it(nvml: FakeNvml) -> None:
    assert Gpus(DEVICES).look(["1"]) == {"1": Gpu("1", "T4", MEASURED, 0.5, 101)}


def test_the_driver_is_opened_once_and_only_for_tasks_with_devices(nvml: FakeNvml) -> None:
    gpus = Gpus(DEVICES)
    assert gpus.look([]) == {}
    assert nvml.opened == 0
    for _ in range(3):
        gpus.look(["GPU-a"])
    assert (nvml.opened, nvml.open) == (1, True)
    gpus.look([])
    assert not nvml.open


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ("utilization", Gpu("GPU-a", "A100", MEASURED, None, 100)),
        ("memory", Gpu("GPU-a", "A100", 40, 0.25, None)),
        ("handle", Gpu("GPU-a", "A100", 40)),
        ("init", Gpu("GPU-a", "A100", 40)),
    ],
)
def test_what_the_driver_does_not_tell_is_unknown(broken: str, expected: Gpu, nvml: FakeNvml) -> None:
    nvml.broken = {broken}
    assert Gpus(DEVICES).look(["GPU-a"]) == {"GPU-a": expected}


def test_a_driver_that_was_replaced_is_opened_again(nvml: FakeNvml) -> None:
    gpus = Gpus(DEVICES)
    gpus.look(["GPU-a"])
    nvml.broken = {"handle", "shutdown"}
    assert gpus.look(["GPU-a"])["GPU-a"].utilization is None
    nvml.broken = set()
    assert gpus.look(["GPU-a"])["GPU-a"].utilization == 0.25
    assert nvml.opened == 2


def test_one_device_that_is_lost_hides_no_other(nvml: FakeNvml) -> None:
    gpus = Gpus(DEVICES)
    for _ in range(2):
        found = gpus.look(["gone", "GPU-b"])
        assert (found["gone"].utilization, found["GPU-b"].utilization) == (None, 0.5)
    assert nvml.opened == 1


def test_a_driver_that_does_not_answer_is_not_waited_for(
    nvml: FakeNvml, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers, asked = threading.Event(), []
    handle = nvml.nvmlDeviceGetHandleByUUID

    def hang(uuid: str) -> int:
        asked.append(threading.current_thread())
        answers.wait()
        return handle(uuid)

    monkeypatch.setattr(gpus_module, "PATIENCE", 0.05)
    nvml.nvmlDeviceGetHandleByUUID = hang
    gpus = Gpus(DEVICES)
    for _ in range(3):
        assert gpus.look(["GPU-a"]) == {"GPU-a": Gpu("GPU-a", "A100", 40)}
    assert gpus.look([]) == {}
    assert len(asked) == 1
    assert asked[0].daemon
    assert caplog.text.count("does not answer") == 1
    answers.set()
    asked[0].join()
    monkeypatch.setattr(gpus_module, "PATIENCE", 60)
    assert gpus.look(["GPU-a"]) == {"GPU-a": Gpu("GPU-a", "A100", MEASURED, 0.25, 100)}


def test_what_nobody_expects_of_the_driver_is_raised(nvml: FakeNvml) -> None:
    nvml.nvmlDeviceGetMemoryInfo = 7
    with pytest.raises(TypeError):
        Gpus(DEVICES).look(["GPU-a"])


def test_without_the_library_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert Gpus(DEVICES).look(["GPU-a", "gone"]) == {
        "GPU-a": Gpu("GPU-a", "A100", 40),
        "gone": Gpu("gone", "", 0),  # it is no longer configured
    }


def test_a_task_has_the_devices_that_it_was_given(nvml: FakeNvml, lab: Lab) -> None:
    @scenario
    async def run(*, lab: Lab) -> None:
        first = await lab.launch("sleep 60", job="job-1", resources=Resources(gpu={"A100": 1, "T4": 1}))
        second = await lab.launch("sleep 60", job="job-2", resources=Resources(gpu={"A100": 1}))
        none = await lab.launch("sleep 60", job="job-3")
        for key in (first, second, none):
            await lab.started(key)
        samples = await lab.engine.sample([first, second, none])
        assert [gpu.uuid for gpu in samples[first].gpus] == ["GPU-a", "GPU-t"]
        assert [gpu.utilization for gpu in samples[first].gpus] == [0.25, None]
        assert [(gpu.uuid, gpu.name, gpu.utilization) for gpu in samples[second].gpus] == [
            ("GPU-b", "A100", 0.5)
        ]
        assert list(samples[none].gpus) == []
        await lab.engine.sample([none])
        assert not nvml.open
        await lab.restart()
        await lab.send(lab.launched[second])
        await lab.started(second)
        assert [gpu.uuid for gpu in (await lab.sampled(second)).gpus] == ["GPU-b"]

    run(lab=lab)
