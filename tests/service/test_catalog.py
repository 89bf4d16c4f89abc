"""The catalog is what is configured, over what the engine found."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from traitlets.config import Config

from jupyter_jobsub.clock import wall_clock
from jupyter_jobsub.config import JobsubService
from jupyter_jobsub.errors import ConfigError
from jupyter_jobsub.model.catalog import Catalog, Group, Image, InstanceType
from jupyter_jobsub.model.job import UserName
from jupyter_jobsub.model.resources import Quota, Resources
from jupyter_jobsub.service.catalog import build_catalog
from jupyter_jobsub.service.engines import make_engine
from tests.engines.scripted import ScriptedEngine

FOUND = Catalog(
    groups={"default": Group("default", quota=Quota(cpu=8000))},
    instance_types={"cpu-1": InstanceType("cpu-1", Resources(1000, 2**30))},
    images={"python3": Image("python3", "/opt/env")},
)
ENGINE = ScriptedEngine()
ENGINES = ("kubernetes", "jupyter_jobsub.engines.kubernetes")
README = (Path(__file__).parents[2] / "README.md").read_text()


def built(**settings: object) -> Catalog:
    return build_catalog(JobsubService(**settings), FOUND, ENGINE)


def test_nothing_configured_is_what_was_found() -> None:
    assert built() == FOUND


def test_who_shares_logs_is_the_groups_own_word_or_the_services() -> None:
    assert built(share_logs=False).groups["default"].share_logs is False
    groups = built(share_logs=False, groups={"a": {}, "b": {"share_logs": True}}).groups
    assert [group.share_logs for group in groups.values()] == [False, True]


def test_amounts_are_read_as_people_write_them() -> None:
    catalog = built(
        groups={"a": {"quota": {"cpu": 0.5, "memory": "8Gi", "gpus": 0, "gpu": {"A100": 2}}}},
        instance_types={"x": {"cpu": 1.5, "memory": 1024, "gpu": {"A100": 1, "T4": 0}}},
    )
    assert catalog.groups["a"].quota == Quota(500, 8 * 2**30, 0, {"A100": 2})
    assert catalog.groups["a"].user_quota == Quota()
    assert catalog.instance_types["x"].resources == Resources(1500, 1024, {"A100": 1})


def test_a_group_names_what_there_is() -> None:
    groups = {"a": {"instance_types": ["cpu-1"], "images": ["python3"]}}
    catalog = built(groups=groups)
    assert [kind.name for kind in catalog.instance_types_of(catalog.groups["a"])] == ["cpu-1"]
    with pytest.raises(ConfigError) as caught:
        built(groups=groups, instance_types={"mine": {}})
    (error,) = caught.value.errors
    assert (error.field, error.remedy) == ("JobsubService.groups.a.instance_types.0", "there are mine")


def test_a_type_that_is_wrong_is_not_also_unknown() -> None:
    with pytest.raises(ConfigError) as caught:
        built(groups={"a": {"instance_types": ["big"]}}, instance_types={"big": {"cpu": -1}})
    assert [error.field for error in caught.value.errors] == ["JobsubService.instance_types.big.cpu"]


@pytest.mark.parametrize("cpu", ["two", True, float("nan"), float("inf"), [1]])
def test_a_number_of_cores_may_have_a_fraction_and_its_error_says_so(cpu: object) -> None:
    assert built(instance_types={"a": {"cpu": 1.5}}).instance_types["a"].resources.cpu == 1500
    with pytest.raises(ConfigError) as caught:
        built(instance_types={"a": {"cpu": cpu}})
    (error,) = caught.value.errors
    assert (error.field, error.remedy) == ("JobsubService.instance_types.a.cpu", "give one such as 2 or 0.5")


EXAMPLES = re.findall(r"```python\n(c\.JobsubService.*?)```", README, re.DOTALL)


def configured(examples: Iterable[str]) -> JobsubService:
    c = Config()
    for text in examples:
        exec(text, {"c": c})
    return JobsubService(config=c)


def test_the_readmes_examples_are_right() -> None:
    catalog = build_catalog(configured(e for e in EXAMPLES if "kubernetes" not in e), FOUND, ENGINE)
    assert list(catalog.groups) == ["research", "teaching"]
    assert catalog.groups["research"].user_quota.gpus == 2


def test_the_readmes_example_of_a_cluster_is_right(tmp_path: Path) -> None:
    config = configured(e for e in EXAMPLES if "kubernetes" in e)
    engine, found = make_engine(config, tmp_path, UserName("ann"), lambda: "", wall_clock)
    group = build_catalog(config, found, engine).groups["vision"]
    assert engine.name == "kubernetes"
    assert (group.volume, set(group.datasets)) == ("pvc:vision", {"coco", "labels"})
    assert list(engine.images()) == ["notebook", "torch"]


@pytest.mark.parametrize("volume", ["data/lab", "pvc:No_Name", {"git": "https://git.example/x.git"}, 3])
def test_a_volume_of_a_cluster_is_one_that_pods_have(tmp_path: Path, volume: object) -> None:
    config = JobsubService(engine="kubernetes", groups={"a": {"volume": volume}})
    engine, found = make_engine(config, tmp_path, UserName("ann"), lambda: "", wall_clock)
    with pytest.raises(ConfigError) as caught:
        build_catalog(config, found, engine)
    (error,) = caught.value.errors
    assert error.field == "JobsubService.groups.a.volume"


def test_a_cluster_without_its_client_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(ENGINES)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    config = JobsubService(engine="kubernetes")
    with pytest.raises(ConfigError, match=r"pip install 'jupyter-jobsub\[kubernetes\]'"):
        make_engine(config, tmp_path, UserName("ann"), lambda: "", wall_clock)
