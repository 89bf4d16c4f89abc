"""``purge``: the disk is free again, the jobs stay listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jupyter_jobsub.cli import main
from jupyter_jobsub.client import Client

Run = Callable[..., str]
Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def job(jobsub: Run) -> str:
    """A job that has kept something."""
    job_id = jobsub("submit", "--", 'printf 123456789 > "$JOBSUB_ARTIFACTS/a"').strip()
    jobsub("wait", job_id)
    return job_id


def test_purge_frees_the_disk_and_leaves_the_job(job: str, jobsub: Run, rows: Rows) -> None:
    kept = rows("get", job)[0]["kept_bytes"]
    assert kept >= 9
    assert f"kept\t{kept} B" in jobsub("get", job) or kept >= 1024
    (row,) = rows("purge", job, "--dry-run")
    assert (row["id"], row["kept_bytes"]) == (job, kept)
    assert f"{job}\t" in jobsub("purge", job, "-n")
    assert "nothing was purged" in jobsub("purge", job, code=2)
    assert rows("get", job)[0]["kept_bytes"] == kept
    assert jobsub("purge", job, "--yes").startswith(f"{job}: purged, ")
    assert (rows("get", job)[0]["kept_bytes"], rows("get", job)[0]["log_expired"]) == (0, True)
    assert "kept\tnothing any more" in jobsub("get", job)
    assert jobsub("purge", job, "--yes") == f"{job}: nothing was kept any more\n"
    for line in (["logs", job], ["artifacts", "list", job], ["artifacts", "download", job]):
        assert "its time to live is over, or it was purged" in jobsub(*line, code=4)


def test_purge_of_what_is_old_takes_no_more(job: str, jobsub: Run, rows: Rows) -> None:
    assert job not in [row["id"] for row in rows("purge", "--older-than", "1h", "--dry-run")]
    assert rows("purge", "--older-than", "1h", "--yes") == []
    assert job in [row["id"] for row in rows("purge", "--older-than", "0s", "--dry-run")]
    assert [row["id"] for row in rows("purge", job, "--older-than", "0s", "--yes")] == [job]
    assert job not in [row["id"] for row in rows("purge", "--older-than", "0s", "--dry-run")]


def test_purge_of_what_is_old_finds_empty_files_too(jobsub: Run, rows: Rows) -> None:
    job = jobsub("submit", "--", 'touch "$JOBSUB_ARTIFACTS/a"').strip()
    jobsub("wait", job)
    assert job in [row["id"] for row in rows("purge", "--older-than", "0s", "--yes")]
    assert rows("get", job)[0]["log_expired"]
    assert rows("purge", "--older-than", "0s", "--yes") == []


def test_purge_of_what_can_not_be_goes_on_with_the_rest(job: str, jobsub: Run, capsys: Any) -> None:
    runs = jobsub("submit", "--", "sleep 60").strip()
    capsys.readouterr()
    assert main(["purge", "--yes", "no-such-job", runs, job]) == 4
    out, err = capsys.readouterr()
    assert out.startswith(f"{job}: purged")
    assert "There is no job" in err
    assert "it can't be purged now" in err
    jobsub("cancel", runs)
    assert "name jobs, or give --older-than" in jobsub("purge", code=2)
    with Client() as client:
        assert client.job(job)["kept_bytes"] == 0
