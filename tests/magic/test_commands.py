"""``%jobsub``: every command of the command line, in a kernel."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_jobsub.cli.app import COMMANDS
from jupyter_jobsub.client import Client
from tests.magic.kernel import Kernel

SLEEPER = "%jobsub submit --name sleeper -- sleep 600"


@pytest.fixture
def job_id(kernel: Kernel) -> str:
    """A job that has ended."""
    kernel.do("%jobsub submit --name ended -- 'echo hi; echo there'")
    kernel.do("job = _.wait()")
    found: str = kernel.ask("job.id")
    return found


def test_submit_gives_a_job(kernel: Kernel) -> None:
    kernel.do("n = 6")
    seen = kernel.do("job = %jobsub submit -- echo {n} '{n}' \"$n 7\"\njob.wait().logs()")
    assert seen.value == repr("6 6 6 7\n")
    assert "job-" in seen.out
    assert seen.shown == []


def test_a_script_and_a_notebook_beside_this_one(kernel: Kernel, client: Client) -> None:
    (kernel.folder / "beside.sh").write_text("echo beside $1\n")
    assert "\nbeside it\n" in kernel.do("%jobsub submit beside.sh --wait -- it").out
    assert client.spec(kernel.ask("_.id"))["script"] == str(kernel.folder / "beside.sh")


def test_a_value_with_a_name_is_displayed(kernel: Kernel) -> None:
    kernel.do("job = %jobsub submit -- true")
    assert "job-" in kernel.do("job").text
    seen = kernel.do("job = %jobsub submit -- true\njob")
    assert seen.text.count(kernel.ask("job.id")) == 2  # where it was submitted, and in its view


def test_get_gives_a_job_and_several_a_list(kernel: Kernel, job_id: str) -> None:
    assert "name:" in kernel.do(f"%jobsub get {job_id}").out
    assert kernel.ask("_.id") == job_id
    kernel.do(f"%jobsub rerun {job_id}")
    other = kernel.ask("_.wait().id")
    kernel.do(f"several = %jobsub get {job_id} {other}")
    assert kernel.ask("[job.id for job in several]") == [job_id, other]


def test_lists_are_for_people(kernel: Kernel, job_id: str) -> None:
    seen = kernel.do("%jobsub list --limit 3")
    [table] = seen.shown
    assert job_id in table["text/plain"]
    assert job_id in table["text/html"]
    rows = [json.loads(line) for line in kernel.do("%jobsub list --json").out.splitlines()]
    assert job_id in [row["id"] for row in rows]


def test_what_is_known_of_a_job(kernel: Kernel, job_id: str) -> None:
    assert "Succeeded" in kernel.do(f"%jobsub timeline {job_id}").text
    assert json.loads(kernel.do(f"%jobsub spec {job_id}").out)["name"] == "ended"
    assert kernel.do(f"%jobsub logs {job_id}").out == "hi\nthere\n"
    assert kernel.do(f"%jobsub logs --follow --tail 1 {job_id}").out == "there\n"
    kernel.do(f"%jobsub logs {job_id} --download log.txt")
    assert (kernel.folder / "log.txt").read_text() == "hi\nthere\n"
    assert job_id in kernel.do(f"%jobsub logs --follow {job_id}").text
    assert "Succeeded" in kernel.do(f"%jobsub wait {job_id}").out
    assert kernel.ask("_.phase") == "Succeeded"


def until(client: Client, job_id: str, phase: str) -> None:
    for name, data in client.events(timeout=60):
        row = client.job(job_id) if name == "hello" else data.get("job", {})
        if (row.get("id"), row.get("phase")) == (job_id, phase):
            return


def test_actions(kernel: Kernel, client: Client) -> None:
    kernel.do(SLEEPER)
    job_id = kernel.ask("_.id")
    kernel.do(f"%jobsub edit {job_id} --name renamed")
    assert client.job(job_id)["name"] == "renamed"
    kernel.do(f"%jobsub pause {job_id}")
    until(client, job_id, "Paused")
    kernel.do(f"%jobsub resume {job_id}")
    kernel.do(f"%jobsub cancel {job_id}")
    assert "Cancelled" in kernel.run(f"%jobsub wait {job_id}").out


@pytest.mark.parametrize(("answer", "deleted"), [("n", False), ("y", True), (None, True)])
def test_a_question_is_asked_in_the_cell(
    kernel: Kernel, job_id: str, answer: str | None, deleted: bool
) -> None:
    seen = kernel.run(f"%jobsub delete {job_id}", answer=answer)
    assert seen.status == "ok"
    assert (": deleted" in seen.out) == deleted
    assert ("nothing was deleted" in seen.out) != deleted


def test_what_a_job_keeps(kernel: Kernel) -> None:
    kernel.do("%%jobsub --wait --as kept\necho found > $JOBSUB_ARTIFACTS/it.txt")
    assert "it.txt" in kernel.do("%jobsub artifacts list $kept.id").text
    kernel.do("%jobsub artifacts download $kept.id --to fetched")
    assert (kernel.folder / "fetched" / "it.txt").read_text() == "found\n"
    assert "nothing" in kernel.run("%jobsub purge $kept.id", answer="n").out
    assert "there is nobody to ask" in kernel.fail("%jobsub purge $kept.id")
    kernel.do("%jobsub purge $kept.id --yes")
    assert "it was purged" in kernel.fail("%jobsub logs $kept.id")


def test_what_running_jobs_use(kernel: Kernel, client: Client) -> None:
    kernel.do(SLEEPER)
    job_id = kernel.ask("_.id")
    until(client, job_id, "Running")
    assert job_id in kernel.do("%jobsub top").text  # once: a cell is not drawn over
    kernel.do(f"%jobsub cancel {job_id}")


def test_inventory_and_service(kernel: Kernel) -> None:
    assert "default" in kernel.do("%jobsub usage").text
    assert "cpu-1" in kernel.do("%jobsub catalog").text
    assert "running:" in kernel.do("%jobsub status").out
    assert "ok" in kernel.run("%jobsub doctor").out
    assert "nothing changed" in kernel.do("%jobsub reload").out
    assert "draining" in kernel.do("%jobsub drain").out
    assert "admitting" in kernel.do("%jobsub drain --off").out


def test_the_service_ends_and_starts_again_by_itself(kernel: Kernel, job_id: str) -> None:
    kernel.do("before = job.refresh")
    assert "stopped" in kernel.do("%jobsub stop").out
    assert "not running" in kernel.do("%jobsub status").out
    assert job_id in kernel.do("%jobsub list").text
    assert kernel.ask("before().id") == job_id


@pytest.mark.parametrize("name", ["serve", "completion"])
def test_what_makes_no_sense_here_says_so(kernel: Kernel, name: str) -> None:
    said = kernel.fail(f"%jobsub {name} bash")
    assert f"{name} can't be used here" in said
    assert f"  {name} " not in kernel.do("%jobsub --help").out
    assert kernel.complete(f"%jobsub {name[:-1]}") == []
    assert name not in kernel.fail(f"%jobsub {name}d").replace(f"{name}d", "")


WRONG = [
    ("lst", "did you mean 'list'?"),
    ("get", "see: %jobsub get --help"),
    ("get zzzzzzzz", "There is no job 'zzzzzzzz'"),
    ("cancel zzzzzzzz yyyyyyyy", "There is no job 'yyyyyyyy'"),
    ("submit", "%jobsub submit -- COMMAND"),
    ("submit none.py", "none.py"),
    ("submit --file none.yaml", "none.yaml: No such file"),
    ("submit --file -", "a cell has no standard input"),
    ("submit 'x", "No closing quotation"),
    ("submit --priority 5000 --retries 5000 -- true", "this is wrong"),
    ("submit --wait -- 'exit 4'", "did not succeed (exit code 4)"),
    ("wait --timeout 1 zzzzzzzz", "There is no job"),
    ("list --json --limit x", "%jobsub: argument --limit"),
]


@pytest.mark.parametrize(("line", "text"), WRONG)
def test_errors_are_the_command_lines_own(kernel: Kernel, line: str, text: str) -> None:
    said = kernel.fail(f"%jobsub {line}")
    assert text in said
    assert "jupyter jobsub" not in said


def test_one_wrong_id_leaves_the_others_done(kernel: Kernel, job_id: str) -> None:
    seen = kernel.run(f"%jobsub get zzzzzzzz {job_id}")
    assert seen.status == "error"
    assert job_id in seen.out


def test_a_time_that_is_over_is_an_error(kernel: Kernel) -> None:
    kernel.do(SLEEPER)
    job_id = kernel.ask("_.id")
    assert "not ended after 0 s" in kernel.fail(f"%jobsub wait --timeout 0 {job_id}")
    kernel.do(f"%jobsub cancel {job_id}")


def test_errors_end_a_cell(kernel: Kernel) -> None:
    kernel.do("after = False")
    kernel.run("%jobsub submit --priority 0 -- true\nafter = True")
    assert kernel.ask("after") is False


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(kernel: Kernel, name: str) -> None:
    if name in ("serve", "completion"):
        return
    text = kernel.do(f"%jobsub {name} --help").out
    assert text.startswith(f"usage: %jobsub {name}")
    assert "jupyter jobsub" not in text


def test_help_on_all(kernel: Kernel) -> None:
    text = kernel.do("%jobsub").out
    assert text == kernel.do("%jobsub --help").out
    named = re.findall(r"^  (\w+) ", text.partition("commands:")[2].partition("options:")[0], re.MULTILINE)
    assert set(named) == set(COMMANDS) - {"serve", "completion"}
    assert "%%jobsub" in kernel.do("print(get_ipython().find_cell_magic('jobsub').__doc__)").out


def test_loaded_again_and_unloaded(kernel: Kernel) -> None:
    kernel.do("%reload_ext jupyter_jobsub")
    matchers = "[m.__module__ for m in get_ipython().Completer.custom_matchers].count"
    assert kernel.ask(f"{matchers}('jupyter_jobsub.magic.completion')") == 1
    kernel.do("%unload_ext jupyter_jobsub")
    assert "not found" in kernel.run("%jobsub list").err
    kernel.do("%load_ext jupyter_jobsub")
    kernel.do("%jobsub list")


def test_output_can_be_captured(kernel: Kernel, job_id: str) -> None:
    kernel.do(f"%%capture caught\n%jobsub logs {job_id}")
    assert kernel.ask("caught.stdout") == "hi\nthere\n"


def test_ipython_in_a_terminal(environment: dict[str, str], kernel: Kernel, tmp_path: Path) -> None:
    code = "%load_ext jupyter_jobsub\njob = %jobsub submit --follow -- echo hi\nprint(job.phase)\n%jobsub lst"
    (tmp_path / "lines.ipy").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--quick", "lines.ipy"],
        cwd=tmp_path,
        env=environment | {"COLUMNS": "100"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.stdout.startswith("hi\nSucceeded\n"), done.stderr
    assert "did you mean 'list'?" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
