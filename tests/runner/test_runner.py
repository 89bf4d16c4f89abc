"""The runner as a command, with a real kernel."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbformat import v4

from jupyter_jobsub.model.progress import Progress, parse_progress
from jupyter_jobsub.reports import without_reports

MARKER = b"\x1b]7717;"


class Runner:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "jobs" / "out.ipynb"
        self.termination = folder / "termination"
        self.log = folder / "log"

    def start(self, *cells: Any, **options: Any) -> subprocess.Popen[bytes]:
        code_cells = [cell if isinstance(cell, dict) else v4.new_code_cell(cell) for cell in cells]
        (self.folder / "in.ipynb").write_text(json.dumps(v4.new_notebook(cells=code_cells)))
        arguments = [str(self.folder / "in.ipynb"), str(self.output), "--cwd", str(self.folder)]
        for name, value in options.items():
            arguments += [f"--{name}", str(value)]
        env = {**os.environ, "JOBSUB_TERMINATION_LOG": str(self.termination), "TMPDIR": str(self.folder)}
        env |= {"JOBSUB_JOB_ID": "job-1"}
        del env[
            "PYTEST_CURRENT_TEST"
        ]  # because of it ipykernel would not pass on what a cell's programs write
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "jupyter_jobsub.runner", *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=env,
            )

    def run(self, *cells: Any, **options: Any) -> int:
        return self.start(*cells, **options).wait(60)

    @property
    def cells(self) -> list[Any]:
        return json.loads(self.output.read_text())["cells"]  # type: ignore[no-any-return]

    @property
    def message(self) -> str:
        return self.termination.read_text() if self.termination.exists() else ""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def wait_until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + 30
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_cells_run_in_order_and_their_outputs_are_kept(runner: Runner) -> None:
    (runner.folder / "helper.py").write_text("ANSWER = 42")
    assert runner.run("import helper, os", "print(os.getcwd())", "helper.ANSWER") == 0
    assert runner.cells[1]["outputs"][0]["text"] == [f"{runner.folder}\n"]
    assert runner.cells[2]["outputs"][0]["data"]["text/plain"] == ["42"]
    assert [cell["execution_count"] for cell in runner.cells] == [1, 2, 3]
    assert b"\x07" + str(runner.folder).encode() + b"\n" in runner.log.read_bytes()
    assert runner.message == ""


def test_a_module_of_the_folder_does_not_replace_the_runners(runner: Runner) -> None:
    for name in ("json", "nbclient", "token"):
        (runner.folder / f"{name}.py").write_text("raise SystemExit('mine')")
    process = subprocess.run(
        [sys.executable, "-m", "jupyter_jobsub.runner", "--help"], cwd=runner.folder, capture_output=True
    )
    assert process.returncode == 0, process.stderr


def test_progress_is_told_after_each_cell(runner: Runner) -> None:
    skipped = v4.new_code_cell("1/0", metadata={"tags": ["skip-execution"]})
    assert runner.run("1;", "", v4.new_markdown_cell("text"), skipped, "2;") == 0
    markers = [part.partition(b"\x07")[0] for part in runner.log.read_bytes().split(MARKER)[1:]]
    assert markers == [b"0.0000;cell 0/2", b"0.5000;cell 1/2", b"1.0000;cell 2/2"]


def test_progress_is_found_at_the_end_of_a_log_however_much_a_cell_writes(runner: Runner) -> None:
    bar = "print(f'\\r {n // 2}%|##| {n}/200 [00:01<00:02]', end='', flush=True)"
    assert runner.run("1;", f"for n in range(200):\n  {bar}\nraise SystemExit") == 0
    found = parse_progress(runner.log.read_bytes().partition(b"An exception")[0][-4096:])
    assert found == Progress((1 + 0.99) / 2, "cell 2/2: 199/200 [00:01<00:02]")


@pytest.mark.parametrize(
    "report",
    [
        "import jupyter_jobsub; jupyter_jobsub.progress(0.5, 'e 1')",
        "print('\\x1b]7717;0.5;e 1\\x07', end='', flush=True)",
    ],
    ids=["by the function", "as any language does"],
)
def test_a_report_of_a_cell_is_for_the_log_alone(runner: Runner, report: str) -> None:
    assert runner.run("1;", report, "print('x' * 100_000)", "2;") == 0
    log = runner.log.read_bytes()
    assert parse_progress(log[-4096:]) == Progress(0.5, "e 1")
    assert b"cell 2/4" not in log
    assert without_reports(log) == b"x" * 100_000 + b"\n"
    assert [len(cell["outputs"]) for cell in runner.cells] == [0, 0, 1, 0]
    assert "7717" not in runner.output.read_text().replace(report.replace("\\", "\\\\"), "")


def test_parameters_are_injected(runner: Runner) -> None:
    parameters = runner.folder / "parameters.json"
    parameters.write_text('{"lr": 0.5, "name": "x"}')
    tagged = v4.new_code_cell("lr = 0.1", metadata={"tags": ["parameters"]})
    assert runner.run(tagged, "print(lr, name)", parameters=parameters) == 0
    assert runner.cells[1]["metadata"]["tags"] == ["injected-parameters"]
    assert runner.cells[2]["outputs"][0]["text"] == ["0.5 x\n"]


def test_a_failing_cell_is_quoted_and_saved(runner: Runner) -> None:
    assert runner.run("print('first')", "# divide\n1 / 0", "print('never')") == 1
    assert runner.message == "Cell 2 failed: ZeroDivisionError: division by zero\n\n# divide\n1 / 0"
    assert runner.cells[1]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert runner.cells[2]["outputs"] == []
    log = runner.log.read_text()
    assert re.search(r"\x1b\[[0-9;]*31mZeroDivisionError", log)  # colours are kept
    assert log.endswith(runner.message + "\n")


def test_a_pipe_instead_of_the_message_is_not_waited_for(runner: Runner) -> None:
    assert runner.run(f"import os; os.mkfifo({str(runner.termination)!r})", "1 / 0") == 1
    assert "Cell 2 failed" in runner.log.read_text()


@pytest.mark.parametrize(("code", "expected"), [("", 0), ("0", 0), ("7", 7), ("'no data'", 1)])
def test_sys_exit_ends_as_in_a_script(runner: Runner, code: str, expected: int) -> None:
    assert runner.run(f"import sys; sys.exit({code})", "1/0") == expected


def test_a_dead_kernel_is_told(runner: Runner) -> None:
    assert runner.run("x = 1", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)") == 1
    assert runner.message.startswith("The kernel was killed by signal 9 (out of memory?) in cell 2.")


def test_carriage_returns_reach_the_log_and_are_applied_in_the_notebook(runner: Runner) -> None:
    assert runner.run("for n in range(3): print(f'\\r{n}/3', end='', flush=True)") == 0
    assert b"\r0/3\r1/3\r2/3" in runner.log.read_bytes()
    assert runner.cells[0]["outputs"][0]["text"] == ["2/3"]


def test_what_programs_of_a_cell_write_is_in_the_log_once(runner: Runner) -> None:
    ways = """
