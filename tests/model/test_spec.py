"""The specification: what goes together and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_jobsub.model.parameters import LARGEST
from jupyter_jobsub.model.spec import JobSpec, parse_spec


def wrong(**data: Any) -> dict[str, str]:
    return {error.field: error.message for error in parse_spec(data)[1]}


def test_parameters_of_a_command_are_variables() -> None:
    spec = JobSpec(
        command="x", parameters={"lr": 0.1, "opt": "adam", "layers": [1, "a"], "on": True}, env={"A": "b"}
    )
    assert spec.variables == {"lr": "0.1", "opt": "adam", "layers": '[1, "a"]', "on": "true", "A": "b"}
    assert JobSpec(notebook="/a.ipynb", parameters={"lr": 0.1}).variables == {}


def test_a_parameter_that_can_be_no_variable_is_told_at_its_name_with_all_else() -> None:
    found = wrong(
        command="x",
        parameters={"A": 1, "B": "nul\0", "C": 2, "JOBSUB_JOB_ID": 3, "1x": 4},
        env={"A": "1", "C": "2"},
        priority=0,
    )
    assert sorted(found) == ["parameters.1x", "parameters.JOBSUB_JOB_ID", "priority"]
    found = wrong(command="x", parameters={"A": 1, "B": "nul\0", "C": 2}, env={"A": "1", "C": "2"}, name="")
    assert sorted(found) == ["name", "parameters.A", "parameters.B", "parameters.C"]


def test_a_notebooks_parameters_are_not_variables() -> None:
    assert wrong(notebook="/a.ipynb", parameters={"A": 1}, env={"A": "1"}) == {}
    assert sorted(wrong(notebook="a.ipynb", parameters={"A": 1}, env={"A": "1"})) == ["notebook"]


def test_parameters_are_small() -> None:
    assert wrong(command="x", parameters={"a": "x" * (LARGEST - 9)}) == {}
    assert wrong(command="x", parameters={"a": "x" * (LARGEST - 8)}) == {
        "parameters": "are over 64 KiB in all"
    }


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"command": "x", "content": "y"}, "content"),
        ({"notebook": "/a.ipynb", "content": "y"}, "content"),
        ({"script": "/a.sh", "content": " \n"}, "content"),
        ({"script": "/a.sh", "content": "é" * (128 * 1024) + "x"}, "content"),
        ({"script": "a.sh", "content": "y"}, "script"),
        ({"content": "y"}, "(whole)"),
    ],
)
def test_content_is_a_scripts(spec: dict[str, Any], field: str) -> None:
    assert field in wrong(**spec)
    assert wrong(script="/a.sh", content="é" * (128 * 1024)) == {}


@pytest.mark.parametrize(
    "name", ["\U0001f469\u200d\U0001f469\u200d\U0001f467", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"]
)
def test_a_name_may_have_what_joins_characters_and_what_keeps_them_apart(name: str) -> None:
    """Emoji of several people, and words of Persian and Hindi."""
    assert JobSpec(command="x", name=name).name == name
