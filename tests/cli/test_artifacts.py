"""``artifacts list`` and ``artifacts download``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_jobsub.cli import main, terminal
from jupyter_jobsub.cli.terminal import Terminal

Run = Callable[..., str]
Rows = Callable[..., list[dict[str, Any]]]
LEAVES = """
cd "$JOBSUB_ARTIFACTS"
mkdir -p model/old
printf 12345 > model/weights
printf 123 > model/old/weights
printf 1 > $'odd\\n\\x1b'
ln -s / link
"""


@pytest.fixture
def job(jobsub: Run) -> str:
    """A job that has kept something."""
    job_id = jobsub("submit", "--", LEAVES).strip()
    jobsub("wait", job_id)
    return job_id


def below(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_a_list_says_what_there_is_and_what_was_dropped(
    job: str, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["artifacts", "list", job]) == 0
    out, err = capsys.readouterr()
    lines = [line.split("\t") for line in out.splitlines()]
    assert [cells[:3] for cells in lines] == [
        ["ID", "PATH", "SIZE"],
        [job, "model/old/weights", "3 B"],
        [job, "model/weights", "5 B"],
        [job, "odd ", "1 B"],
    ]
    assert err == f"{job}: 1 was dropped (links and special files are not kept): link\n"
    (found,) = rows("artifacts", "list", job)
    assert (found["id"], found["bytes"], found["dropped"]) == (job, 9, ["link"])
    assert [item["path"] for item in found["items"]] == ["model/old/weights", "model/weights", "odd\n\x1b"]


def test_several_jobs_and_attempts_are_listed(job: str, jobsub: Run, rows: Rows) -> None:
    none = jobsub("submit", "--", "true").strip()
    jobsub("wait", none)
    assert [(found["id"], len(found["items"])) for found in rows("artifacts", "list", job, none)] == [
        (job, 3),
        (none, 0),
    ]
    assert "no attempt 7" in jobsub("artifacts", "list", job, "--attempt", "7", code=4)


def test_people_read_whose_they_are_where_there_are_several(job: str, jobsub: Run) -> None:
    class ForPeople(Terminal):
        def for_people(self) -> bool:
            return True

    sweep = jobsub("submit", "-p", "lr=1,2", "--", "true").partition(":")[0].strip()
    jobsub("wait", sweep)
    token = terminal.current.set(ForPeople())
    try:
        assert jobsub("artifacts", "list", job).split()[:3] == ["PATH", "SIZE", "MODIFIED"]
        listed = jobsub("artifacts", "list", job, sweep).splitlines()
        timeline = jobsub("timeline", sweep)
    finally:
        terminal.current.reset(token)
    assert [line.partition("-")[0] for line in listed if "model/weights" in line] == ["job"]
    none = [line.partition(": ") for line in listed if line.endswith(": no artifacts")]
    assert len({id for id, _, _ in none}) == 2
    assert all(f"\n{id} " in timeline for id, _, _ in none)


def test_all_are_downloaded(job: str, jobsub: Run, rows: Rows, tmp_path: Path) -> None:
    out = jobsub("artifacts", "download", job, "--to", "new/results")
    whole = {"model/weights": "12345", "model/old/weights": "123", "odd\n\x1b": "1"}
    assert below(tmp_path / "new" / "results") == whole
    assert out.splitlines() == [
        f"new/results/{name}" for name in ("model/old/weights", "model/weights", "odd ")
    ]
    found = rows("artifacts", "download", job, "--to", "other")
    assert [(row["path"], row["size"]) for row in found][1] == ("model/weights", 5)
    assert below(tmp_path / "other") == whole


def test_files_and_folders_are_chosen(job: str, jobsub: Run, tmp_path: Path) -> None:
    jobsub("artifacts", "download", job, "model/old/")
    assert below(tmp_path) == {"model/old/weights": "123"}
    jobsub("artifacts", "download", job, "odd\n\x1b", "model/weights")
    assert len(below(tmp_path)) == 3
    assert "no artifact 'mode'" in jobsub("artifacts", "download", job, "mode", code=4)


def test_nothing_is_replaced_without_force(job: str, jobsub: Run, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("precious")
    refused = jobsub("artifacts", "download", job, code=2)
    assert "there is model/weights already" in refused
    assert "--force" in refused
    assert below(tmp_path) == {"model/weights": "precious"}
    jobsub("artifacts", "download", job, "--force")
    assert below(tmp_path)["model/weights"] == "12345"


def test_no_link_leads_a_download_out_of_its_folder(job: str, jobsub: Run, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "to" / "model").symlink_to(tmp_path / "outside")
    assert "would be outside of to" in jobsub("artifacts", "download", job, "--to", "to", "--force", code=2)
    assert below(tmp_path) == {}
    (tmp_path / "to" / "model").unlink()
    (tmp_path / "linked").symlink_to("to")  # the folder itself may be one
    jobsub("artifacts", "download", job, "--to", "linked")
    assert len(below(tmp_path / "to")) == 3


def test_a_sweeps_go_into_a_folder_for_each_job(jobsub: Run, rows: Rows, tmp_path: Path) -> None:
    command = 'echo $lr > "$JOBSUB_ARTIFACTS/lr"'
    sweep = jobsub("submit", "-p", "lr=1,2", "--", command).partition(":")[0].strip()
    jobsub("wait", sweep)
    jobsub("artifacts", "download", sweep, "--to", "all")
    ids = [row["id"] for row in rows("artifacts", "list", sweep)]
    assert below(tmp_path / "all") == {f"{id}/lr": f"{lr}\n" for lr, id in enumerate(ids, 1)}


@pytest.mark.parametrize("line", [["artifacts"], ["artifacts", "show"], ["artifacts", "download"]])
def test_what_is_asked_must_be_clear(jobsub: Run, line: list[str]) -> None:
    assert "--help" in jobsub(*line, code=2)


@pytest.mark.parametrize("what", ["list", "download"])
def test_each_explains_itself(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["artifacts", what, "--help"])
    text = capsys.readouterr().out
    assert text.startswith(f"usage: jupyter jobsub artifacts {what}")
    assert "--json" in text
    assert max(map(len, text.splitlines())) <= 100
