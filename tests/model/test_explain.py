"""What is wrong is told in plain words, each with what to do."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_jobsub.model.spec import parse_spec

OK = {"command": "x"}


@pytest.mark.parametrize(
    ("data", "field", "message", "remedy"),
    [
        ({"priority": 5000}, "priority", "5000 is too large", "give 1000 at most"),
        ({"retries": -1}, "retries", "-1 is too small", "give 0 or more"),
        ({"retries": 1.5}, "retries", "is not a whole number", "give a whole number without quotes"),
        ({"preemptible": "yes"}, "preemptible", "is neither true nor false", "give true or false"),
        ({"name": "x" * 129}, "name", "is too long", "give 128 characters at most"),
        ({"name": 1}, "name", "is not text", "give text in quotes"),
        ({"args": ["x"] * 1001}, "args", "is too long", "give 1000 at most"),
        ({"args": {}}, "args", "is not a list", "give a list in [ ]"),
        ({"env": []}, "env", "is not an object", "give an object in { }"),
        ({"env": {"A": None}}, "env.A", "is not text", "give text in quotes"),
        ({"gpu": 1}, "gpu", "is not known here", "remove it, or check its spelling"),
        ({"retries": 10**60}, "retries", f"{'1' + '0' * 39} is too large", "give 100 at most"),
    ],
)
def test_plain_words(data: dict[str, Any], field: str, message: str, remedy: str) -> None:
    (error,) = parse_spec(OK | data)[1]
    assert (error.field, error.message, error.remedy) == (field, message, remedy)


def test_what_is_missing_and_what_is_no_object() -> None:
    (error,) = parse_spec({"task_roles": [{"name": "a"}]})[1]
    assert (error.field, error.message, error.remedy) == ("task_roles.0.command", "is missing", "add it")
    (error,) = parse_spec("true")[1]
    assert (error.field, error.message) == ("(whole)", "is not an object")
