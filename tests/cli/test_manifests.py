"""What ``manifests`` prints is what the engine's tests apply."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from jupyter_jobsub.cli import main
from jupyter_jobsub.engines.kubernetes import access


def test_they_are_printed_for_a_namespace(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifests", "--namespace", "jobs"]) == 0
    printed = list(yaml.safe_load_all(capsys.readouterr().out))
    assert printed == access.manifests("jobs")
    assert [it["kind"] for it in printed] == ["ServiceAccount", "Role", "RoleBinding"]
    assert {it["metadata"]["namespace"] for it in printed} == {"jobs"}
    assert printed[2]["subjects"][0]["namespace"] == "jobs"


def test_they_are_json_where_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifests", "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == access.manifests("default")


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    return (tmp_path / "jupyter_jobsub_config.py").write_text


def test_they_are_for_the_namespace_that_is_configured(
    configure: Callable[[str], object], capsys: pytest.CaptureFixture[str]
) -> None:
    configure("print('hello')\nc.JobsubService.kubernetes = {'namespace': 'jobs'}\n")
    assert main(["manifests"]) == 0
    assert list(yaml.safe_load_all(capsys.readouterr().out)) == access.manifests("jobs")


def test_a_configuration_that_can_not_be_read_is_said_to_be(
    configure: Callable[[str], object], capsys: pytest.CaptureFixture[str]
) -> None:
    configure("c.JobsubService.kubernetes = {'namespace': 7}\n")
    assert main(["manifests"]) == 2
    shown = capsys.readouterr()
    assert (shown.out, "kubernetes" in shown.err, "--namespace" in shown.err) == ("", True, True)
    assert main(["manifests", "--namespace", "jobs"]) == 0


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a\nb", "x" * 64])
def test_what_is_no_name_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifests", f"--namespace={name}"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "can't be a namespace" in shown.err
