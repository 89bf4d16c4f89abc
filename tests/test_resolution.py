"""What a job runs in when nobody says, by the kind of engine; the rest goes through REST in tests/service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest

from jupyter_jobsub.errors import InvalidRequest
from jupyter_jobsub.model.catalog import Catalog, Group, Image, InstanceType
from jupyter_jobsub.model.job import UserName
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec
from jupyter_jobsub.policy import Person
from jupyter_jobsub.resolution import Source, default_name, resolve
from jupyter_jobsub.settings import Settings
from tests.engines.scripted import ScriptedEngine

CATALOG = Catalog(
    {"lab": Group("lab", images=frozenset({"torch", "jax"}))},
    {"small": InstanceType("small", Resources(cpu=1000))},
    {name: Image(name, f"images.example/{name}:1") for name in ("base", "torch", "jax")},
)


def image(kind: Literal["environment", "container"], catalog: Catalog = CATALOG, **spec: Any) -> str | None:
    engine = ScriptedEngine()
    engine.kind_of_image = kind
    what = {} if "notebook" in spec else {"command": "true"}
    source = Source(b"{}", "python3") if "notebook" in spec else None
    whole = JobSpec.model_validate(what | spec)
    person = Person(UserName("ann"))
    return resolve(whole, [], person, Settings(catalog), engine, source, 0).spec.image


def wrong(kind: Literal["environment", "container"], catalog: Catalog = CATALOG, **spec: Any) -> list[str]:
    with pytest.raises(InvalidRequest) as refused:
        image(kind, catalog, **spec)
    return [f"{error.field}: {error.message}" for error in refused.value.errors]


def test_a_container_is_the_first_that_the_group_may_use() -> None:
    assert image("container") == "torch"
    assert image("container", environment="/opt/conda") == "torch"
    assert image("container", notebook="/work/a.ipynb", environment="/opt/conda") == "torch"


def test_an_environment_is_where_it_was_submitted_from_or_the_notebooks_own() -> None:
    assert image("environment") == "torch"
    assert image("environment", environment="/opt/conda") == "/opt/conda"
    assert wrong("environment", notebook="/work/a.ipynb") == [
        "image: there is no 'python3', the kernel that the notebook was saved with"
    ]


@pytest.mark.parametrize("kind", ["environment", "container"])
def test_what_is_asked_for_counts(kind: Literal["environment", "container"]) -> None:
    assert image(kind, image="jax") == "jax"
    assert wrong(kind, image="base") == ["image: there is no 'base'"]


def test_no_folder_is_a_container() -> None:
    assert image("environment", image="/opt/conda") == "/opt/conda"
    assert wrong("container", image="/opt/conda") == ["image: there is no '/opt/conda'"]


def test_without_a_container_image_nothing_runs() -> None:
    none = replace(CATALOG, groups={"lab": Group("lab", images=frozenset())})
    assert wrong("container", none) == ["image: there is none"]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/bin/true", "bin/true"),
        ("ls /../..", "ls /…/…"),
        ("../run.sh a..b", "…/run.sh a..b"),
        ("cd .. && make", "cd .. && make"),
        ("x" * 61, "x" * 57 + "..."),
        ("//", "job"),
    ],
)
def test_a_command_is_told_by_its_first_words_and_may_be_told_so_again(command: str, name: str) -> None:
    assert default_name(JobSpec.model_validate({"command": command})) == name
    assert JobSpec.model_validate({"command": command, "name": name}).name == name
