from __future__ import annotations

from typing import Any

import pytest

from jupyter_jobsub.engines.kubernetes.settings import GpuType, KubernetesSettings, parse_settings
from jupyter_jobsub.errors import InvalidRequest


def test_nothing_has_to_be_configured() -> None:
    settings = parse_settings({})
    assert settings.namespace is None
    assert settings.home_size == 5 * 2**30
    assert settings.shm_size is None
    assert settings.collect_timeout_seconds == 3600


def test_all_that_can_be_configured() -> None:
    given = {
        "kubeconfig": "/etc/kube",
        "context": "lab",
        "namespace": "hub",
        "gpu_types": {"A100": {"node_selector": {"nvidia.com/gpu.product": "A100"}}},
        "node_selector": {"pool": "jobs"},
        "tolerations": [{"key": "jobs", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {}},
        "home_size": "10Gi",
        "shm_size": "1Gi",
        "run_as_user": 1000,
        "run_as_group": 100,
        "fs_group": 100,
        "run_as_non_root": True,
        "service_account": "jobs",
        "image_pull_secrets": ["registry"],
        "image_pull_policy": "Always",
        "git_image": "git:2",
        "keeper_resources": {"limits": {"cpu": "500m", "memory": "64Mi"}},
        "labels": {"team": "lab"},
        "annotations": {"example.com/note": "any text"},
        "collect_timeout_seconds": 60,
    }
    assert set(given) == set(KubernetesSettings.model_fields)
    settings = parse_settings(given)
    assert settings.gpu_types["A100"] == GpuType(
        resource="nvidia.com/gpu", node_selector={"nvidia.com/gpu.product": "A100"}
    )
    assert settings.keeper_resources.model_dump() == {
        "requests": {"cpu": "10m", "memory": "32Mi"},
        "limits": {"cpu": "500m", "memory": "64Mi"},
    }
    assert (settings.home_size, settings.shm_size) == (10 * 2**30, 2**30)


def test_everything_wrong_is_said_at_once() -> None:
    given = {
        "namespace": "My Namespace",
        "nodeSelector": {},
        "home_size": "big",
        "run_as_user": "root",
        "keeper_resources": {"limits": {"cpu": "some"}},
        "collect_timeout_seconds": 0,
        "image_pull_policy": "Sometimes",
        "gpu_types": {"A100": {"count": 1}},
        "tolerations": [{"effect": "NoWay"}],
        "labels": {"a b": "c"},
    }
    with pytest.raises(InvalidRequest) as raised:
        parse_settings(given)
    errors = {error.field: error for error in raised.value.errors}
    assert set(errors) == {
        "kubernetes.namespace",
        "kubernetes.nodeSelector",
        "kubernetes.home_size",
        "kubernetes.run_as_user",
        "kubernetes.keeper_resources.limits.cpu",
        "kubernetes.collect_timeout_seconds",
        "kubernetes.image_pull_policy",
        "kubernetes.gpu_types.A100.count",
        "kubernetes.tolerations.0.effect",
        "kubernetes.labels.a b",
    }
    assert all(error.remedy for error in errors.values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("namespace", "-a"),
        ("namespace", "a" * 64),
        ("service_account", "Jobs"),
        ("image_pull_secrets", ["a_b"]),
        ("node_selector", {"pool": "a b"}),
        ("node_selector", {"/pool": "a"}),
        ("annotations", {"a": 1}),
        ("home_size", 0),
        ("home_size", "5Li"),
        ("run_as_user", -1),
        ("fs_group", 2**31),
        ("fs_group", True),
        ("kubeconfig", ""),
        ("tolerations", "all"),
    ],
)
def test_a_wrong_one_is_told(name: str, value: Any) -> None:
    with pytest.raises(InvalidRequest, match=f"kubernetes.{name}"):
        parse_settings({name: value})


@pytest.mark.parametrize("given", [None, [], "minikube"])
def test_what_is_no_object_is_told(given: Any) -> None:
    with pytest.raises(InvalidRequest, match="kubernetes: is not an object"):
        parse_settings(given)
