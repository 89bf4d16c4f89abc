"""Wrong command lines: exit code 2, what is wrong, what to do; nothing is started for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_jobsub import spawn
from jupyter_jobsub.cli import main


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawn, "start_service", lambda *_: pytest.fail("a service was started"))


WRONG = [
    ("lst", "there is no command 'lst'", "did you mean 'list'?"),
    ("zzz", "there is no command 'zzz'", "jupyter jobsub --help"),
    ("help zzz", "there is no command 'zzz'", "jupyter jobsub --help"),
    ("--nonsense", "unrecognized arguments: --nonsense", "jupyter jobsub --help"),
    ("submit", "say what to run", "submit -- COMMAND"),
    ("submit --", "say what to run", "submit -- COMMAND"),
    ("submit python", "'python' is no .ipynb, .py or .sh file", "submit [options] -- python"),
    ("submit a.py b.py", "unrecognized arguments: b.py", "submit --help"),
    ("submit a.ipynb -- x", "a notebook takes no arguments", "-p NAME=VALUE"),
    ("submit a.ipynb -p x", "'x' is not NAME=VALUE", "submit --help"),
    ("submit -e =1 -- true", "'=1' is not NAME=VALUE", "submit --help"),
    ("submit --deadline soon -- true", "'soon' is not a duration", "submit --help"),
    ("submit --ttl 1y -- true", "'1y' is not a duration; write 90s", "submit --help"),
    ("submit --gpus many -- true", "'many' is not a whole number from 0 up", "submit --help"),
    ("submit --gpus 1 --instance-type a -- true", "not allowed with argument", "submit --help"),
    ("submit --priority high -- true", "invalid int value: 'high'", "submit --help"),
    ("submit --retries=-1 -- true", "'-1' is not a whole number from 0 up", "submit --help"),
    ("submit --idempotency-key ä -- true", "must be printable ASCII", ""),
    ("submit --idempotency-key= -- true", "must be printable ASCII", ""),
    ("submit --nam x -- true", "unrecognized arguments: --nam", "submit --help"),
    ("clone", "the following arguments are required: ID", "clone --help"),
    ("clone xy", "'xy' is too short for an id", "3 characters or more"),
    ("get", "the following arguments are required: ID", "get --help"),
    ("get x", "'x' is too short for an id", "3 characters or more"),
    ("timeline", "the following arguments are required: ID", "timeline --help"),
    ("spec", "the following arguments are required: ID", "spec --help"),
    ("list x", "unrecognized arguments: x", "list --help"),
    ("list --phase done", "'done' is none of Pending, Preparing", "list --help"),
    ("list --limit 0", "'0' is not a whole number from 1 up", "list --help"),
    ("list --limit 5 --all", "not allowed with argument", "list --help"),
    ("list --since yesterday", "'yesterday' is not a time; write 2026-11-21", "list --help"),
    ("list --until 2026-13-01", "'2026-13-01' is not a time", "list --help"),
    ("logs", "the following arguments are required: ID", "logs --help"),
    ("logs a b", "unrecognized arguments: b", "logs --help"),
    ("logs abc --tail all", "'all' is not a whole number", "logs --help"),
    ("logs abc --download f --follow", "--download is the whole log", ""),
    ("logs abc --download f --tail 5", "--download is the whole log", ""),
    ("wait", "the following arguments are required: ID", "wait --help"),
    ("wait abc --timeout x", "'x' is not a duration", "wait --help"),
    ("cancel", "the following arguments are required: ID", "cancel --help"),
    ("pause", "the following arguments are required: ID", "pause --help"),
    ("edit abc", "nothing is to be changed", "--priority"),
    ("resume", "the following arguments are required: ID", "resume --help"),
    ("rerun", "the following arguments are required: ID", "rerun --help"),
    ("delete --yes", "the following arguments are required: ID", "delete --help"),
    ("completion", "the following arguments are required: shell", "completion --help"),
    ("completion tcsh", "invalid choice: 'tcsh'", "completion --help"),
    ("drain --on", "unrecognized arguments: --on", "drain --help"),
    ("stop now", "unrecognized arguments: now", "stop --help"),
]


@pytest.mark.parametrize(("line", "detail", "remedy"), WRONG, ids=[line for line, *_ in WRONG])
def test_usage_error(line: str, detail: str, remedy: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("jupyter jobsub: ")
    assert detail in err
    assert remedy in err


def test_under_json_an_error_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--limit", "0", "--json"]) == 2
    error = json.loads(capsys.readouterr().err)["error"]
    assert error["exit_code"] == 2
    assert "'0'" in error["detail"]
    assert "list --help" in error["remedy"]


def test_json_for_the_job_is_not_json_for_us(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["submit", "--gpus", "x", "--", "python", "train.py", "--json"]) == 2
    assert capsys.readouterr().err.startswith("jupyter jobsub: ")


FILES = [
    ("job.json", "{", "is not JSON: Expecting property name"),
    ("job.json", "[1]", "holds no job"),
    ("job.yaml", "a: [", "is not YAML for a job: while parsing"),
    ("job.yaml", "just text", "holds no job"),
    ("job.yaml", "", "holds no job"),
    ("job.yaml", '{"a": }', "is not JSON"),
    ("job.yaml", "a: &a [*a]", "is not YAML for a job: Circular"),
    (
        "job.yaml",
        "a: !!python/object:os.system {}",
        "is not YAML for a job: could not determine a constructor",
    ),
    ("job.json", "[" * 100_000, "is not JSON"),
    ("job.yaml", "a: \udcff", "is not UTF-8 text"),
]


@pytest.mark.parametrize(("name", "text", "detail"), FILES)
def test_a_job_file_that_is_none(
    name: str, text: str, detail: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(text, errors="surrogateescape")
    assert main(["submit", "--file", str(tmp_path / name)]) == 2
    assert detail in capsys.readouterr().err


def test_a_job_file_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["submit", "--file", str(tmp_path / "none.yaml")]) == 1
    assert capsys.readouterr().err == f"jupyter jobsub: {tmp_path}/none.yaml: No such file or directory\n"