import os, subprocess, sys
os.system("echo by the shell")
subprocess.run(["echo", "by a program"])
subprocess.run(["echo", "to the stream itself"], stdout=sys.stdout)
os.write(2, b"by C\\n")
print("by print")
!echo by the magic
"""
    at_exit = "import atexit, os; atexit.register(lambda: os.write(1, b'at the exit\\n'))"
    assert runner.run(ways, at_exit, "dir()") == 0
    lines = without_reports(runner.log.read_bytes()).decode().splitlines()
    told = [line for line in lines if line.startswith(("by ", "to ", "at "))]
    assert sorted(told) == [
        "at the exit",
        "by C",
        "by a program",
        "by print",
        "by the magic",
        "by the shell",
        "to the stream itself",
    ]
    assert not {"copies", "iostream", "WithoutCopies"} & set(
        re.findall(r"\w+", str(runner.cells[2]["outputs"]))
    )


def test_the_last_words_of_a_kernel_are_in_the_log_once(runner: Runner) -> None:
    sent = "import os, time; os.system('echo sent'); time.sleep(0.6)"
    death = """
import threading
from ipykernel import iostream
copied, write = threading.Event(), iostream.os.write
iostream.os.write = lambda fd, data: (write(fd, data), copied.set())[0]
os.write(2, b"terminate called\\n")
copied.wait()
os.abort()
"""
    assert runner.run(sent, death) == 1
    lines = without_reports(runner.log.read_bytes()).decode().splitlines()
    told = [line for line in lines if line in ("sent", "terminate called") or "killed by" in line]
    assert told == ["sent", "terminate called", "The kernel was killed by signal 6 in cell 2."]


def test_nothing_of_a_flood_is_lost(runner: Runner) -> None:
    assert runner.run("for n in range(5000): print(n, flush=True)") == 0
    written = re.sub(rb"\x1b\]7717;[^\x07]*\x07", b"", runner.log.read_bytes())
    assert written == b"".join(b"%d\n" % n for n in range(5000))


def test_the_notebook_is_saved_while_a_cell_runs(runner: Runner) -> None:
    process = runner.start("import time; print('here', flush=True); time.sleep(60)")
    wait_until(lambda: runner.output.exists() and bool(runner.cells[0]["outputs"]))
    assert runner.cells[0]["outputs"][0]["text"] == ["here\n"]
    process.terminate()
    assert process.wait(30) == 143


def test_a_disk_that_is_full_for_a_while_ends_no_notebook(runner: Runner) -> None:
    there = runner.folder / "there"
    cells = [
        "print('before')",
        f"import os, time\nwhile not os.path.exists({str(there)!r}): time.sleep(0.01)",
    ]
    process = runner.start(*cells, "print('on the full disk')")
    wait_until(lambda: b"before" in runner.log.read_bytes())
    _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, most))
    there.touch()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(3)
    assert b"on the full disk" not in runner.log.read_bytes()
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
    assert process.wait(60) == 0
    assert runner.log.read_bytes().count(b"on the full disk\n") == 1
    assert "".join(runner.cells[-1]["outputs"][0]["text"]) == "on the full disk\n"


def test_told_to_end_it_interrupts_the_cell_and_saves(runner: Runner) -> None:
    cell = (
        "import time\ntry:\n  print('in', flush=True); time.sleep(60)\nfinally:\n  print('saved', flush=True)"
    )
    process = runner.start(cell)
    wait_until(lambda: b"in\n" in runner.log.read_bytes())
    process.terminate()
    assert process.wait(30) == 143
    assert runner.cells[0]["outputs"][0]["text"] == ["in\n", "saved\n"]
    assert runner.cells[0]["outputs"][1]["ename"] == "KeyboardInterrupt"
    assert not list(runner.folder.glob("jobsub-*"))


def test_killed_it_takes_the_kernel_with_it(runner: Runner) -> None:
    process = runner.start("import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)")
    wait_until(lambda: b"pid" in runner.log.read_bytes() and runner.log.read_bytes().endswith(b"\n"))
    kernel = int(runner.log.read_bytes().rpartition(b"pid ")[2])
    assert os.getpgid(kernel) == process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    wait_until(lambda: not Path(f"/proc/{kernel}").exists() or _zombie(kernel))


def _zombie(pid: int) -> bool:
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def test_an_unknown_kernel_is_refused_with_those_there_are(runner: Runner) -> None:
    assert runner.run("1", kernel="no-such") == 1
    assert "no kernel named 'no-such' here; there are: " in runner.message
    assert "python3" in runner.message


@pytest.mark.parametrize("options", [{"kernel": sys.prefix}, {"kernel": "mine", "environment": sys.prefix}])
def test_an_environment_is_a_kernel(runner: Runner, options: dict[str, str]) -> None:
    assert runner.run("import sys; print(sys.prefix)", **options) == 0
    assert runner.cells[0]["outputs"][0]["text"] == [f"{sys.prefix}\n"]


def test_a_folder_without_python_is_refused(runner: Runner) -> None:
    assert runner.run("1", kernel=runner.folder) == 1
    assert "is no Python environment" in runner.message


def test_parameters_need_a_kernel_of_python(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = {"argv": [sys.executable, "-c", "", "{connection_file}"], "language": "R", "display_name": "R 4"}
    folder = runner.folder / "kernels" / "ir"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(runner.folder))
    parameters = runner.folder / "parameters.json"
    parameters.write_text('{"lr": 1}')
    assert runner.run("1", kernel="ir", parameters=parameters) == 1
    assert runner.message == "Parameters can be given to Python notebooks only; R 4 runs R."


def test_a_kernel_that_does_not_start_is_told(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    argv = [sys.executable, "-c", "import sys; sys.exit('no such module')", "{connection_file}"]
    folder = runner.folder / "kernels" / "broken"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({"argv": argv, "language": "python", "display_name": "B"}))
    monkeypatch.setenv("JUPYTER_PATH", str(runner.folder))
    assert runner.run("1", kernel="broken") == 1
    assert runner.message.startswith("The kernel ended with exit code 1 before the first cell")
    assert "no such module" in runner.log.read_text()
