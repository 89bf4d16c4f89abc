"""Notebooks run in a real Pod, by a runner that no image has."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from nbformat import v4

from jupyter_jobsub.archive import ArtifactLimits
from jupyter_jobsub.engines.base import Launch
from jupyter_jobsub.engines.kubernetes.collect import Collector
from jupyter_jobsub.engines.kubernetes.files import LARGEST, files_of
from jupyter_jobsub.model.progress import Progress, parse_progress
from jupyter_jobsub.model.resources import Resources
from jupyter_jobsub.reports import without_reports
from tests.kubernetes.cluster import JOB_IMAGE
from tests.kubernetes.namespaces import Namespace
from tests.kubernetes.pods import PATIENCE, scenario
from tests.kubernetes.test_pod import Lab, opened, task

LIMITS = ArtifactLimits(files=100, bytes=2**28)


class Notebooks:
    """Runs notebooks to their end, and has what they kept."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab, self.folder = lab, folder

    def task(self, *cells: str, name: str = "über uns.ipynb", **changes: Any) -> Launch:
        notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])
        given = {"notebook": f"/home/ann/{name}", "snapshot": json.dumps(notebook).encode()}
        given |= {"resources": Resources(), **changes}  # a kernel takes what it can get
        launch = task(**given)
        place = self.folder / "archive" / launch.key.job / "1.artifacts"
        return task(**given, key=launch.key, artifacts=place)

    async def collect(self, launch: Launch) -> None:
        collecting = Collector(self.lab.api, LIMITS).collect(launch.key.job, launch)
        assert await asyncio.wait_for(collecting, PATIENCE) == ""

    async def run(self, launch: Launch) -> dict[str, Any]:
        """How it ended."""
        name = await self.lab.start(launch)
        await self.collect_when_begun(name, launch)
        return (await self.lab.ended(name))["main"]

    async def collect_when_begun(self, name: str, launch: Launch) -> None:
        await self.lab.logged(name, "cell 0/")
        await self.collect(launch)


@asynccontextmanager
async def notebooks(namespace: Namespace, folder: Path) -> AsyncIterator[Notebooks]:
    async with opened(namespace) as lab:
        yield Notebooks(lab, folder)


def cells(path: Path) -> list[Any]:
    return json.loads(path.read_text())["cells"]  # type: ignore[no-any-return]


@scenario
async def test_one_runs_with_its_parameters_and_its_output_comes_back(
    namespace: Namespace, tmp_path: Path
) -> None:
    async with notebooks(namespace, tmp_path) as own:
        keep = "import os; open(os.environ['JOBSUB_ARTIFACTS'] + '/model', 'w').write('kept')"
        launch = own.task("print(rate * 2)", keep, parameters={"rate": 21})
        assert (await own.run(launch))["exitCode"] == 0
        found = cells(launch.artifacts / "über uns.ipynb")
        assert found[1]["outputs"][0]["text"] == ["42\n"]
        assert (launch.artifacts / "model").read_text() == "kept"
        log = await own.lab.log(launch.key.job)
        assert without_reports(log) == b"42\n4\n"
        assert parse_progress(log) == Progress(1.0, "cell 3/3")


@scenario
async def test_a_failing_cell_is_told_in_the_words_of_its_end(namespace: Namespace, tmp_path: Path) -> None:
    async with notebooks(namespace, tmp_path) as own:
        launch = own.task("before = 1", "1 / 0", "after = 1")
        end = await own.run(launch)
        assert end["exitCode"] == 1
        assert end["message"].startswith("Cell 2 failed: ZeroDivisionError: division by zero\n\n1 / 0")
        found = cells(launch.artifacts / "über uns.ipynb")
        assert [cell["execution_count"] for cell in found] == [1, 2, None]
        assert parse_progress(await own.lab.log(launch.key.job)) == Progress(0.3333, "cell 1/3")


@scenario
async def test_one_that_is_halted_keeps_what_ran(namespace: Namespace, tmp_path: Path) -> None:
    async with notebooks(namespace, tmp_path) as own:
        launch = own.task("print('first')", "print('begun', flush=True)\nimport time; time.sleep(1000)")
        name = await own.lab.start(launch)
        await own.lab.logged(name, "begun")
        collecting = asyncio.create_task(own.collect(launch))
        await own.lab.halt(name)
        await collecting
        found = cells(launch.artifacts / "über uns.ipynb")
        assert found[0]["outputs"][0]["text"] == ["first\n"]
        assert found[1]["outputs"][0]["text"] == ["begun\n"]
        assert (await own.lab.ended(name))["main"]["exitCode"] == 143


@scenario
async def test_a_group_s_folder_has_the_output(namespace: Namespace, tmp_path: Path) -> None:
    async with notebooks(namespace, tmp_path) as own:
        shared = tmp_path / "shared"
        (shared / "work").mkdir(parents=True)
        (shared / "work" / "helper.py").write_text("WORD = 'found'")
        source = f"{shared}/work/a.ipynb"
        launch = own.task("import helper; print(helper.WORD)", notebook=source, volume=str(shared))
        assert (await own.run(launch))["exitCode"] == 0
        found = cells(shared / "jobs" / launch.key.job / "a.ipynb")
        assert found[0]["outputs"][0]["text"] == ["found\n"]
        assert not launch.artifacts.exists()


@scenario
async def test_a_notebook_of_many_secrets_runs(namespace: Namespace, tmp_path: Path) -> None:
    async with notebooks(namespace, tmp_path) as own:
        noise = base64.b64encode(random.Random(1).randbytes(2 * 2**20)).decode()
        launch = own.task(f"text = '{noise}'", "print(len(text))")
        assert len(files_of(launch).parts) > 2 * 2**20 // LARGEST
        assert (await own.run(launch))["exitCode"] == 0
        assert without_reports(await own.lab.log(launch.key.job)) == f"{len(noise)}\n".encode()


@scenario
async def test_an_image_without_a_package_is_told(namespace: Namespace, tmp_path: Path) -> None:
    async with notebooks(namespace, tmp_path) as own:
        (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['nbclient'] = None")
        os.chmod(tmp_path, 0o755)
        launch = own.task("1", volume=str(tmp_path), env={"PYTHONPATH": "/project/lab"})
        end = (await own.lab.ended(await own.lab.start(launch)))["main"]
        assert end["exitCode"] == 1
        assert end["message"].startswith(
            f"The image {JOB_IMAGE} has no nbclient, which notebooks need: choose"
        )
