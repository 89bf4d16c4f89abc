"""What is run for commands, scripts and notebooks, where, and with which environment."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from jupyter_jobsub.engines.local.invocation import invoke
from jupyter_jobsub.engines.local.variables import base
from jupyter_jobsub.errors import EngineError
from jupyter_jobsub.model.catalog import Catalog, Image
from jupyter_jobsub.model.job import Job, JobId, Micros, TaskKey, UserName
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.model.spec import JobSpec
from tests.engines.lab import Lab, scenario

HERE = Image("here", sys.prefix)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "my project"
    folder.mkdir()
    (folder / "helper.py").write_text("WORD = 'from the original folder'\n")
    (folder / "data.txt").write_text("data\n")
    return folder


class TestScript:
    @scenario
    async def test_its_kept_text_runs_in_its_own_folder(self, lab: Lab, project: Path) -> None:
        script = project / "train.py"
        script.write_text("raise SystemExit('edited since')")
        text = b"import sys, helper\nprint(helper.WORD, open('data.txt').read(), sys.argv[1:], __name__)\n"
        key = await lab.launch(script=str(script), args=["a b", "--x=$1"], snapshot=text, image=HERE)
        assert (await lab.ended(key)).exit_code == 0
        assert lab.log(key) == "from the original folder data\n ['a b', '--x=$1'] __main__\n"

    @scenario
    async def test_the_original_folder_comes_first_on_the_import_path(
        self, lab: Lab, project: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "helper.py").write_text("WORD = 'wrong'\n")
        (project / "json.py").write_text("WORD = 'mine, not the library'\n")
        text = b"import helper, json\nprint(helper.WORD, json.WORD)\n"
        env = {"PYTHONPATH": str(tmp_path)}
        key = await lab.launch(script=str(project / "train.py"), snapshot=text, image=HERE, env=env)
        await lab.ended(key)
        assert lab.log(key) == "from the original folder mine, not the library\n"

    @scenario
    async def test_its_output_is_not_buffered(self, lab: Lab, project: Path) -> None:
        text = b"import time\nprint('now')\ntime.sleep(60)\n"
        key = await lab.launch(script=str(project / "train.py"), snapshot=text, image=HERE)
        await lab.logged(key, "now")

    @scenario
    async def test_a_shell_script_runs_with_bash(self, lab: Lab, project: Path) -> None:
        text = b"words=(a b); echo ${words[1]} $1 $(basename $0); cat data.txt\n"
        key = await lab.launch(script=str(project / "run.sh"), args=["x y"], snapshot=text)
        await lab.ended(key)
        assert lab.log(key) == "b x y run.sh\ndata\n"

    @scenario
    async def test_a_traceback_names_the_script(self, lab: Lab, project: Path) -> None:
        key = await lab.launch(script=str(project / "train.py"), snapshot=b"1 / 0\n", image=HERE)
        assert (await lab.ended(key)).exit_code == 1
        assert "train.py" in lab.log(key)
        assert "1 / 0" in lab.log(key)

    @scenario
    async def test_errors_say_what_to_do(self, lab: Lab, project: Path, tmp_path: Path) -> None:
        script = str(project / "train.py")
        gone = str(tmp_path / "gone" / "train.py")
        cases = [
            (lab.task(script=gone, snapshot=b"", image=HERE), "gone is not there; make it, or"),
            (lab.task(script=script, image=HERE, job="job-2"), "was not kept; clone the job"),
            (
                lab.task(script=script, snapshot=b"", image=Image("x", "/nowhere"), job="job-3"),
                "no bin/python; clone the job",
            ),
        ]
        for launch, text in cases:
            with pytest.raises(EngineError, match=text):
                await lab.engine.launch(launch)


class TestNotebook:
    def test_is_run_by_our_runner_with_our_python(self, lab: Lab, project: Path, tmp_path: Path) -> None:
        volume = tmp_path / "home"
        volume.mkdir()
        launch = lab.task(
            notebook=str(project / "a b.ipynb"),
            image=Image("python3", sys.prefix),
            parameters={"lr": 0.1},
            snapshot=b"{}",
            volume=str(volume),
        )
        folder = tmp_path / "runs" / str(launch.key)
        made = invoke(launch, folder, [], {})
        output = volume / "jobs" / "job-1" / "a b.ipynb"
        assert made.argv[0] == sys.executable
        assert made.argv[4:] == [
            *(str(folder / "notebook" / "a b.ipynb"), str(output)),
            *("--parameters", str(folder / "parameters.json"), "--cwd", str(project)),
            *("--kernel", sys.prefix, "--environment", sys.prefix),
        ]
        assert made.cwd == project
        assert made.files["notebook/a b.ipynb"] == b"{}"
        assert json.loads(made.files["parameters.json"]) == {"lr": 0.1}
        assert output.parent in made.outside

    def test_its_kernel_is_what_was_asked_for(self, lab: Lab, project: Path, tmp_path: Path) -> None:
        notebook = str(project / "n.ipynb")
        named = lab.task(notebook=notebook, image=HERE, snapshot=b"{}")
        named = lab.task(notebook=notebook, snapshot=b"{}", spec=JobSpec(notebook=notebook, image="ir"))
        assert invoke(named, tmp_path, [], {}).argv[-4:-2] == ["--kernel", "ir"]

    def test_without_a_volume_its_output_stays_beside_the_data(
        self, lab: Lab, project: Path, tmp_path: Path
    ) -> None:
        launch = lab.task(notebook=str(project / "n.ipynb"), snapshot=b"{}")
        folder = tmp_path / "runs" / str(launch.key)
        made = invoke(launch, folder, [], {})
        assert made.argv[5] == str(tmp_path / "outputs" / "jobs" / "job-1" / "n.ipynb")

    @scenario
    async def test_the_engine_says_where_its_output_is(self, lab: Lab, project: Path, tmp_path: Path) -> None:
        job = Job(JobId("job-1"), UserName("ann"), JobSpec(command="x"), Resources(), Micros(0), attempt=1)
        assert lab.engine.output(job, None, lab.folder) is None
        notebook = str(project / "n.ipynb")
        launch = lab.task(notebook=notebook, snapshot=b"no notebook", volume=str(tmp_path), image=HERE)
        await lab.send(launch)
        assert lab.engine.output(job, None, lab.folder) == str(tmp_path / "jobs" / "job-1" / "n.ipynb")
        assert (await lab.ended(launch.key)).exit_code == 1
        assert "n.ipynb" in lab.log(launch.key)  # the runner said what is wrong with it

    @scenario
    async def test_runs_to_its_end(self, lab: Lab, project: Path, tmp_path: Path) -> None:
        cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": []}
        cell["source"] = "import helper, os\nprint(helper.WORD, os.getcwd())"
        notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        launch = lab.task(
            notebook=str(project / "n.ipynb"),
            image=HERE,
            snapshot=json.dumps(notebook).encode(),
            volume=str(tmp_path),
        )
        await lab.send(launch)
        ended = await lab.ended(launch.key)
        assert ended.exit_code == 0, lab.log(launch.key)
        made = json.loads((tmp_path / "jobs" / "job-1" / "n.ipynb").read_text())
        assert made["cells"][0]["outputs"][0]["text"] == [f"from the original folder {project}\n"]


class TestFolder:
    @scenario
    async def test_a_command_without_one_gets_links_to_what_is_shared(self, lab: Lab, project: Path) -> None:
        key = await lab.launch(
            "ls; cat lab/data.txt datasets/tiny/data.txt; readlink lab; touch artifacts/x",
            volume=str(project),
            datasets={"tiny": str(project)},
        )
        assert (await lab.ended(key)).exit_code == 0
        assert lab.log(key) == f"artifacts\ndatasets\nlab\ndata\ndata\n{project}\n"
        assert (lab.artifacts.folder(key.job, 1) / "x").exists()

    @scenario
    async def test_a_command_runs_where_it_is_told(self, lab: Lab, project: Path) -> None:
        key = await lab.launch("pwd; cat data.txt", working_dir=str(project))
        await lab.ended(key)
        assert lab.log(key) == f"{project}\ndata\n"

    @scenario
    async def test_one_that_is_not_there_is_named(self, lab: Lab) -> None:
        with pytest.raises(EngineError, match="the folder /no/where is not there; make it"):
            await lab.launch(working_dir="/no/where")
        lab.launched.clear()

    @pytest.mark.parametrize("what", ["a file", "a link to nothing"])
    @scenario
    async def test_one_that_cannot_be_made_is_named_with_what_is_in_its_way(
        self, lab: Lab, project: Path, tmp_path: Path, what: str
    ) -> None:
        jobs = tmp_path / "jobs"
        if what == "a file":
            jobs.write_text("mine")
        else:
            jobs.symlink_to(tmp_path / "gone")
        launch = lab.task(notebook=str(project / "n.ipynb"), snapshot=b"{}", volume=str(tmp_path), image=HERE)
        with pytest.raises(EngineError, match=f"see that {jobs} is a folder that you may write to"):
            await lab.send(launch)
        lab.launched.clear()

    @scenario
    async def test_purge_leaves_artifacts_and_the_persons_own_alone(self, lab: Lab, project: Path) -> None:
        key = await lab.launch("echo x > lab/new.txt; touch artifacts/x", volume=str(project))
        await lab.ended(key)
        await lab.engine.purge(key.job)
        assert sorted(os.listdir(project)) == ["data.txt", "helper.py", "new.txt"]
        assert os.listdir(lab.folder / "runs") == []
        assert (lab.artifacts.folder(key.job, 1) / "x").exists()
        lab.launched.clear()


class TestVariables:
    def test_nothing_of_it_is_the_services_own(self, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
        before = base({})
        for name in list(os.environ):
            monkeypatch.delenv(name)
        for name in (
            "LANG",
            "LC_ALL",
            "TZ",
            "TMPDIR",
            "HOME",
            "USER",
            "SHELL",
            "LD_LIBRARY_PATH",
            "SURPRISE",
        ):
            monkeypatch.setenv(name, "/the/services/own")
        assert base({}) == before
        env = invoke(lab.task(), Path("/r/j.1.main.0"), [], base({})).env
        assert {"USER", "LOGNAME", "HOME", "SHELL", "LANG", "TMPDIR", "PATH"} <= set(env)
        assert "/the/services/own" not in env.values()

    def test_the_configured_count_less_than_the_jobs_own(self, lab: Lab) -> None:
        configured = base({"http_proxy": "http://proxy:3128", "PATH": "/opt/tools", "LANG": "de_DE.UTF-8"})
        task = lab.task(image=Image("x", "/opt/env"), env={"LANG": "fr_FR.UTF-8"})
        env = invoke(task, Path("/r/j.1.main.0"), [], configured).env
        assert (env["http_proxy"], env["LANG"]) == ("http://proxy:3128", "fr_FR.UTF-8")
        assert env["PATH"] == "/opt/env/bin:/opt/tools"

    def test_the_image_leads_the_path(self, lab: Lab) -> None:
        env = invoke(lab.task(image=Image("x", "/opt/env")), Path("/r/j.1.main.0"), [], {}).env
        assert env["PATH"].split(":")[0] == "/opt/env/bin"
        assert env["PATH"].endswith("/usr/bin:/sbin:/bin")

    @pytest.mark.parametrize(
        ("mark", "name"), [("conda-meta/", "CONDA_PREFIX"), ("pyvenv.cfg", "VIRTUAL_ENV")]
    )
    def test_an_environment_looks_activated(self, lab: Lab, tmp_path: Path, mark: str, name: str) -> None:
        (tmp_path / mark).mkdir() if mark.endswith("/") else (tmp_path / mark).touch()
        env = invoke(lab.task(image=Image("x", str(tmp_path))), Path("/r/j.1.main.0"), [], {}).env
        assert env[name] == str(tmp_path)

    def test_the_jobs_own_counts_most(self, lab: Lab) -> None:
        env = invoke(lab.task(env={"PATH": "/mine", "TZ": "UTC"}), Path("/r/j.1.main.0"), [], {}).env
        assert (env["PATH"], env["TZ"]) == ("/mine", "UTC")


def test_check_finds_what_the_machine_lacks(lab: Lab, tmp_path: Path) -> None:
    @scenario
    async def check(*, lab: Lab) -> None:
        catalog = Catalog({}, {}, {})
        bad = JobSpec(script="/x/train.rb", working_dir="/no/where", image="/no/env")
        assert [field for field, *_ in lab.engine.check(bad, catalog)] == ["working_dir", "script", "image"]
        good = JobSpec(script="/x/train.py", working_dir=str(tmp_path), image=sys.prefix)
        assert lab.engine.check(good, catalog) == []

    check(lab=lab)


def test_task_keys_name_folders(lab: Lab) -> None:
    assert str(TaskKey(JobId("job-1"), 2, "ps", 3)) == "job-1.2.ps.3"
