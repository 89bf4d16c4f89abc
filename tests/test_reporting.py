"""progress() as a job calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from jupyter_jobsub.model.progress import parse_progress
from jupyter_jobsub.reporting import progress
from jupyter_jobsub.reports import without_reports


def output(code: str, *, job: bool = True) -> bytes:
    """What a script writes that does this."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("JOBSUB_")}
    script = f"from jupyter_jobsub import progress\n{code}"
    env |= {"JOBSUB_JOB_ID": "job-1"} if job else {}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout


def reports(text: bytes) -> list[bytes]:
    return text.replace(without_reports(text), b"").split(b"\x07")[:-1]


def test_a_report_is_what_is_read_from_the_log() -> None:
    found = parse_progress(output("progress(0.4, 'epoch 2/5')"))
    assert found
    assert (found.fraction, found.text) == (0.4, "epoch 2/5")


def test_outside_a_job_nothing_is_written() -> None:
    assert output("progress(0.4, 'epoch 2/5')", job=False) == b""


def test_reports_that_follow_each_other_closely_are_one_and_the_last_is_written() -> None:
    written = output("for n in range(100_001): progress(n / 100_000, f'step {n}')")
    assert written.startswith(b"\x1b]7717;0;step 0\x07")
    assert written.endswith(b"\x1b]7717;1;step 100000\x07")
    assert len(reports(written)) < 1000


def test_the_last_comes_while_the_job_does_something_else() -> None:
    code = """
import os, sys, time
progress(0.1); progress(0.2)
time.sleep(60)
"""
    script = f"from jupyter_jobsub import progress\n{code}"
    env = os.environ | {"JOBSUB_JOB_ID": "job-1"}
    with subprocess.Popen([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE) as job:
        assert job.stdout
        wanted = b"\x1b]7717;0.1;\x07\x1b]7717;0.2;\x07"
        assert job.stdout.read(len(wanted)) == wanted
        job.kill()


def test_the_same_again_is_not_written() -> None:
    written = output("import time\nfor _ in range(5): progress(0.5); time.sleep(0.25)")
    assert written == b"\x1b]7717;0.5;\x07"


def test_of_what_is_killed_less_than_a_percent_is_lost() -> None:
    written = output("import os\nfor n in range(100_001): progress(n / 100_000)\nos._exit(0)")
    assert written.endswith(b"\x1b]7717;1;\x07")
    again = output("import os\nfor n in range(100_001): progress(n % 1000 / 1000)\nos._exit(0)")
    assert 101 <= len(reports(written)) < 1000
    assert len(reports(again)) < 1000


def test_from_threads() -> None:
    code = """
from threading import Thread
threads = [Thread(target=progress, args=(n / 50,)) for n in range(50)]
for thread in threads: thread.start()
for thread in threads: thread.join()
progress(1)
"""
    written = output(code)
    assert written.endswith(b"\x1b]7717;1;\x07")
    assert without_reports(written) == b""


def test_after_a_fork() -> None:
    code = """
import os
progress(0.1)
if pid := os.fork():
    os.waitpid(pid, 0)
else:
    progress(0.2)
    os._exit(0)
"""
    assert output(code).endswith(b"\x1b]7717;0.2;\x07")


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_the_last_of_a_child_of_multiprocessing(method: str, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(f"""
import multiprocessing
from jupyter_jobsub import progress

def work():
    for n in range(11):
        progress(n / 10_000, f"step {{n}}")

if __name__ == "__main__":
    child = multiprocessing.get_context("{method}").Process(target=work)
    child.start()
    child.join()
    print("end")
""")
    env = os.environ | {"JOBSUB_JOB_ID": "job-1"}
    done = subprocess.run([sys.executable, script], env=env, capture_output=True, check=True)
    assert done.stdout.startswith(b"\x1b]7717;0;step 0\x07")
    assert done.stdout.endswith(b"\x1b]7717;0.001;step 10\x07end\n")
    assert done.stderr == b""


def test_with_another_stdout() -> None:
    code = """
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as caught:
    progress(0.5, "hidden from nobody")
assert caught.getvalue() == ""
"""
    assert output(code) == b"\x1b]7717;0.5;hidden from nobody\x07"


def test_without_anybody_who_reads() -> None:
    assert output("import os\nos.close(1)\nprogress(0.5)") == b""


def test_any_text_becomes_one_line() -> None:
    written = output(r"progress(0.5, 'a\nb\x1b\x07c\ud800' + 'x' * 300)")
    found = parse_progress(written)
    assert found
    assert found.text == "a b c " + "x" * 193
    assert without_reports(written) == b""


@pytest.mark.parametrize("fraction", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_fraction_that_is_none_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        progress(fraction)


@pytest.mark.parametrize(("fraction", "text"), [("half", ""), (None, ""), (0.5, 1)])
def test_other_types_are_refused(fraction: object, text: object) -> None:
    with pytest.raises(TypeError, match="give a"):
        progress(fraction, text)  # type: ignore[arg-type]


@pytest.mark.parametrize("fraction", [0, 1, True, Fraction(1, 3), 1 + 1e-12])
def test_any_number_from_0_to_1_is_one(fraction: float) -> None:
    progress(fraction)


def test_it_is_quick_to_import() -> None:
    code = "import sys; from jupyter_jobsub import progress; progress(0); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    plain = subprocess.run(
        [sys.executable, "-I", "-c", "import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    new = loaded - {name.partition(".")[0] for name in plain.stdout.split()}
    assert new - sys.stdlib_module_names == {"jupyter_jobsub"}
    assert not new & {"asyncio", "json", "logging", "subprocess"}
