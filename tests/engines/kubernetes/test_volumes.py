from __future__ import annotations

from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes.volumes import (
    Claim,
    Git,
    HostPath,
    Nfs,
    Variables,
    host_path,
    parse_dataset,
    parse_volume,
    volume_text,
)


@pytest.mark.parametrize(
    ("given", "kind", "fields"),
    [
        ("/data/lab", HostPath, {"host_path": "/data/lab"}),
        ("pvc:lab", Claim, {"pvc": "lab", "sub_path": None}),
        ("pvc:lab/a/b", Claim, {"pvc": "lab", "sub_path": "a/b"}),
        ("nfs:10.0.0.1:/lab", Nfs, {}),
        ({"host_path": "/data", "read_only": True}, HostPath, {"read_only": True}),
        ({"pvc": "lab", "sub_path": "a"}, Claim, {"sub_path": "a"}),
        ({"nfs": {"server": "files", "path": "/a b"}}, Nfs, {}),
    ],
)
def test_a_volume_is_a_text_or_an_object(given: Any, kind: type[Any], fields: dict[str, Any]) -> None:
    text = volume_text(given)
    for volume in (parse_volume(text), parse_dataset(text)):
        assert isinstance(volume, kind)
        assert {name: getattr(volume, name) for name in fields} == fields


def test_a_dataset_may_be_a_repository_or_variables() -> None:
    git = parse_dataset(volume_text({"git": "git@example.com:lab/data.git", "ref": "v1.0/x"}, dataset=True))
    assert git == Git(git="git@example.com:lab/data.git", ref="v1.0/x")
    env = parse_dataset(volume_text({"env": {"TOKEN": "é"}}, dataset=True))
    assert env == Variables(env={"TOKEN": "é"})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("data", "'data' is no volume"),
        ("", "'' is no volume"),
        ("pvc:", "pvc"),
        ("pvc:My_Claim", "My_Claim"),
        ("pvc:lab/../x", "no folder of the volume"),
        ("nfs:files", "nfs.path"),
        ("/data/../etc", "not an absolute path"),
        ("/data:rw", "has a ':'"),
        ("{", "is no volume"),
        ("[1]", "is no volume"),
        (None, "is no volume"),
        (7, "is no volume"),
        ({"host_path": "/a", "pvc": "b"}, "is no volume"),
        ({"host_path": "/a", "sub_path": "b"}, "sub_path: is not known here"),
        ({"nfs": {"server": "", "path": "data"}}, "nfs.server"),
        ({"git": "https://example.com/x"}, "is no volume"),
        ({"env": {}}, "is no volume"),
    ],
)
def test_a_wrong_volume_is_told(given: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("[", r"\[")):
        volume_text(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"git": "--upload-pack=x"}, "no repository's address"),
        ({"git": "https://example.com/x", "ref": "--x"}, "no branch, tag or commit"),
        ({"env": {"A B": "x"}}, "not a variable name"),
        ({"env": {"PRIMEHUB_USER": "x"}}, "is set by the service"),
        ({"env": {"A": 1}}, "env.A"),
    ],
)
def test_a_wrong_dataset_is_told(given: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        volume_text(given, dataset=True)


def test_all_that_is_wrong_with_it_is_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"nfs.server.*nfs.path.*read_only"):
        volume_text({"nfs": {"server": "", "path": "x"}, "read_only": "no"})


def test_people_find_a_folder_of_the_nodes_where_it_is() -> None:
    assert host_path("/data/lab") == "/data/lab"
    assert host_path("pvc:lab") is None
    assert host_path('{"env": {"A": "b"}}') is None
    assert host_path(None) is None
