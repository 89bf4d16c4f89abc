"""The command itself: what it prints, and that Ctrl-C ends all that it has started."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import processes
from tests.chaos import __main__ as command

from .judge import Fault


class Scripted:
    """A campaign in which the second round is wrong."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder

    def __enter__(self) -> Scripted:
        assert self.folder.is_dir()
        return self

    def __exit__(self, *_: object) -> None: ...

    def play(self, number: int) -> Scripted:
        self.faults = [Fault("lost", "a job")] if number == 1 else []
        return self


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "CACHE", tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(command.Campaign, "open", lambda self, folder, seed: Scripted(folder, seed))
    monkeypatch.delenv("ROUNDS", raising=False)


@pytest.mark.usefixtures("scripted")
def test_each_fault_is_played_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--seed", "7"]) == 1
    out, err = capsys.readouterr()
    for name, campaign in command.CAMPAIGNS.items():
        if campaign.engine != "local":
            assert f"{name}:" not in out
            continue
        assert f"{name}: {campaign.rounds} rounds, 1 lost, 0 twice" in out
        assert f"replay: make chaos ARGS='--fault {name} --seed 7 --round 1'" in out
        assert f"{name}: 10 rounds, 1 lost, 0 twice of {campaign.rounds}" in err


@pytest.mark.usefixtures("scripted")
def test_one_fault_or_one_round_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert command.main(["--fault", "X3", "--rounds", "1"]) == 0
    assert command.main(["--fault", "X2", "--round", "1"]) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if " rounds, " in line]
    assert [line.split(";")[0] for line in lines] == [
        "X3: 1 rounds, 0 lost, 0 twice",
        "X2: 1 rounds, 1 lost, 0 twice",
    ]
    assert len(list(tmp_path.iterdir())) == 1, "what nothing was wrong in is not kept"


@pytest.mark.slow
def test_ctrl_c_ends_what_was_started(tmp_path: Path) -> None:
    code = "import sys, pathlib, tests.chaos.__main__ as chaos; "
    code += "chaos.CACHE = pathlib.Path(sys.argv.pop(1)); sys.exit(chaos.main())"
    started = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), "--fault", "X3", "--rounds", "2"],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        cwd=Path(__file__).parent.parent.parent,
    )
    ours = lambda: [pid for pid in processes.naming(str(tmp_path)) if pid != started.pid]  # noqa: E731
    try:
        processes.until(lambda: bool(list(tmp_path.glob("*/x3/data/jobsub.db"))), 60, "the service")
        assert ours()
        started.send_signal(signal.SIGINT)
        assert started.communicate(timeout=60)[1] == "ending what was started\n"
        assert started.returncode == 130
        assert not ours()
        assert not list(tmp_path.iterdir())
    finally:
        started.kill()
        started.wait()
