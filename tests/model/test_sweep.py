"""Grids: every combination in order, names that people can read, and everything wrong at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_jobsub.model.parameters import LARGEST
from jupyter_jobsub.model.spec import JobSpec
from jupyter_jobsub.model.sweep import MAX_JOBS, combinations, jobs_of, parse_sweep, size


def wrong(spec: Any = None, **grid: Any) -> dict[str, str]:
    *_, in_spec, others = parse_sweep({"spec": spec or {"command": "x"}, "grid": grid})
    return {f"spec.{error.field}": error.message for error in in_spec} | {e.field: e.message for e in others}


def names(name: str, **values: Any) -> list[str | None]:
    grid = {key: [value] for key, value in values.items()}
    return [spec.name for spec in jobs_of(JobSpec.model_construct(name=name, command="x"), grid)]


def test_every_combination_the_last_name_first() -> None:
    grid = {"lr": [0.1, 0.01], "opt": ["adam", None, [1]]}
    found = combinations(grid)
    assert [(each["lr"], each["opt"]) for each in found] == [
        *((0.1, opt) for opt in ("adam", None, [1])),
        *((0.01, opt) for opt in ("adam", None, [1])),
    ]
    assert size(grid) == len(found) == 6


def test_each_job_has_its_values_beside_the_others() -> None:
    spec = JobSpec(name="train", command="x", parameters={"epochs": 3})
    one, two = jobs_of(spec, {"lr": [0.1, 0.01]})
    assert (one.name, one.parameters) == ("train lr=0.1", {"epochs": 3, "lr": 0.1})
    assert (two.name, two.parameters) == ("train lr=0.01", {"epochs": 3, "lr": 0.01})
    assert spec.parameters == {"epochs": 3}


def test_names_may_leave_the_values_out() -> None:
    specs = jobs_of(JobSpec(name="x" * 128, command="x"), {"lr": list(range(12))}, tells_values=False)
    assert [spec.name for spec in specs][::11] == ["x" * 122 + "… 1/12", "x" * 121 + "… 12/12"]


@given(
    name=st.text(st.characters(categories=["L", "N", "S"]), min_size=1, max_size=128),
    values=st.dictionaries(st.from_regex(r"[a-z]{1,256}", fullmatch=True), st.text(), min_size=1),
)
def test_a_name_is_one_that_a_job_may_have(name: str, values: dict[str, str]) -> None:
    (made,) = names(name, **values)
    assert JobSpec(name=made, command="x").name == made
    assert made.startswith(name[:60])


def test_a_name_leaves_room_for_the_values() -> None:
    (made,) = names("x" * 128, lr=0.1, path="../data/" + "y" * 100)
    assert made.startswith("x" * 60)
    assert " lr=0.1 path=…/data/y" in made
    assert len(made) == 128


@pytest.mark.parametrize(
    ("grid", "field", "said"),
    [
        ({"lr": [0.1, 0.2, 0.1]}, "grid.lr.2", "0.1 comes twice"),
        ({"lr": [{"a": 1, "b": 2}, {"b": 2, "a": 1}]}, "grid.lr.1", '{"a": 1, "b": 2} comes twice'),
        ({"lr": []}, "grid.lr", ""),
        ({"lr": 0.1}, "grid.lr", ""),
        ({"1x": [1]}, "grid.1x", "is not a variable name"),
        ({"JOBSUB_JOB_ID": [1]}, "grid.JOBSUB_JOB_ID", "is set by the service"),
        ({"a": list(range(26)), "b": list(range(20))}, "grid", "makes 520 jobs"),
        ({f"n{n}": list(range(400)) for n in range(40)}, "grid", "makes "),
        ({"lr": ["a", "b\0"]}, "grid.lr.1", "NUL"),
        ({"lr": ["x" * LARGEST]}, "grid", "64 KiB"),
        ({}, "grid", ""),
    ],
)
def test_what_is_wrong_is_told_where_it_is(grid: dict[str, Any], field: str, said: str) -> None:
    found = wrong(**grid)
    assert list(found) == [field]
    assert said in found[field]


def test_names_are_given_once() -> None:
    spec = {"command": "x", "parameters": {"a": 1}, "env": {"b": "1"}}
    assert wrong(spec, a=[1], b=[2], c=[3]) == {
        "grid.a": "is in spec.parameters, too",
        "grid.b": "is in spec.env, too",
    }
    assert wrong({"notebook": "/a.ipynb", "env": {"b": "1"}}, b=[2]) == {}


def test_everything_at_once() -> None:
    found = wrong({"command": "x", "priority": 0, "env": {"lr": "1", "2": "x"}}, lr=[1, 1], depth=[])
    assert sorted(found) == ["grid.depth", "grid.lr.1", "spec.env.2", "spec.priority"]
    found = wrong({"command": "x", "priority": 0, "parameters": {"lr": 1}}, lr=[1, 1])
    assert sorted(found) == ["grid.lr", "grid.lr.1", "spec.priority"]


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        (None, ["(whole)"]),
        ([], ["(whole)"]),
        ({}, ["spec", "grid"]),
        ({"spec": {"command": "x"}, "grid": [], "more": 1}, ["more", "grid"]),
        ({"spec": {}, "grid": {"a": [1]}}, ["(whole)"]),
    ],
)
def test_bodies_of_another_form(data: Any, fields: list[str]) -> None:
    *_, in_spec, others = parse_sweep(data)
    assert [error.field for error in (*in_spec, *others)] == fields


def test_the_largest_grid_is_fine() -> None:
    assert wrong(a=list(range(MAX_JOBS))) == {}
