"""Settings are read whole; what is wrong with them is said all at once, with the line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_jobsub.config import load_config, read_config
from jupyter_jobsub.config_files import written_at
from jupyter_jobsub.errors import ConfigError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that configuration is read from."""
    monkeypatch.setattr("jupyter_jobsub.config_files.jupyter_config_path", lambda: [str(tmp_path)])
    return tmp_path


def write(folder: Path, text: str, end: str = "py") -> Path:
    path = folder / f"jupyter_jobsub_config.{end}"
    path.write_text(text)
    return path


PYTHON = """\
c = get_config()
import os

lab = {
    "quota": {"cpu": 4},
    "images": ["python3",
               "other"],
}
if os.name:
    c.JobsubService.groups = {
        "lab": lab,
        "a.b": {"members": []},
    }
c.JobsubService.groups["late"] = {
    "admins": ["ann"]}
c.JobsubService.share_logs = True
c.JobsubService.share_logs = \\
    False
c.JobsubService.cpu = sum([1, 2])
"""


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("groups", 10),
        ("groups.lab", 11),
        ("groups.lab.quota.cpu", 5),
        ("groups.lab.quota.cpu.deeper", 5),
        ("groups.lab.images.1", 7),
        ("groups.a.b.members", 12),
        ("groups.late", 14),
        ("groups.late.admins", 15),
        ("share_logs", 17),
        ("cpu", 19),
    ],
)
def test_where_a_setting_is_written_in_python(folder: Path, setting: str, line: int) -> None:
    path = write(folder, PYTHON)
    assert written_at(setting) == f"{path}, line {line}"


def test_where_a_setting_is_written_in_json(folder: Path) -> None:
    value = {"groups": {"lab": {"share_logs": True, "volume": "\\/x"}}, "admins": ["ann", None]}
    path = write(folder, "\n" + json.dumps({"JobsubService": value}, indent=1), "json")
    for setting, word in [("groups.lab.volume", "volume"), ("admins.1", "null"), ("groups", "groups")]:
        line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if word in text)
        assert written_at(setting) == f"{path}, line {line}"


def test_the_file_that_counts_is_named(folder: Path) -> None:
    write(folder, "c.JobsubService.cpu = 1\n")
    later = write(folder, '{"JobsubService": {"cpu": 2}}', "json")
    assert written_at("cpu") == f"{later}, line 1"
    assert str(later) in written_at("memory")


def test_everything_that_is_wrong_is_said_at_once(folder: Path) -> None:
    path = write(
        folder,
        "c.JobsubService.cpu = -1\n"
        "c.JobsubService.memory = 'lots'\n"
        "c.JobsubService.gpus = [{'count': 0}]\n"
        "c.JobsubService.grups = {}\n"
        "c.JobsubService.admins = [1]\n"
        "c.JobsubService.share_logs = False\n",
    )
    config = read_config()
    found = {error.field.removeprefix("JobsubService."): error for error in config.wrong}
    assert set(found) == {"cpu", "memory", "gpus", "grups", "admins"}
    for line, name in enumerate(("cpu", "memory", "gpus", "grups", "admins"), 1):
        assert f"({path}, line {line})" in found[name].message
        assert found[name].remedy
    assert "groups" in found["grups"].remedy
    assert config.share_logs is False
    with pytest.raises(ConfigError, match=r"grups.*cpu") as caught:
        load_config()
    assert len(caught.value.errors) == 5


def test_what_is_wrong_of_a_cluster_is_said_field_by_field(folder: Path) -> None:
    path = write(
        folder,
        "c.JobsubService.engine = 'kubernetes'\n"
        "c.JobsubService.kubernetes = {\n"
        "    'namespace': 'Lab',\n"
        "    'home_size': 'much',\n"
        "    'tolerate': [],\n"
        "}\n"
        "c.JobsubService.images = {'torch': 'pytorch/pytorch',\n"
        "    'odd': 'a b'}\n",
    )
    config = read_config()
    found = {error.field.removeprefix("JobsubService."): error for error in config.wrong}
    lines = {"kubernetes.namespace": 3, "kubernetes.home_size": 4, "kubernetes.tolerate": 5, "images.odd": 8}
    assert set(found) == set(lines)
    for name, line in lines.items():
        assert f"({path}, line {line})" in found[name].message
        assert found[name].remedy
    assert (config.engine, config.kubernetes, config.images) == ("kubernetes", {}, [])


@pytest.mark.parametrize(
    ("engine", "images", "message"),
    [
        ("local", {"torch": "pytorch/pytorch"}, "need a cluster"),
        ("kubernetes", ["/opt/conda"], "Pods don't have"),
    ],
)
def test_images_are_what_the_engine_runs(folder: Path, engine: str, images: object, message: str) -> None:
    write(folder, f"c.JobsubService.engine = {engine!r}\nc.JobsubService.images = {images!r}\n")
    (error,) = read_config().wrong
    assert error.field == "JobsubService.images"
    assert message in error.message
    assert error.remedy
    other = {"local": "kubernetes", "kubernetes": "local"}[engine]
    write(folder, f"c.JobsubService.engine = {other!r}\nc.JobsubService.images = {images!r}\n")
    assert load_config().images == images


@pytest.mark.parametrize(
    ("text", "end", "place", "message"),
    [
        ("x = 1\nc.JobsubService.groups = {", "py", ", line 2", "never closed"),
        ("x = 1\n\nopen('/nowhere')", "py", ", line 3", "FileNotFoundError"),
        ("raise SystemExit(3)", "py", ", line 1", "SystemExit"),
        ('{"JobsubService":\n {"cpu": }}', "json", ", line 2", "Expecting value"),
    ],
)
def test_a_file_that_can_not_be_read(folder: Path, text: str, end: str, place: str, message: str) -> None:
    path = write(folder, text, end)
    (error,) = read_config().wrong
    assert error.field == f"{path}{place}"
    assert message in error.message


@pytest.mark.parametrize("text", ['{"JobsubService": "x"}', '{"JobsubService": [1]}', "3", "null", ""])
def test_a_file_of_another_form_is_refused(folder: Path, text: str) -> None:
    write(folder, text, "json")
    (error,) = read_config().wrong
    assert error.remedy


def test_no_file_is_no_mistake(folder: Path) -> None:
    assert load_config().wrong == ()
    assert written_at("groups") == ""


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("mysql://me:secret@here/jobs", "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
        ("postgresql://me:secret@here:port/jobs", "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
        (["postgresql://me:secret@here/jobs"], "it must be a text"),
    ],
)
def test_a_password_is_never_shown(folder: Path, value: object, message: str) -> None:
    write(folder, f"c = get_config()\nc.JobsubService.database_url = {value!r}\n")
    (wrong,) = read_config().wrong
    assert wrong.field == "JobsubService.database_url"
    assert message in wrong.message
    assert "secret" not in f"{wrong.message} {wrong.remedy}"
