from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_jobsub.spawn import ServiceNotStarted, check_started, environment, spawn_service, start_service

LISTENS = """
import os, socket, sys, time
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
folder = arguments["--data-dir"]
with open(folder + "/pids", "a") as file:
    file.write(f"{os.getpid()} {os.getppid()}\\n")
listener = socket.socket(socket.AF_UNIX)
listener.bind(folder + "/service.sock")
listener.listen()
os.write(int(arguments["--ready-fd"]), b"ready\\n")
time.sleep(60)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="jobsub-"))
    yield path / "data"
    for line in lines(path / "data" / "pids"):
        os.kill(int(line.split()[0]), signal.SIGKILL)
    shutil.rmtree(path)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a script into the service's place."""

    def write(script: str) -> None:
        package = tmp_path / "jupyter_jobsub"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "service.py").write_text(script)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return write


def start(folder: Path) -> None:
    start_service(folder, folder / "service.sock")


def test_it_returns_when_the_service_listens(folder: Path, play: Callable[[str], None]) -> None:
    play(LISTENS)
    start(folder)
    assert (folder / "service.sock").is_socket()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_second_start_finds_the_first(folder: Path, play: Callable[[str], None]) -> None:
    play(LISTENS)
    start(folder)
    start(folder)
    assert len(lines(folder / "pids")) == 1


def test_of_many_starts_at_once_one_launches(folder: Path, play: Callable[[str], None]) -> None:
    play(LISTENS)
    starters = [spawn_service(folder, folder / "service.sock") for _ in range(8)]
    for starter in starters:
        check_started(starter.communicate()[0], folder)
    assert len(lines(folder / "pids")) == 1


def test_the_service_is_not_our_child(folder: Path, play: Callable[[str], None]) -> None:
    play(LISTENS)
    start(folder)
    [line] = lines(folder / "pids")
    with pytest.raises(ChildProcessError):
        os.waitpid(int(line.split()[0]), os.WNOHANG)


def test_the_services_reason_is_told(folder: Path, play: Callable[[str], None]) -> None:
    play('import os, sys; os.write(int(sys.argv[4]), b"error no room\\n")')
    with pytest.raises(ServiceNotStarted, match=r"^no room$"):
        start(folder)


def test_a_service_that_says_nothing_leaves_a_log(folder: Path, play: Callable[[str], None]) -> None:
    play("raise SystemExit('broken')")
    with pytest.raises(ServiceNotStarted, match=r"service\.log"):
        start(folder)
    assert "broken" in (folder / "service.log").read_text()
    assert (folder / "service.log").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_used_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServiceNotStarted, match="file/data"):
        start(tmp_path / "file" / "data")


def test_a_servers_own_variables_stay_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {
        "JPY_API_TOKEN",
        "JPY_PARENT_PID",
        "JOBSUB_TERMINATION_LOG",
        "JOBSUB_TOKEN",
        "JUPYTERHUB_API_TOKEN",
        "JUPYTER_TOKEN",
    }
    for name in [*own, "JUPYTERHUB_USER", "JUPYTER_CONFIG_DIR", "HF_TOKEN"]:
        monkeypatch.setenv(name, "x")
    kept = environment()
    assert not own & set(kept)
    assert {"JUPYTERHUB_USER", "JUPYTER_CONFIG_DIR", "HF_TOKEN", "PATH"} <= set(kept)
