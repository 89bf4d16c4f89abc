"""What the Tab key offers behind ``%jobsub`` and ``%%jobsub``."""

from __future__ import annotations

import pytest

from jupyter_jobsub.client import Client
from tests.magic.kernel import Kernel

OFFERED = [
    ("%jobsub su", ["%jobsub submit"]),
    ("%jobsub re", ["%jobsub reload", "%jobsub rerun", "%jobsub resume"]),
    ("%jobsub submit --gp", ["%jobsub submit --gpus"]),
    ("job = %jobsub submit --gp", ["job = %jobsub submit --gpus"]),
    ("%jobsub submit --gpus 1 --fo", ["%jobsub submit --gpus 1 --follow"]),
    ("%jobsub list --phase Su", ["%jobsub list --phase Succeeded"]),
    ("%jobsub submit --group de", ["%jobsub submit --group default"]),
    ("%jobsub submit --instance-type cpu-q", ["%jobsub submit --instance-type cpu-quarter"]),
    ("%jobsub submit trai", ["%jobsub submit train.ipynb", "%jobsub submit training/"]),
    ("%jobsub submit --wait -- python training/o", ["%jobsub submit --wait -- python training/one.py"]),
    ("%%jobsub --py", ["%%jobsub --python"]),
    ("%%jobsub --python --instance-type cpu-q", ["%%jobsub --python --instance-type cpu-quarter"]),
    ("%%jobsub -- --data trai", ["%%jobsub -- --data train.ipynb", "%%jobsub -- --data training/"]),
]


@pytest.fixture(scope="module", autouse=True)
def files(kernel: Kernel) -> None:
    (kernel.folder / "training").mkdir()
    (kernel.folder / "training" / "one.py").touch()
    (kernel.folder / "train.ipynb").touch()
    kernel.do("%jobsub catalog")  # so that the service runs


@pytest.mark.parametrize(("line", "offered"), OFFERED, ids=[line for line, _ in OFFERED])
def test_offered(kernel: Kernel, line: str, offered: list[str]) -> None:
    assert kernel.complete(line) == offered


def test_jobs_are_offered_by_their_ids_and_their_ends(kernel: Kernel, client: Client) -> None:
    kernel.do("%%jobsub\ntrue")
    job_id = kernel.ask("_.id")
    end = job_id.rpartition("-")[2]
    assert f"%jobsub get {job_id}" in kernel.complete("%jobsub get ")
    assert kernel.complete(f"%jobsub cancel {job_id[:-1]}") == [f"%jobsub cancel {job_id}"]
    assert kernel.complete(f"%jobsub logs -f {end[:-1]}") == [f"%jobsub logs -f {end}"]


def test_images_are_offered(kernel: Kernel) -> None:
    assert "%jobsub submit --image python3" in kernel.complete("%jobsub submit --image pyth")


def test_other_lines_are_left_to_others(kernel: Kernel) -> None:
    assert kernel.complete("jobsub = prin") == ["jobsub = print"]
    assert "%load_ext" in kernel.complete("%load_e")
    assert kernel.complete("%jobsu") == ["%jobsub", "%%jobsub"]
