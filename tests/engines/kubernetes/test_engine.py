"""What the engine knows without a cluster."""

from __future__ import annotations

from jupyter_jobsub.engines.kubernetes.engine import KubernetesEngine
from jupyter_jobsub.engines.kubernetes.settings import parse_settings
from jupyter_jobsub.model.catalog import Catalog
from jupyter_jobsub.model.spec import JobSpec


def test_all_that_no_pod_can_run_is_told_at_once() -> None:
    engine = KubernetesEngine(parse_settings({}), {}, store=str)
    catalog = Catalog({}, {}, {})
    bad = {"script": "/a/train.r", "env": {"NVIDIA_VISIBLE_DEVICES": "all"}, "parameters": {"X" * 254: 1}}
    fields = [field for field, *_ in engine.check(JobSpec.model_validate(bad), catalog)]
    assert fields == [f"parameters.{'X' * 254}", "env.NVIDIA_VISIBLE_DEVICES", "script"]
    good = {"script": "/nowhere/train.py", "working_dir": "/nowhere", "env": {"A": "b"}}
    assert engine.check(JobSpec.model_validate(good), catalog) == []
