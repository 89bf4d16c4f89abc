"""The commands against the real service."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.client import Client

Run = Callable[..., str]
Rows = Callable[..., list[dict[str, Any]]]
Until = Callable[[str, str], None]

ID = re.compile(r"job-\d{8}-[0-9a-z]{8}")
SLEEP = "import time; time.sleep(600)"


@pytest.fixture
def done(jobsub: Run) -> str:
    """A job that has succeeded."""
    job_id = jobsub("submit", "--name", "greeting", "--", "echo", "hello").strip()
    jobsub("wait", job_id)
    return job_id


@pytest.fixture
def sleeper(jobsub: Run, until: Until) -> Iterator[str]:
    """A job that runs until it is cancelled."""
    job_id = jobsub("submit", "--", sys.executable, "-c", SLEEP).strip()
    until(job_id, "Running")
    yield job_id
    if "Running" in jobsub("get", job_id):
        jobsub("cancel", job_id)
    until(job_id, "Cancelled")


def test_submit_prints_an_id(jobsub: Run) -> None:
    assert ID.fullmatch(jobsub("submit", "--", "true").strip())


def test_submit_wait_prints_the_log_and_exits_with_the_code(jobsub: Run) -> None:
    assert jobsub("submit", "--wait", "--", "echo one; echo two >&2; exit 7", code=7) == "one\ntwo\n"


def test_submit_follow_exits_with_zero_whatever_the_job_does(jobsub: Run) -> None:
    assert jobsub("submit", "--follow", "--", "echo one; exit 7") == "one\n"


def test_submit_wait_under_json_prints_the_ended_job_alone(rows: Rows) -> None:
    (row,) = rows("submit", "--wait", "--", "echo one; exit 7", code=7)
    assert (row["phase"], row["exit_code"]) == ("Failed", 7)


def test_a_command_runs_in_this_folder_with_its_variables(jobsub: Run, tmp_path: Path) -> None:
    found = jobsub("submit", "--wait", "-e", "A=b c", "--", 'pwd; echo "$A"; command -v python')
    assert found.splitlines() == [str(tmp_path), "b c", f"{sys.prefix}/bin/python"]


def test_several_arguments_are_kept_apart(jobsub: Run) -> None:
    show = "import sys; print(sys.argv[1:])"
    assert jobsub("submit", "--wait", "--", "python", "-c", show, "a b", "$HOME") == "['a b', '$HOME']\n"


def test_a_script_with_arguments(jobsub: Run, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(3)\n")
    assert jobsub("submit", "train.py", "--wait", "--", "--epochs", "3", code=3) == "['--epochs', '3']\n"


def test_a_shell_script(jobsub: Run, tmp_path: Path) -> None:
    (tmp_path / "train.sh").write_text('echo "got $1"\n')
    assert jobsub("submit", "train.sh", "--wait", "--", "x y") == "got x y\n"


def test_a_job_file(jobsub: Run, rows: Rows, tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("name: from-file\ncommand: echo $A\nenv: {A: '1'}\npriority: 7\n")
    (row,) = rows("submit", "--file", "job.yaml", "--priority", "8", "--wait")
    assert (row["name"], row["priority"]) == ("from-file", 8)
    assert jobsub("logs", row["id"]) == "1\n"


def test_the_same_key_makes_one_job(jobsub: Run) -> None:
    words = ("submit", "--idempotency-key", "k1", "--", "true")
    assert jobsub(*words) == jobsub(*words)
    assert "k1" in jobsub("submit", "--idempotency-key", "k1", "--", "false", code=6)


def test_every_wrong_field_is_told(jobsub: Run, rows: Rows) -> None:
    words = ("submit", "--priority", "0", "--name", "a\nb", "--retries", "1000", "--", "true")
    text = jobsub(*words, code=5)
    head, *lines = text.splitlines()
    assert head == "jupyter jobsub: this is wrong, and nothing was done:"
    assert [*lines[:2], *lines[4:]] == [
        *("  name: has control characters", "      use printable characters on one line"),
        *("  retries: 1000 is too large", "      give 100 at most"),
    ]
    assert lines[2:4] == ["  priority: 0 is too small", "      give 1 or more"]
    ((error),) = rows(*words, code=5)
    assert {e["field"] for e in error["error"]["errors"]} == {"priority", "name", "retries"}
    assert all(e["remedy"] for e in error["error"]["errors"])
    assert error["error"]["status"] == 422


def test_a_missing_script_is_told(jobsub: Run) -> None:
    assert "script" in jobsub("submit", "none.py", code=5)


def test_list_plain_and_json(jobsub: Run, rows: Rows, done: str) -> None:
    titles, first, *_ = (line.split("\t") for line in jobsub("list").splitlines())
    shown = dict(zip(titles, first, strict=True))
    assert (shown["ID"], shown["PHASE"], shown["NAME"], shown["EXIT"]) == (done, "Succeeded", "greeting", "0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown["QUEUED"])
    assert rows("list", "--limit", "1")[0]["id"] == done


def test_list_filters(rows: Rows, done: str) -> None:
    ids = [
        row["id"]
        for row in rows("list", "--text", "greet", "--phase", "succeeded", "--mine", "--since", "1h")
    ]
    assert ids[0] == done
    assert rows("list", "--text", "no such name at all") == []
    assert rows("list", "--until", "2020-01-01") == []
    assert rows("list", "--user", "somebody-else") == []
    assert rows("list", "--group", "no-such", "--group", "other") == []
    oldest = [
        row["id"] for row in rows("list", "--group", "default", "--sort", "submitted", "--order", "asc")
    ]
    assert oldest == [row["id"] for row in rows("list", "--group", "default", "--group", "other")][::-1]
    assert [row["name"] for row in rows("list", "--sort", "name")] == sorted(
        (row["name"] for row in rows("list")), key=str.casefold
    )
    assert len(rows("list", "--all")) >= len(ids)


def test_get(jobsub: Run, rows: Rows, done: str) -> None:
    shown = dict(line.split("\t", 1) for line in jobsub("get", done).splitlines() if line)
    assert (shown["id"], shown["phase"], shown["exit code"], shown["command"]) == (
        done,
        "Succeeded",
        "0",
        "echo hello",
    )
    assert [task["exit_code"] for task in rows("get", done)[0]["tasks"]] == [0]


def test_ids_may_be_cut(rows: Rows, jobsub: Run, done: str) -> None:
    last = done.rpartition("-")[2]
    for text in (done, last, last[:5], last[3:], done[:-1]):
        assert rows("get", text)[0]["id"] == done
    jobsub("submit", "--wait", "--", "true")
    assert "is the id of several jobs" in jobsub("get", "job-", code=2)
    assert "There is no job 'zzzzzzzz'" in jobsub("get", "zzzzzzzz", code=4)


def test_several_ids_of_which_one_is_wrong(rows: Rows, jobsub: Run, done: str) -> None:
    missing = "job-20200101-00000000"
    text = jobsub("get", missing, done, code=4)
    assert f"id\t{done}" in text
    (error,) = rows("cancel", missing, code=4)
    assert error["error"]["id"] == missing
    assert error["error"]["status"] == 404


def test_logs(jobsub: Run, rows: Rows, tmp_path: Path) -> None:
    job_id = jobsub("submit", "--", "seq 5").strip()
    jobsub("wait", job_id)
    assert jobsub("logs", job_id) == "1\n2\n3\n4\n5\n"
    assert jobsub("logs", job_id, "--tail", "2") == "4\n5\n"
    assert jobsub("logs", job_id, "--follow", "--tail", "1") == "5\n"
    assert jobsub("logs", job_id, "--attempt", "1", "--role", "main", "--task", "0") == "1\n2\n3\n4\n5\n"
    assert "".join(row["text"] for row in rows("logs", job_id)) == "1\n2\n3\n4\n5\n"
    assert rows("logs", job_id, "--follow")[-1]["phase"] == "Succeeded"
    jobsub("logs", job_id, "--download", "out.log", code=0)
    assert [file.name for file in tmp_path.iterdir()] == ["out.log"]
    assert (tmp_path / "out.log").read_bytes() == b"1\n2\n3\n4\n5\n"
    assert "attempt 9" in jobsub("logs", job_id, "--attempt", "9", code=4)
    assert "none" in jobsub("logs", job_id, "--role", "none", code=4)


REPORT = r"printf 'a\033]7717;0.5;half\007b\n\033]7717;1;\007'"


def test_reports_of_progress_are_not_shown(jobsub: Run, rows: Rows, tmp_path: Path) -> None:
    job_id = jobsub("submit", "--", REPORT).strip()
    jobsub("wait", job_id)
    for words in ([], ["--tail", "9"], ["--follow"]):
        assert jobsub("logs", job_id, *words) == "ab\n"
    assert jobsub("logs", job_id, "--all-tasks") == "[main 0] ab\n"
    assert jobsub("submit", "--wait", "--", REPORT) == "ab\n"
    jobsub("logs", job_id, "--download", "out.log")
    whole = "a\x1b]7717;0.5;half\x07b\n\x1b]7717;1;\x07"
    assert (tmp_path / "out.log").read_text() == whole
    assert jobsub("logs", job_id, "--download", "-") == whole
    assert not (tmp_path / "-").exists()
    for words in ([], ["--tail", "9"], ["--all-tasks"]):
        assert "".join(row["text"] for row in rows("logs", job_id, *words)).strip() == "ab"
    assert [row["text"] for row in rows("logs", job_id, "--follow") if "text" in row] == ["ab\n"]


def test_a_log_that_is_not_text_is_kept_as_it_is(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    from jupyter_jobsub.cli import main

    data = bytes(range(256)) * 400
    (tmp_path / "data").write_bytes(data)
    assert main(["submit", "--wait", "--", "cat data"]) == 0
    assert capfdbinary.readouterr().out == data


def test_wait_gives_the_first_code_that_is_not_zero(jobsub: Run) -> None:
    ids = [jobsub("submit", "--", f"exit {code}").strip() for code in (0, 9, 8)]
    text = jobsub("wait", *ids, code=9)
    assert sorted(text.splitlines()) == sorted(
        [
            f"{ids[0]}: Succeeded (Completed), exit code 0",
            *(_failed(i, c) for i, c in zip(ids[1:], (9, 8), strict=True)),
        ]
    )


def _failed(job_id: str, code: int) -> str:
    return f"{job_id}: Failed (Error), exit code {code}"


def test_wait_has_a_time_limit(jobsub: Run, sleeper: str) -> None:
    text = jobsub("wait", sleeper, "--timeout", "1s", code=124)
    assert text == f"jupyter jobsub: not ended after 1 s: {sleeper}\n"


def test_a_cancelled_job_exits_with_what_its_signal_means(jobsub: Run, sleeper: str) -> None:
    assert sleeper in jobsub("cancel", sleeper)
    assert f"{sleeper}: Cancelled, exit code 143" in jobsub("wait", sleeper, code=143)


def test_a_job_that_ends_well_when_cancelled_is_still_no_success(jobsub: Run, until: Until) -> None:
    job_id = jobsub("submit", "--", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done").strip()
    until(job_id, "Running")
    with Client() as client:
        next(chunk for kind, chunk in client.follow(job_id) if kind == "log")
    jobsub("cancel", job_id)
    jobsub("wait", job_id, code=125)


def test_a_job_that_never_ran_has_no_exit_code(jobsub: Run) -> None:
    jobsub("status", code=0)
    jobsub("drain")
    try:
        job_id = jobsub("submit", "--", "true").strip()
        jobsub("cancel", job_id)
        jobsub("wait", job_id, code=125)
    finally:
        jobsub("drain", "--off")


def test_pause_and_resume(jobsub: Run, until: Until) -> None:
    job_id = jobsub("submit", "--", "test -e flag && exit 5; touch flag; echo ready; sleep 600").strip()
    with Client() as client:
        next(chunk for kind, chunk in client.follow(job_id) if kind == "log")
    jobsub("pause", job_id)
    until(job_id, "Paused")
    jobsub("delete", job_id, code=6)
    jobsub("resume", job_id)
    jobsub("wait", job_id, code=5)


def test_edit_a_job_that_waits(jobsub: Run, rows: Rows) -> None:
    jobsub("drain")
    try:
        job_id = jobsub("submit", "--", "true").strip()
        assert jobsub("edit", job_id, "--priority", "500", "--deadline", "2h").startswith(
            f"{job_id}: Pending"
        )
        (row,) = rows("edit", job_id, "--name", "other")
        assert [row[name] for name in ("name", "priority", "deadline_seconds")] == ["other", 500, 7200]
        assert "name: " in jobsub("edit", job_id, "--name", "/", "--priority", "0", code=5)
        assert "changed priority 100 → 500" in jobsub("timeline", job_id)
    finally:
        jobsub("drain", "--off")
    jobsub("wait", job_id)
    assert "clone" in jobsub("edit", job_id, "--priority", "7", code=6)


def test_what_the_phase_does_not_allow(jobsub: Run, done: str) -> None:
    for action in ("cancel", "pause", "resume"):
        assert jobsub(action, done, code=6).startswith("jupyter jobsub: ")


def test_rerun_and_clone(jobsub: Run, rows: Rows, done: str) -> None:
    again = jobsub("rerun", done).strip()
    assert rows("get", again)[0]["rerun_of"] == done
    jobsub("wait", again)
    assert jobsub("logs", again) == "hello\n"
    assert jobsub("clone", done, "--name", "other", "--wait", "--", "echo", "bye") == "bye\n"
    assert rows("list", "--limit", "1")[0]["name"] == "other"


def test_spec_is_what_submit_takes(jobsub: Run, done: str, tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(jobsub("spec", done))
    assert json.loads((tmp_path / "job.json").read_text())["command"] == ["echo", "hello"]
    assert jobsub("submit", "--file", "job.json", "--wait") == "hello\n"


def test_timeline(jobsub: Run, rows: Rows, done: str) -> None:
    lines = [line.split("\t") for line in jobsub("timeline", done).splitlines()]
    assert lines[0] == ["ID", "AT", "ATTEMPT", "PHASE", "REASON", "MESSAGE"]
    phases = [cells[3] for cells in lines[1:]]
    assert (phases[0], phases[-1]) == ("Pending", "Succeeded")
    (found,) = rows("timeline", done)
    assert found["id"] == done
    assert [item["phase"] for item in found["items"]] == phases


def test_delete(jobsub: Run, rows: Rows, done: str) -> None:
    assert rows("delete", done, "--yes") == [{"id": done, "deleted": True}]
    jobsub("get", done, code=4)


def test_usage_and_catalog(jobsub: Run, rows: Rows, done: str) -> None:
    assert jobsub("usage").startswith("GROUP\tUSER\tCPU\tMEMORY GiB\t")
    assert rows("usage")[0]["groups"]
    text = jobsub("catalog")
    assert all(title in text for title in ("GROUP\tQUOTA", "INSTANCE TYPE\tRESOURCES", "IMAGE\tREFERENCE"))
    assert rows("catalog")[0]["defaults"]["priority"] == 100


def test_gpus_choose_an_instance_type(jobsub: Run, rows: Rows) -> None:
    (row,) = rows("submit", "--gpus", "0", "--wait", "--", "true")
    assert row["request"]["gpu"] == {}
    assert "gpus: no instance type has 999" in jobsub("submit", "--gpus", "999", "--", "true", code=5)


def test_status_drain_and_reload(jobsub: Run, rows: Rows, done: str) -> None:
    (found,) = rows("status")
    assert found["running"] is True
    assert found["jobs"]["Succeeded"] >= 1
    assert "draining" in jobsub("drain")
    assert "admitting no more jobs" in jobsub("status")
    assert "again" in jobsub("drain", "--off")
    assert jobsub("reload") == "nothing changed\n"
    assert jobsub("doctor")


def test_completion_knows_jobs(done: str) -> None:
    from jupyter_jobsub.cli import completion

    assert done in completion.job_ids("job-")
    assert completion.job_ids(done[13:16]) == [done[13:]]
    assert "default" in completion.groups()
    assert completion.instance_types()
    assert completion.images()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(jobsub: Run, shell: str) -> None:
    assert "jupyter-jobsub" in jobsub("completion", shell)
