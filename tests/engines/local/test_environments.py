from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from jupyter_jobsub.engines.local.environments import find_environments


@pytest.fixture(autouse=True)
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return tmp_path / "kernels"


def add_kernel(kernels: Path, name: str, program: Path | str) -> None:
    (kernels / name).mkdir(parents=True)
    spec = {"argv": [str(program), "-f", "{connection_file}"], "display_name": f"The {name}", "language": "x"}
    (kernels / name / "kernel.json").write_text(json.dumps(spec))


def add_environment(folder: Path, *, program: str = "python") -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / program).touch(mode=0o755)
    return folder


def test_the_services_own_environment_is_the_default(kernels: Path, tmp_path: Path) -> None:
    add_kernel(kernels, "a-first-name", add_environment(tmp_path / "a") / "bin" / "python")
    name, image = next(iter(find_environments().items()))
    assert (name, image.reference) == ("python3", sys.prefix)
    assert image.description.startswith("Python 3")


def test_a_kernels_environment_is_where_its_program_is(kernels: Path, tmp_path: Path) -> None:
    add_kernel(kernels, "torch", add_environment(tmp_path / "torch") / "bin" / "python")
    add_kernel(kernels, "bare", "python3")
    images = find_environments()
    assert images["torch"].reference == str(tmp_path / "torch")
    assert images["torch"].description == "The torch"
    assert images["bare"].reference == sys.prefix


def test_a_virtual_environments_python_is_not_followed_to_the_one_it_links_to(
    kernels: Path, tmp_path: Path
) -> None:
    (tmp_path / "linked" / "bin").mkdir(parents=True)
    (tmp_path / "linked" / "bin" / "python").symlink_to(sys.executable)
    add_kernel(kernels, "linked", tmp_path / "linked" / "bin" / "python")
    assert find_environments()["linked"].reference == str(tmp_path / "linked")


def test_a_kernel_without_its_program_is_left_out(kernels: Path) -> None:
    add_kernel(kernels, "gone", "/no/such/bin/python")
    assert "gone" not in find_environments()


def test_configured_folders_come_last_under_their_names(tmp_path: Path) -> None:
    folders = [
        add_environment(tmp_path / "envs" / "vision"),
        add_environment(tmp_path / "project" / ".venv"),
        add_environment(tmp_path / "other" / "vision"),
    ]
    found = find_environments([str(f) for f in folders] * 2)
    assert list(found)[-3:] == ["vision", "project", "vision-2"]
    assert [image.reference for image in found.values()][-3:] == [str(f) for f in folders]


def test_a_folder_that_is_no_environment_says_so(tmp_path: Path) -> None:
    assert "unusable: there is no" in find_environments([str(tmp_path)])[tmp_path.name].description
