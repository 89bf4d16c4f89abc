"""Commands as processes: starts at once, interrupts, terminals, a service that is killed meanwhile."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.cli import main
from jupyter_jobsub.client import Client, LocalEndpoint, local
from jupyter_jobsub.client.local import end_service

Run = Callable[..., str]
Process = Callable[..., "subprocess.Popen[bytes]"]

# writes a line whenever the file has grown by one, and ends with it
PACED = """
import os, sys, time
written = 0
while written < 6:
    while os.path.getsize("pace") <= written:
        time.sleep(0.01)
    written += 1
    os.write(1, b"\\xff line %d\\n" % written)
sys.exit(9)
"""


def service_pid() -> int:
    with Client(LocalEndpoint(start=False)) as client:
        pid: int = client.call("GET", "/jobsub/status")["pid"]
        return pid


def kill_service() -> None:
    process = os.pidfd_open(service_pid())
    signal.pidfd_send_signal(process, signal.SIGKILL)
    select.select([process], [], [], 30)
    os.close(process)


@pytest.fixture
def other_folder(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder where no service has run yet."""
    folder = data_dir / "other"
    monkeypatch.setenv("JOBSUB_DATA_DIR", str(folder))
    yield folder
    if connection := LocalEndpoint(folder, start=False).try_connect():
        end_service(connection)


def test_status_and_stop_where_nothing_runs(jobsub: Run, other_folder: Path) -> None:
    assert jobsub("status", code=3) == f"not running (data: {other_folder})\n"
    assert json.loads(jobsub("status", "--json", code=3)) == {"running": False, "data_dir": str(other_folder)}
    assert jobsub("stop") == "not running\n"
    assert "not running" in jobsub("drain", code=3)
    assert "not running" in jobsub("reload", code=3)
    assert not other_folder.exists()


def test_two_that_start_it_at_once_both_work(process: Process, jobsub: Run, other_folder: Path) -> None:
    both = [process("submit", "--", "true"), process("submit", "--", "true")]
    for one in both:
        out, err = one.communicate()
        assert (one.returncode, err) == (0, b"")
        assert out.startswith(b"job-")
    assert len(jobsub("list").splitlines()) == 3
    assert jobsub("stop") == "stopped; jobs that run, run on\n"
    assert jobsub("status", code=3)


