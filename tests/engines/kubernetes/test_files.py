"""What a Pod is given to read, and what runs it; here in this machine's folders."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import v4

import jupyter_jobsub
from jupyter_jobsub.engines.base import Launch
from jupyter_jobsub.engines.kubernetes.files import (
    ARTIFACTS,
    FILES,
    LARGEST,
    Files,
    files_of,
    output_of,
    packed,
)
from jupyter_jobsub.errors import EngineError
from jupyter_jobsub.model.job import Job, JobId, Micros, UserName
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec
from tests.engines.kubernetes.launches import launch_of


def notebook(*cells: str, **metadata: Any) -> bytes:
    return json.dumps(v4.new_notebook(cells=[*map(v4.new_code_cell, cells)], metadata=metadata)).encode()


def notebook_launch(*cells: str, parameters: dict[str, Any] | None = None, **metadata: Any) -> Launch:
    spec = {"notebook": "/home/ann/über uns.ipynb", "parameters": parameters or {}}
    return launch_of(spec, snapshot=notebook(*cells, **metadata))


class Container:
    """A folder in the place of a Pod's folders."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files, self.artifacts = folder, folder / "files", folder / "artifacts"
        self.message = folder / "message"
        self.files.mkdir()
        self.artifacts.mkdir()

    def run(self, launch: Launch, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Do what the entry does."""
        files = files_of(launch)
        if files.name:
            (self.files / files.name).write_bytes(content(files))
        argv = [each.replace(FILES, str(self.files)) for each in files.argv]
        argv = [each.replace(ARTIFACTS, str(self.artifacts)) for each in argv]
        argv = [each.replace("/project", str(self.folder / "project")) for each in argv]
        environment = {
            "PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "JOBSUB_ARTIFACTS": str(self.artifacts),
            "JOBSUB_TERMINATION_LOG": str(self.message),
            **(env or {}),
        }
        return subprocess.run(argv, cwd=self.folder, env=environment, capture_output=True, text=True)

    def cells(self, path: Path) -> list[Any]:
        return json.loads(path.read_text())["cells"]  # type: ignore[no-any-return]


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def content(files: Files) -> bytes:
    parts: dict[str, bytes] = {}
    for part in files.parts:
        parts |= part
    return b"".join(parts[name] for name in sorted(parts))


def without(folder: Path, *modules: str) -> dict[str, str]:
    """An environment whose Python has not these modules."""
    blocks = "; ".join(f"sys.modules[{name!r}] = None" for name in modules)
    (folder / "sitecustomize.py").write_text(f"import sys; {blocks}")
    return {"PYTHONPATH": str(folder)}


class TestCommand:
    @pytest.mark.parametrize(
        "text", ["echo $0 'a  b'\nexit 7\n", "printf '%s' \"$$(date)\" >/dev/null; exit 7"]
    )
    def test_its_text_reaches_the_shell_as_it_is(self, text: str) -> None:
        assert files_of(launch_of({"command": text})).argv[-1] == text

    def test_it_is_run_by_bash_and_ends_as_it_ends(self, container: Container) -> None:
        done = container.run(launch_of({"command": "[[ a == a ]] && echo $((6 * 7)); exit 7"}))
        assert (done.stdout, done.returncode) == ("42\n", 7)

    def test_it_is_run_whatever_path_the_job_sets(self, container: Container) -> None:
        done = container.run(launch_of({"command": "echo ran"}), {"PATH": "/nowhere"})
        assert done.stdout == "ran\n"

    def test_it_needs_no_file(self) -> None:
        files = files_of(launch_of({"command": "true"}))
        assert (files.parts, files.name) == ((), "")


class TestScript:
    @pytest.mark.parametrize(
        ("name", "text"),
        [("it's.py", "import sys; print(*sys.argv[1:])"), ("-x.sh", 'shopt -s extglob; echo "$@"')],
    )
    def test_its_text_runs_with_its_arguments(self, container: Container, name: str, text: str) -> None:
        spec = {"script": f"/home/ann/{name}", "args": ["a b", "$HOME", "--x"]}
        done = container.run(launch_of(spec, snapshot=text.encode()))
        assert (done.stdout, done.stderr) == ("a b $HOME --x\n", "")

    def test_an_image_without_python_is_told(self, container: Container) -> None:
        launch = launch_of({"script": "/home/ann/a.py"}, snapshot=b"")
        done = container.run(launch, {"PATH": "/nowhere"})
        words = "There is no Python on the PATH of the image lab:1: choose another image.\n"
        assert (done.returncode, done.stderr, container.message.read_text()) == (127, words, words)

    def test_a_text_that_was_not_kept_is_told(self) -> None:
        with pytest.raises(EngineError, match=r"a\.py was not kept; clone the job"):
            files_of(launch_of({"script": "/home/ann/a.py"}))


class TestNotebook:
    def test_it_runs_with_its_parameters_from_the_zip_alone(self, container: Container) -> None:
        cells = "print(rate * 2)", "import jupyter_jobsub.runner as r; r.__file__"
        done = container.run(notebook_launch(*cells, parameters={"rate": 21}))
        assert done.returncode == 0, done.stderr
        found = container.cells(container.artifacts / "über uns.ipynb")
        assert found[1]["outputs"][0]["text"] == ["42\n"]
        assert "\x1b]7717;1.0000;cell 3/3\x07" in done.stdout

    def test_what_the_runner_imports_of_this_package_is_in_the_zip(self, container: Container) -> None:
        """The package beside this one is not found."""
        (container.folder / "jupyter_jobsub.py").write_text("raise SystemExit('not this')")
        done = container.run(notebook_launch("1"), {"PYTHONPATH": str(container.folder)})
        assert done.returncode == 0, done.stderr

    def test_a_cell_that_fails_is_told(self, container: Container) -> None:
        done = container.run(notebook_launch("1", "1 / 0"))
        assert done.returncode == 1
        assert container.message.read_text().startswith("Cell 2 failed: ZeroDivisionError")
        assert len(container.cells(container.artifacts / "über uns.ipynb")) == 2

    def test_its_output_is_in_the_groups_folder(self, container: Container) -> None:
        launch = replace(notebook_launch("1"), volume="/export/lab")
        assert container.run(launch).returncode == 0
        assert (container.folder / "project/lab/jobs/job-1/über uns.ipynb").exists()

    def test_where_the_groups_folder_can_not_be_written_to_it_is_an_artifact(
        self, container: Container
    ) -> None:
        (container.folder / "project").touch()
        done = container.run(replace(notebook_launch("1"), volume="/export/lab"))
        assert done.returncode == 0
        assert (
            "can't be written to (Not a directory): über uns.ipynb is among the job's artifacts"
            in done.stderr
        )
        assert (container.artifacts / "über uns.ipynb").exists()

    @pytest.mark.parametrize("missing", [["nbclient"], ["nbclient", "nbformat"]])
    def test_packages_that_the_image_lacks_are_told(self, container: Container, missing: list[str]) -> None:
        done = container.run(notebook_launch("1"), without(container.folder, *missing))
        words = f"The image lab:1 has no {' and no '.join(missing)}, which notebooks need: choose another"
        assert done.returncode == 1
        assert done.stderr.startswith(words)
        assert container.message.read_text().startswith(words)

    def test_an_older_python_can_read_what_says_that_it_is_too_old(self) -> None:
        package = Path(jupyter_jobsub.__file__).parent
        for name in ("runner/__init__.py", "runner/packed.py", "runner/errors.py"):
            ast.parse((package / name).read_text(), feature_version=(3, 7))

    def test_an_older_python_is_told(self, container: Container) -> None:
        (container.folder / "sitecustomize.py").write_text("import sys; sys.version_info = (3, 9, 2)")
        done = container.run(notebook_launch("1"), {"PYTHONPATH": str(container.folder)})
        words = "The image lab:1 has Python 3.9, and notebooks need 3.10: choose another image."
        assert (done.returncode, container.message.read_text()) == (1, words)

    def test_a_python_that_is_told_to_be_safe_finds_the_runner(self, container: Container) -> None:
        assert container.run(notebook_launch("1"), {"PYTHONSAFEPATH": "1"}).returncode == 0

    def test_an_image_without_a_kernel_is_told(self, container: Container) -> None:
        env = without(container.folder, "ipykernel")
        with open(container.folder / "sitecustomize.py", "a") as file:  # nor has it any kernelspec
            file.write(
                "\nimport jupyter_core.paths as p; p.ENV_JUPYTER_PATH[:] = p.SYSTEM_JUPYTER_PATH[:] = []"
            )
        done = container.run(notebook_launch("1"), env)
        assert done.returncode == 1
        assert container.message.read_text().startswith(
            "The image lab:1 has no ipykernel, which notebooks need"
        )

    def test_a_kernel_of_another_name_is_the_images_python(self, container: Container) -> None:
        spec = {"name": "conda-env-mine", "display_name": "mine", "language": "python"}
        assert container.run(notebook_launch("1", kernelspec=spec)).returncode == 0

    def test_a_kernel_of_another_language_is_told(self, container: Container) -> None:
        done = container.run(
            notebook_launch("1", kernelspec={"name": "ir", "display_name": "R", "language": "R"})
        )
        assert done.returncode == 1
        assert "There is no kernel named 'ir' here; there are: python3" in container.message.read_text()


@given(st.integers(0, 3 * LARGEST))
def test_a_file_of_any_size_is_put_together_from_its_parts(size: int) -> None:
    text = bytes(size)
    files = files_of(launch_of({"script": "/home/ann/a.sh"}, snapshot=text))
    assert content(files) == text
    assert all(len(part) == 1 and len(value) <= LARGEST for part in files.parts for value in part.values())


@given(
    st.dictionaries(st.from_regex("[A-Z]{1,9}", fullmatch=True), st.sampled_from(["", "ü", "x" * 120_000]))
)
def test_variables_of_any_number_fit_into_secrets(env: dict[str, str]) -> None:
    secrets = list(packed(env))
    assert {name: value.decode() for data in secrets for name, value in data.items()} == env
    assert all(sum(map(len, data.values())) <= LARGEST for data in secrets)


def test_the_same_job_gives_the_same_bytes() -> None:
    launch = notebook_launch("1")
    assert files_of(launch).parts == files_of(launch).parts


class TestOutput:
    job = Job(
        JobId("job-1"),
        UserName("ann"),
        JobSpec(notebook="/home/ann/a.ipynb", group="lab"),
        Resources(),
        Micros(0),
        attempt=1,
    )

    def test_it_is_in_the_groups_folder(self, tmp_path: Path) -> None:
        assert output_of(self.job, "pvc:lab", tmp_path) == "/project/lab/jobs/job-1/a.ipynb"
        assert output_of(self.job, str(tmp_path), tmp_path) == "/project/lab/jobs/job-1/a.ipynb"

    def test_it_is_in_the_groups_folder_here_if_that_is_where_it_is(self, tmp_path: Path) -> None:
        output = tmp_path / "jobs" / "job-1" / "a.ipynb"
        output.parent.mkdir(parents=True)
        output.touch()
        assert output_of(self.job, str(tmp_path), tmp_path) == str(output)

    def test_it_is_an_artifact_where_there_is_none(self, tmp_path: Path) -> None:
        assert output_of(self.job, None, tmp_path) == f"{tmp_path}/a.ipynb"

    def test_it_is_an_artifact_if_it_came_there(self, tmp_path: Path) -> None:
        (tmp_path / "a.ipynb").touch()
        assert output_of(self.job, "pvc:lab", tmp_path) == f"{tmp_path}/a.ipynb"

    def test_a_job_that_has_not_begun_has_none(self, tmp_path: Path) -> None:
        assert output_of(replace(self.job, attempt=0), None, tmp_path) is None

    def test_what_is_no_notebook_makes_none(self, tmp_path: Path) -> None:
        assert output_of(replace(self.job, spec=JobSpec(command="true")), None, tmp_path) is None
