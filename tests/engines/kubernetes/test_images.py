"""Container images by name, and what a cluster offers where nothing is configured."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes.images import DEFAULT, default_catalog, parse_images
from jupyter_jobsub.errors import InvalidRequest
from jupyter_jobsub.model.catalog import Image
from jupyter_jobsub.model.resources import Quota


def test_images_keep_their_order_and_say_what_they_are() -> None:
    given = {"torch": "pytorch/pytorch:2.5.1", "own": "registry.example:5000/lab/own@sha256:abc"}
    assert parse_images(given) == {name: Image(name, ref) for name, ref in given.items()}
    assert list(parse_images(given)) == ["torch", "own"]


@pytest.mark.parametrize("nothing", [[], {}])
def test_nothing_is_an_image_that_runs_notebooks(nothing: object) -> None:
    assert {name: image.reference for name, image in parse_images(nothing).items()} == DEFAULT


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (["/opt/conda"], {"images"}),
        ({"a": "two words", "b": "", "c": "/opt/conda"}, {"images.a", "images.b", "images.c"}),
        ({"/a": "x", "": "x"}, {"images./a", "images."}),
    ],
)
def test_what_is_wrong_is_said_at_once_with_what_to_do(given: Any, fields: set[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_images(given)
    assert {error.field for error in caught.value.errors} == fields
    assert all(error.message and error.remedy for error in caught.value.errors)


def test_a_cluster_where_nothing_is_configured_has_one_group_without_a_quota() -> None:
    catalog = default_catalog("ann", parse_images({}))
    (group,) = catalog.groups_of("ann")
    assert (group.quota, group.admins, group.volume) == (Quota(), {"ann"}, None)
    sizes = [kind.name for kind in catalog.instance_types_of(group)]
    assert sizes == ["cpu-1", "cpu-2", "cpu-4", "gpu-1"]
    assert catalog.instance_types["gpu-1"].resources.gpus == 1
    assert [image.name for image in catalog.images_of(group)] == list(DEFAULT)