def test_a_newer_client_replaces_the_service_and_jobs_run_on(
    jobsub: Run, until: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pace").touch()
    job_id = jobsub("submit", "--", sys.executable, "-c", PACED).strip()
    until(job_id, "Running")
    before = service_pid()
    monkeypatch.setattr(local, "__version__", "99.0")
    assert job_id in jobsub("list")
    assert service_pid() != before
    (tmp_path / "pace").write_bytes(b"x" * 6)
    jobsub("wait", job_id, code=9)


def test_names_are_printed_in_any_locale(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    out, err = process("submit", "--wait", "--name", "训练…", "--", "true").communicate()
    assert (out, b"Succeeded" in err) == (b"", True)
    out, _ = process("list", "--limit", "1").communicate()
    assert b"???" in out


def test_wait_outlives_the_service(process: Process, tmp_path: Path) -> None:
    pace = tmp_path / "pace"
    pace.touch()
    watcher = process("submit", "--wait", "--", sys.executable, "-u", "-c", PACED)
    assert watcher.stdout
    got = b""
    for line in range(1, 7):
        pace.write_bytes(b"x" * line)
        got += watcher.stdout.readline()
        assert got.endswith(b"line %d\n" % line)
        if line in (2, 4):
            kill_service()
    rest, err = watcher.communicate()
    assert watcher.returncode == 9, err
    assert got + rest == b"".join(b"\xff line %d\n" % line for line in range(1, 7))


def test_wait_by_id_outlives_a_stop(process: Process, jobsub: Run, tmp_path: Path) -> None:
    pace = tmp_path / "pace"
    pace.touch()
    job_id = jobsub("submit", "--", sys.executable, "-c", PACED).strip()
    waiter = process("wait", job_id)
    jobsub("stop")
    pace.write_bytes(b"x" * 6)
    out, err = waiter.communicate()
    assert (waiter.returncode, out) == (9, f"{job_id}: Failed (Error), exit code 9\n".encode()), err


def test_ctrl_c_ends_the_watching_and_not_the_job(process: Process, jobsub: Run, tmp_path: Path) -> None:
    (tmp_path / "pace").write_bytes(b"x")
    watcher = process("submit", "--wait", "--", sys.executable, "-u", "-c", PACED)
    assert watcher.stdout
    assert watcher.stdout.readline() == b"\xff line 1\n"
    watcher.send_signal(signal.SIGINT)
    _, err = watcher.communicate()
    assert watcher.returncode == 130
    found = re.search(rb"(job-\S+) runs on; watch it: jupyter jobsub logs -f \1\n", err)
    assert found, err
    (tmp_path / "pace").write_bytes(b"x" * 6)
    jobsub("wait", found[1].decode(), code=9)


def test_a_reader_that_goes_away_is_no_error(process: Process, jobsub: Run) -> None:
    job_id = jobsub("submit", "--", "seq 200000").strip()
    jobsub("wait", job_id)
    logs = process("logs", job_id)
    assert logs.stdout
    logs.stdout.read(10)
    logs.stdout.close()
    assert logs.stderr
    assert logs.stderr.read() == b""
    assert logs.wait() == 141


@pytest.mark.parametrize("words", [["list"], ["submit", "--", "true"], ["submit", "--wait", "--", "echo hi"]])
def test_closed_streams_are_no_error(words: list[str]) -> None:
    command = [sys.executable, "-m", "jupyter_jobsub.cli", *words]
    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" <&- >&-', "sh", *command], stderr=subprocess.PIPE, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert b"Traceback" not in ended.stderr


def test_serve_becomes_the_service(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    became: list[list[str]] = []

    def execv(path: str, words: list[str]) -> None:
        became.append(words)
        sys.exit()

    monkeypatch.setattr(os, "execv", execv)
    for words in (["serve"], ["serve", "--data-dir", "here"]):
        with pytest.raises(SystemExit):
            main(words)
    start = [sys.executable, "-m", "jupyter_jobsub.service", "--data-dir"]
    assert became == [[*start, str(data_dir)], [*start, os.path.abspath("here")]]


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, process: Process, *words: str) -> None:
        ours, theirs = pty.openpty()
        self._file = ours
        self.command = process(*words, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)

    def read(self) -> str:
        """Read all that it writes."""
        text = b""
        while piece := self._piece():
            text += piece
        self.command.wait()
        os.close(self._file)
        return text.decode()

    def until(self, pattern: str) -> str:
        """Read until the pattern is there."""
        text = b""
        while not re.search(pattern, text.decode()):
            piece = self._piece()
            assert piece, text
            text += piece
        return text.decode()

    def write(self, text: str) -> None:
        """Type."""
        os.write(self._file, text.encode())

    def _piece(self) -> bytes:
        try:
            return os.read(self._file, 65_536)
        except OSError:  # the other end is closed
            return b""


@pytest.fixture
def terminal(process: Process) -> Callable[..., Any]:
    return lambda *words: Terminal(process, *words)


def test_tables_on_a_terminal(terminal: Callable[..., Terminal], jobsub: Run) -> None:
    job_id = jobsub("submit", "--name", "shown", "--", "true").strip()
    jobsub("wait", job_id)
    text = terminal("list", "--limit", "1").read()
    assert job_id in text
    assert "shown" in text
    assert "\t" not in text
    assert "GROUP" not in text  # they are all of one
    assert "--limit N or --all" in text
    assert "phase:" in terminal("get", job_id).read()
    assert "─" in terminal("timeline", job_id).read()
    assert "no jobs" in terminal("list", "--text", "nothing is named so").read()


def test_the_live_line_makes_room_for_the_log(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    (tmp_path / "pace").write_bytes(b"x")
    shown = terminal("submit", "--wait", "--", sys.executable, "-u", "-c", PACED.replace("\\xff ", ""))
    before = shown.until(r"line 1\r\n.*\[Running\]")
    assert "\r\x1b[K" in before
    (tmp_path / "pace").write_bytes(b"x" * 6)
    after = shown.read()
    lines = re.sub(r"\r\x1b\[K(\[\w+\][^\r\n]*)?", "", after).split("\r\n")
    assert lines[:5] == [f"line {n}" for n in range(2, 7)]
    assert shown.command.returncode == 9


def test_on_a_terminal_that_does_not_say_how_wide_it_is(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    report = r"printf '\033]7717;0.5;words that take some room\a'"
    shown = terminal("submit", "--follow", "--", f"{report}; until [ -e go ]; do sleep 0.1; done")
    shown.until(r"50% words that take some room")
    (tmp_path / "go").touch()
    shown.read()


def test_how_it_ended_has_a_line_of_its_own(terminal: Callable[..., Terminal], jobsub: Run) -> None:
    words = ("submit", "--wait", "--", "printf 'no line end'")
    shown = terminal(*words).read()
    assert re.search(r"no line end(\r\x1b\[K)*\r\njob-\d{8}-\w{8}: Succeeded", shown)
    assert jobsub(*words) == "no line end"  # nothing is added for programs


def test_delete_asks_on_a_terminal(terminal: Callable[..., Terminal], jobsub: Run) -> None:
    job_id = jobsub("submit", "--", "true").strip()
    jobsub("wait", job_id)
    for answer, text in (("n", "nothing was deleted"), ("y", f"{job_id}: deleted")):
        asking = terminal("delete", job_id)
        assert f"Delete {job_id} with its log and artifacts?" in asking.until(r"\[y/N\] ")
        asking.write(f"{answer}\n")
        assert text in asking.read()


def test_purge_asks_on_a_terminal(terminal: Callable[..., Terminal], jobsub: Run) -> None:
    job_id = jobsub("submit", "--", "echo 1 > $JOBSUB_ARTIFACTS/a").strip()
    jobsub("wait", job_id)
    assert "MODIFIED" in terminal("artifacts", "list", job_id).read()
    for answer, text in (("n", "nothing was purged"), ("y", f"{job_id}: purged, ")):
        asking = terminal("purge", job_id)
        question = f"Remove log, metrics and artifacts of {job_id} ("
        assert question in asking.until(r"\[y/N\] ")
        asking.write(f"{answer}\n")
        assert text in asking.read()


def test_a_download_tells_its_progress_on_a_terminal(
    terminal: Callable[..., Terminal], jobsub: Run, tmp_path: Path
) -> None:
    job_id = jobsub("submit", "--", "truncate -s 3000000 $JOBSUB_ARTIFACTS/zeros").strip()
    jobsub("wait", job_id)
    text = terminal("artifacts", "download", job_id).read()
    assert re.search(r"\x1b\[K\d+ %  \d", text)
    assert text.rstrip().endswith("\x1b[K")  # no half line is left
    assert (tmp_path / "zeros").stat().st_size == 3_000_000


def test_submit_on_a_terminal_says_where_the_job_stands(terminal: Callable[..., Terminal]) -> None:
    assert re.search(r"job-\S+: (Pending|Preparing|Running)", terminal("submit", "--", "true").read())
