from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.cli.app import parse
from jupyter_jobsub.cli.errors import UsageError
from jupyter_jobsub.cli.specs import changed_spec, new_spec
from jupyter_jobsub.cli.terminal import terminal
from jupyter_jobsub.client import Client, LocalEndpoint, ServerEndpoint


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIRTUAL_ENV", "/envs/mine")


def spec(*words: str) -> dict[str, Any]:
    return new_spec(parse(["submit", *words]), Client(LocalEndpoint(start=False)))


def changed(old: dict[str, Any], *words: str) -> dict[str, Any]:
    return changed_spec(old, parse(["clone", "job-1", *words]))


def test_a_command_runs_in_this_folder_and_environment(tmp_path: Path) -> None:
    assert spec("--", "python", "a b.py", "--wait") == {
        "command": ["python", "a b.py", "--wait"],
        "working_dir": str(tmp_path),
        "environment": "/envs/mine",
    }


def test_a_folder_that_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for words in (["--", "true"], ["train.py"], ["--working-dir", "sub", "--", "true"]):
        with pytest.raises(UsageError, match="the folder that this was started in was removed") as caught:
            spec(*words)
        assert "cd" in caught.value.remedy
    assert spec("--working-dir", "/tmp", "--", "true")["working_dir"] == "/tmp"
    assert spec("/tmp/train.py")["script"] == "/tmp/train.py"


def test_shell_text_is_one_argument() -> None:
    assert spec("--", "echo $HOME | wc")["command"] == ["echo $HOME | wc"]


def test_a_command_may_contain_the_separator() -> None:
    assert spec("--", "npm", "run", "--", "x")["command"] == ["npm", "run", "--", "x"]


def test_a_script_with_arguments(tmp_path: Path) -> None:
    found = spec("sub/train.py", "--name", "n", "--", "--epochs", "3")
    assert found == {
        "script": str(tmp_path / "sub/train.py"),
        "args": ["--epochs", "3"],
        "name": "n",
        "environment": "/envs/mine",
    }


def test_a_notebook_with_parameters(tmp_path: Path) -> None:
    found = spec("a.ipynb", "-p", "lr=0.1", "-p", "opt=adam", "--image", "python3")
    assert found == {
        "notebook": str(tmp_path / "a.ipynb"),
        "parameters": {"lr": 0.1, "opt": "adam"},
        "image": "python3",
    }


def test_all_options() -> None:
    words = (
        "--name n --group g --instance-type t --priority 7 --preemptible --deadline 2h --ttl 7d --retries 3"
    )
    found = spec(*words.split(), "-e", "A=1", "-e", "B=x=y", "--working-dir", "/w/../x", "--", "true")
    assert found == {
        "command": ["true"],
        "name": "n",
        "group": "g",
        "instance_type": "t",
        "priority": 7,
        "preemptible": True,
        "deadline_seconds": 7200,
        "ttl_seconds": 604_800,
        "retries": 3,
        "env": {"A": "1", "B": "x=y"},
        "working_dir": "/x",
        "environment": "/envs/mine",
    }


def test_a_file_whose_fields_options_override(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/job.yaml").write_text(
        "script: train.py\nargs: [a]\nenv: {A: '1', B: '2'}\npriority: 5\n"
    )
    found = spec("--file", "sub/job.yaml", "--priority", "9", "-e", "B=3", "--no-preemptible")
    assert found == {
        "script": str(tmp_path / "sub/train.py"),
        "args": ["a"],
        "env": {"A": "1", "B": "3"},
        "priority": 9,
        "preemptible": False,
        "environment": "/envs/mine",
    }


def test_a_command_line_replaces_what_the_file_runs(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps({"script": "a.py", "args": ["x"], "name": "n"}))
    found = spec("--file", "job.json", "--", "true")
    assert found["command"] == ["true"]
    assert found["name"] == "n"
    assert not {"script", "args"} & found.keys()


@pytest.mark.parametrize(
    "text", ['{"command": "true", "working_dir": "w"}', "command: 'true'\nworking_dir: w\n"]
)
def test_a_file_from_standard_input(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    found = spec("--file", "-")
    assert (found["command"], found["working_dir"]) == ("true", str(tmp_path / "w"))


def test_yaml_dates_are_text(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("notebook: a.ipynb\nparameters: {day: 2026-11-21, n: 1}\n")
    assert spec("--file", "job.yaml")["parameters"] == {"day": "2026-11-21", "n": 1}


def test_what_a_file_says_of_its_environment_counts(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text("command: 'true'\nenvironment: /other\n")
    assert spec("--file", "job.yaml")["environment"] == "/other"


def test_an_environment_of_this_machine_is_not_sent_elsewhere() -> None:
    found = new_spec(parse(["submit", "--", "true"]), Client(ServerEndpoint("http://localhost:1/")))
    assert "environment" not in found


def test_the_shells_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert terminal().environment() == "/envs/mine"
    monkeypatch.delenv("VIRTUAL_ENV")
    monkeypatch.setenv("CONDA_PREFIX", "/conda")
    assert terminal().environment() == "/conda"
    monkeypatch.delenv("CONDA_PREFIX")
    assert terminal().environment() == sys.prefix


def test_clone_changes_what_is_given_and_keeps_the_rest() -> None:
    old = {"command": ["a"], "working_dir": "/w", "env": {"A": "1"}, "name": None}
    found = changed(old, "--priority", "9", "-e", "B=2", "--", "b", "c")
    assert found == {"command": ["b", "c"], "working_dir": "/w", "env": {"A": "1", "B": "2"}, "priority": 9}


def test_clone_gives_a_script_other_arguments() -> None:
    old = {"script": "/a.py", "args": ["x"]}
    assert changed(old, "--", "y") == {"script": "/a.py", "args": ["y"]}
    assert changed(old, "--") == {"script": "/a.py", "args": []}
    assert changed(old) == old


def test_a_notebook_is_given_what_python_means_and_a_command_what_was_typed(tmp_path: Path) -> None:
    words = ("-p", "flag=False", "-p", 'text="False"', "-p", "lr=.5")
    meant = {"flag": False, "text": "False", "lr": 0.5}
    assert spec("a.ipynb", *words)["parameters"] == meant
    assert spec(*words, "--", "true")["parameters"] == {"flag": "False", "text": "False", "lr": ".5"}
    assert changed({"notebook": "/a.ipynb"}, *words)["parameters"] == meant
    (tmp_path / "job.yaml").write_text("notebook: a.ipynb")
    assert spec("--file", "job.yaml", *words)["parameters"] == meant
    assert spec("a.ipynb", "-p", "flag=True,False")["grid"] == {"flag": [True, False]}


def test_clone_gives_a_notebook_other_parameters() -> None:
    old = {"notebook": "/a.ipynb", "parameters": {"a": 1, "b": 2}}
    assert changed(old, "-p", "b=3")["parameters"] == {"a": 1, "b": 3}
    with pytest.raises(UsageError, match="takes no command"):
        changed(old, "--", "true")


def test_clone_puts_a_command_in_place_of_task_roles() -> None:
    old = {"task_roles": [{"name": "a", "command": "x"}]}
    assert changed(old, "--", "true") == {"command": ["true"]}


def test_paths_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert spec("~/train.sh")["script"] == "/home/me/train.sh"
    assert os.path.isabs(spec("./train.sh")["script"])
