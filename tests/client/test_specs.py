from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.client import Client, LocalEndpoint, ServerEndpoint, UsageError
from jupyter_jobsub.client.specs import changed_spec, new_spec
from jupyter_jobsub.errors import InvalidRequest


def new(*args: Any, **more: Any) -> dict[str, Any]:
    return new_spec(Client(LocalEndpoint(start=False)), *args, environment="/env", **more)


def changed(spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    return changed_spec(spec, **more)


def test_a_command_is_words_or_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = new(command=["python", Path("a b.py"), "--epochs", 3, 0.5])
    assert found == {
        "command": ["python", "a b.py", "--epochs", "3", "0.5"],
        "working_dir": str(tmp_path),
        "environment": "/env",
    }
    assert new(command="echo $HOME")["command"] == "echo $HOME"


def test_a_file_is_a_path(tmp_path: Path) -> None:
    assert new(target=tmp_path / "a.py", args=[1]) == {
        "script": str(tmp_path / "a.py"),
        "args": ["1"],
        "environment": "/env",
    }


def test_a_specification_with_changes() -> None:
    base = {"script": "/a.py", "args": ["x"], "priority": 5, "env": {"A": "1"}, "image": "i"}
    assert new(base, priority=9, env={"B": "2"}) == base | {"priority": 9, "env": {"A": "1", "B": "2"}}
    assert new(base, command="true", working_dir="/w") == {
        "command": "true",
        "priority": 5,
        "env": {"A": "1"},
        "image": "i",
        "working_dir": "/w",
    }
    assert base["priority"] == 5
    roles = [{"name": "a", "command": "x"}]
    assert new(base, task_roles=roles, working_dir="/w").keys() & {"script", "args", "task_roles"} == {
        "task_roles"
    }


def test_an_environment_of_this_machine_stays_on_it() -> None:
    service = Client(ServerEndpoint("http://localhost:1/"))
    assert "environment" not in new_spec(service, command="true", environment="/env")
    assert "environment" not in new(command="true", image="python3")


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({}, "say what to run"),
        ({"target": "a.py", "command": "true"}, "both a file and a command"),
        ({"args": ["x"]}, "no script"),
        ({"target": "a.ipynb", "args": ["x"]}, "takes no arguments"),
        ({"target": "train"}, r"no .ipynb, .py or .sh file"),
    ],
)
def test_calls_that_make_no_sense(wrong: dict[str, Any], what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        new(**wrong)
    assert caught.value.remedy


class Scalar:
    """As NumPy's are."""

    def tolist(self) -> float:
        return 0.5


def test_values_of_other_libraries_become_plain() -> None:
    found = new(target="a.ipynb", parameters={"lr": Scalar(), "at": (Path("/x"), None), 3: True})
    assert found["parameters"] == {"lr": 0.5, "at": ["/x", None], "3": True}


def test_every_value_that_is_none_of_jsons_is_named() -> None:
    with pytest.raises(InvalidRequest) as caught:
        new(target="a.ipynb", parameters={"a": {"b": [1, math.nan]}, "c": {1, 2}}, name=object())
    assert {error.field for error in caught.value.errors} == {"parameters.a.b.1", "parameters.c", "name"}


def test_a_clone_with_another_command() -> None:
    old = {"script": "/a.py", "args": ["x"], "name": "n", "group": None}
    assert changed(old, command="true") == {"command": "true", "name": "n"}
    assert changed(old, args=["y"]) == {"script": "/a.py", "args": ["y"], "name": "n"}


def test_a_number_of_gpus_and_an_instance_type_replace_each_other() -> None:
    assert changed({"command": "x", "instance_type": "t"}, gpus=2) == {"command": "x", "gpus": 2}
    assert changed({"command": "x", "gpus": 2}, instance_type="t") == {"command": "x", "instance_type": "t"}
