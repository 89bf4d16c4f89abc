from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from jupyter_jobsub import paths
from jupyter_jobsub.cli import checks, machine, main
from jupyter_jobsub.cli.findings import Finding
from jupyter_jobsub.errors import StoreError
from jupyter_jobsub.store.check import check_sqlite
from jupyter_jobsub.store.sql import SqlStore
from tests.postgresql import Cluster


def levels(findings: checks.Findings) -> list[str]:
    return [finding.level for finding in findings]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, not made yet."""
    folder = tmp_path / "data"
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(folder))
    return folder


def test_a_data_folder_that_is_not_there_yet(folder: Path) -> None:
    (found,) = checks.data_folder()
    assert found.level == "ok"
    assert "made on first use" in found.text
    assert not folder.exists()


def test_a_private_data_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    assert levels(checks.data_folder()) == ["ok"]


def test_a_data_folder_open_to_others(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    (found,) = checks.data_folder()
    assert (found.level, found.remedy) == ("fail", f"run: chmod 700 {folder}")


def test_somebody_elses_data_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    (found,) = checks.data_folder()
    assert found.level == "fail"
    assert "JOBSUB_DATA_DIR" in found.remedy


def test_a_data_folder_on_a_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "network_file_system", lambda path: "NFS" if path == folder else None)
    found = list(checks.data_folder())
    assert found[0].level == "warn"
    assert f"{folder} is on NFS" in found[0].text
    assert "/var/tmp" in found[1].text


def test_disk_space(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for enough, too_little, level in [(0, 0, "ok"), (1 << 60, 0, "warn"), (1 << 60, 1 << 60, "fail")]:
        monkeypatch.setattr(checks, "ENOUGH", enough)
        monkeypatch.setattr(checks, "TOO_LITTLE", too_little)
        assert levels(checks.disk_space()) == [level]


def test_a_socket_that_had_to_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(tmp_path / ("x" * 100)))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path.parent.parent))
    (found,) = checks.socket_folder()
    assert found.level == "ok"
    assert "too long for a socket" in found.text


def test_missing_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECK", [sys.executable, "-c", "import no_such_package"])
    (found,) = checks.start()
    assert found.level == "fail"
    assert "No module named 'no_such_package'" in found.text


def of(check: str) -> list[tuple[str, str]]:
    """Level and text with remedy of a check that the service makes."""
    return [(f.level, f"{f.text}: {f.remedy}") for f in checks.start() if f.check == check]


@pytest.fixture
def store(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that was used, and an empty configuration."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    folder.mkdir(mode=0o700)

    async def use() -> None:
        store = SqlStore(f"sqlite:///{folder / 'jobsub.db'}")
        await store.open()
        await store.close()

    asyncio.run(use())
    return folder / "jobsub.db"


def test_a_store_is_read_and_left_as_it_is(store: Path) -> None:
    before = {path: path.read_bytes() for path in store.parent.iterdir()}
    assert of("store") == [("ok", f"{store} is whole: ")]
    assert {path: path.read_bytes() for path in store.parent.iterdir()} == before


def test_a_damaged_store(store: Path) -> None:
    whole = store.read_bytes()
    for intact in (0, 4096, len(whole) - 4096):
        store.write_bytes(whole[:intact] + b"\x5a" * (len(whole) - intact))
        ((level, text),) = of("store")
        assert level == "fail"
        assert "put back a copy" in text


def test_a_store_in_postgresql(store: Path, tmp_path: Path, postgresql: Cluster) -> None:
    file = tmp_path / "jupyter_jobsub_config.py"
    file.write_text(f"c.JobsubService.database_url = {postgresql.new_database()!r}")
    ((level, text),) = of("store")
    assert level == "ok"
    assert "can be reached" in text
    file.write_text(f"c.JobsubService.database_url = 'postgresql://me:secret@/x?host={tmp_path}'")
    ((level, text),) = of("store")
    assert level == "fail"
    assert text.endswith(": check that its server runs, and the host and port in JobsubService.database_url")
    assert "secret" not in text


def test_a_store_of_a_newer_release(store: Path) -> None:
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("INSERT INTO migrations VALUES ('9999-later')")
        connection.commit()
    ((level, text),) = of("store")
    assert level == "fail"
    assert "9999-later" in text
    assert "upgrade" in text


def test_a_read_only_store(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != store)
    with pytest.raises(StoreError, match=rf"read-only; run: chmod u\+w {store}"):
        check_sqlite(store)


def test_no_room(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = "import resource, os, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "
    full += "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    monkeypatch.setattr(checks, "CHECK", [sys.executable, "-c", full, *checks.CHECK[1:]])
    ((level, text),) = of("room")
    assert level == "fail"
    assert "free some space" in text


def test_a_wrong_configuration_is_told_whole(store: Path, tmp_path: Path) -> None:
    assert of("configuration")[0][0] == "ok"
    file = tmp_path / "jupyter_jobsub_config.py"
    file.write_text("print('hello')\nc.JobsubService.cpu = -1\nc.JobsubService.cores = 2\n")
    found = of("configuration")
    assert [level for level, _ in found] == ["fail", "fail"]
    assert all(str(file) in text for _, text in found)


def test_a_service_that_does_not_run(folder: Path) -> None:
    (found,) = checks.service()
    assert found.level == "ok"
    assert "not running" in found.text


def test_a_store_that_is_held_by_somebody_who_does_not_answer(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with open(folder / "service.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (found,) = checks.service()
    assert found.level == "fail"
    assert "fuser" in found.remedy
    assert levels(checks.service()) == ["ok"]


def logind(root: Path, **files: str) -> Path:
    (root / "run/systemd/system").mkdir(parents=True)
    for place, text in files.items():
        file = root / place.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_name(file.name + ".conf").write_text(text)
    return root


def test_logout_ends_jobs_only_if_systemd_says_so(tmp_path: Path) -> None:
    assert levels(machine.logout(tmp_path, 1000, {})) == []
    root = logind(tmp_path, etc__systemd__logind="[Login]\n#KillUserProcesses=yes\n")
    assert levels(machine.logout(root, 1000, {"USER": "ada"})) == ["ok"]


def test_logout_ends_jobs_unless_they_may_linger(tmp_path: Path) -> None:
    root = logind(tmp_path, etc__systemd__logind="[Login]\nKillUserProcesses = yes\n")
    (found,) = machine.logout(root, 1000, {"USER": "ada"})
    assert (found.level, found.remedy) == ("warn", "to let them go on, run: loginctl enable-linger")
    assert levels(machine.logout(root, 0, {"USER": "root"})) == ["ok"]
    (root / "var/lib/systemd/linger").mkdir(parents=True)
    (root / "var/lib/systemd/linger/ada").touch()
    assert levels(machine.logout(root, 1000, {"USER": "ada"})) == ["ok"]


def test_a_later_file_has_the_last_word(tmp_path: Path) -> None:
    root = logind(
        tmp_path,
        etc__systemd__logind="KillUserProcesses=yes\n",
        **{"usr__lib__systemd__logind.conf.d__20-keep": "KillUserProcesses=no\n"},
    )
    assert not machine.kills_user_processes(root)


def test_a_pod_is_said_to_be_one() -> None:
    assert levels(machine.pod({})) == []
    assert levels(machine.pod({"KUBERNETES_SERVICE_HOST": "10.0.0.1"})) == ["warn"]


def test_the_extension_is_found_in_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_core.paths.jupyter_config_path", lambda: [str(tmp_path)])
    assert levels(checks.extension()) == ["warn"]
    (tmp_path / "jupyter_server_config.d").mkdir()
    file = tmp_path / "jupyter_server_config.d/jupyter_jobsub.json"
    file.write_text(json.dumps({"ServerApp": {"jpserver_extensions": {"jupyter_jobsub": True}}}))
    assert levels(checks.extension()) == ["ok"]
    own = {"ServerApp": {"jpserver_extensions": {"jupyter_jobsub": False}}}
    (tmp_path / "jupyter_server_config.json").write_text(json.dumps(own))
    assert levels(checks.extension()) == ["warn"]


class Nvml(ModuleType):
    """Two devices, as NVML tells of them."""

    nvmlInit = nvmlShutdown = staticmethod(lambda: None)
    nvmlDeviceGetCount = staticmethod(lambda: 2)
    nvmlDeviceGetHandleByIndex = staticmethod(lambda index: index)
    nvmlDeviceGetName = staticmethod(lambda handle: "NVIDIA H200")


def test_gpus_are_counted_by_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", Nvml("pynvml"))
    assert list(machine.gpus()) == [checks.Finding("ok", "GPUs", "2 × NVIDIA H200")]


def test_no_gpus_are_no_fault_unless_there_are_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    there = False
    monkeypatch.setattr(machine.os.path, "exists", lambda path: there)
    assert levels(machine.gpus()) == ["ok"]
    there = True
    assert levels(machine.gpus()) == ["warn"]


def test_doctor_starts_nothing_and_has_an_exit_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    assert not folder.exists()
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith(("ok    ", "warn  ", "      ")) for line in lines)
    folder.mkdir(mode=0o755)
    assert main(["doctor", "--json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"level", "check", "text", "remedy"} == set(rows[0])
    assert "fail" in {row["level"] for row in rows}


def test_doctor_does_not_judge_this_machine_where_jobs_run_on_a_cluster(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def checked() -> set[str]:
        return {finding.check for finding in checks.run_checks({})}

    assert {"GPUs", "kernels", "restart"} <= checked()
    monkeypatch.setattr(checks, "start", lambda: iter([Finding("ok", "cluster", "it is there")]))
    assert not {"GPUs", "kernels", "restart"} & checked()
    assert {"cluster", "data folder", "extension"} <= checked()


def test_doctor_looks_at_a_server_where_that_is_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JOBSUB_URL", "http://127.0.0.1:1/")
    assert main(["doctor"]) == 1
    assert "fail  server: Can't connect to http://127.0.0.1:1/" in capsys.readouterr().out
