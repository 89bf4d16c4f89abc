"""What running jobs use: live on a terminal, once elsewhere."""

from __future__ import annotations

import io
import signal
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from jupyter_jobsub.cli.top import PLAIN, Board, fitting
from jupyter_jobsub.client.words import use
from tests.cli.test_processes import Terminal

Run = Callable[..., str]
Rows = Callable[..., list[dict[str, Any]]]
WAIT = "for i in $(seq 1000); do [ -e go ] && break; sleep 0.05; done"

GPU = {"uuid": "GPU-a", "name": "A100", "utilization": 0.9, "memory": 20 * 2**30, "memory_total": 40 * 2**30}
ROW = {
    "id": "job-20261121-16p1j8xs",
    "name": "train a model",
    "phase": "Running",
    "started_at": "2026-11-21T10:00:00.000000Z",
    "duration_seconds": 3720.0,
    "request": {"cpu": 4000, "memory": 16 * 2**30, "gpu": {"A100": 2}},
    "progress": {"fraction": 0.45, "text": "epoch 9/20", "eta_seconds": 600},
    "message": "",
    "usage": {
        "at": "2026-11-21T11:02:00.000000Z",
        "cpu": 3871,
        "memory": 5 * 2**30,
        "gpus": [GPU, GPU | {"utilization": 0.5}],
    },
}


def board(*rows: dict[str, Any]) -> Board:
    return Board(iter(rows))


def drawn(rows: Board, width: int = 120, height: int = 30) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(rows.render((width, height)))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined,no-any-return]


def test_a_row_says_what_is_used_of_what_was_asked() -> None:
    titles, (cells,) = board(ROW).table()
    assert dict(zip(titles, cells, strict=True)) == {
        "ID": "job-20261121-16p1j8xs",
        "NAME": "train a model",
        "TIME": "1h02m",
        "CPU": "3.87/4",
        "MEMORY": "5Gi/16Gi",
        "GPU": "2 × 70%",
        "GPU MEMORY": "40Gi/80Gi",
        "STANDING": "45% epoch 9/20, 10m00s left",
    }


def test_a_column_is_there_only_if_something_is_in_it() -> None:
    plain = ROW | {"progress": None, "usage": None}
    titles, (cells,) = board(plain).table()
    assert titles == ["ID", "NAME", "TIME", "CPU", "MEMORY"]
    assert cells[3:] == ["-", "-"]


def test_what_a_driver_does_not_tell_is_left_out() -> None:
    mute = GPU | {"utilization": None, "memory": None}
    usage = ROW["usage"] | {"cpu": None, "gpus": [mute]}  # type: ignore[operator]
    titles, (cells,) = board(ROW | {"usage": usage}).table()
    assert not {"GPU", "GPU MEMORY"} & set(titles)
    assert cells[titles.index("CPU")] == "-"


def test_the_newest_are_first_and_what_does_not_fit_is_counted() -> None:
    rows = board(*(ROW | {"id": f"job-{n}", "started_at": f"2026-11-21T10:{n:02}:00Z"} for n in range(30)))
    lines = drawn(rows, height=10)
    assert len(lines) <= 10
    assert [line.split()[0] for line in lines[2:8]] == [f"job-{n}" for n in range(29, 23, -1)]
    assert "… and 24 more" in lines[-1]


def test_what_ends_goes_unless_it_was_asked_for() -> None:
    rows = board(ROW)
    rows.take(ROW | {"phase": "Failed"}, keep=True)
    assert "Failed" in "".join(drawn(rows))
    rows.take(ROW | {"phase": "Failed"}, keep=False)
    assert "no job runs" in drawn(rows)[-1]


@pytest.mark.parametrize("width", [200, 100, 80, 60, 40, 30])
def test_a_narrow_terminal_shows_what_matters_most(width: int) -> None:
    other = "job-20261121-26p1j8xs"
    rows = board(
        ROW, ROW | {"id": other, "name": "训练 " * 20, "progress": {"fraction": 0.5, "text": "x" * 80}}
    )
    lines = drawn(rows, width)
    assert max(map(cell_len, lines)) <= width
    assert len(lines) == 4
    assert all(
        "3.87/4" in line and id in line for id, line in zip((ROW["id"], other), lines[2:], strict=True)
    )


def test_columns_go_in_order() -> None:
    titles, rows = board(ROW).table()
    kept = [set(fitting(titles, rows, width)[0]) for width in range(200, 20, -1)]
    assert all(later <= sooner for sooner, later in pairwise(kept))
    assert kept[0] == set(titles)
    assert kept[-1] == {"ID", "CPU"}


def test_piped_it_prints_once(jobsub: Run, rows: Rows, until: Callable[[str, str], None]) -> None:
    job_id = jobsub("submit", "--name", "waits", "--", WAIT).strip()
    until(job_id, "Running")
    lines = [line.split("\t") for line in jobsub("top").splitlines()]
    assert lines[0] == list(PLAIN)
    (found,) = [dict(zip(PLAIN, line, strict=True)) for line in lines[1:] if line[0] == job_id]
    assert (found["NAME"], found["PHASE"], found["CPU_ASKED"], found["GPUS"]) == (
        "waits",
        "Running",
        "1.0",
        "0",
    )
    assert job_id in {row["id"] for row in rows("top")}
    (row,) = rows("top", job_id)
    assert row == rows("get", job_id)[0] | {name: row[name] for name in ("duration_seconds", "usage")}
    Path("go").touch()
    jobsub("wait", job_id)
    assert [row["phase"] for row in rows("top", job_id)] == ["Succeeded"]
    assert job_id not in jobsub("top")


def test_an_unknown_job_is_told(jobsub: Run) -> None:
    assert "There is no job 'nothing'" in jobsub("top", "nothing", code=4)


def test_on_a_terminal_it_goes_on_until_the_job_has_ended(process: Any, jobsub: Run) -> None:
    job_id = jobsub("submit", "--name", "waits", "--", WAIT).strip()
    terminal = Terminal(process, "top", job_id)
    terminal.until(job_id)
    Path("go").touch()
    assert "Succeeded" in terminal.read()
    assert terminal.command.returncode == 0


def test_ctrl_c_ends_it_and_no_job(process: Any, jobsub: Run, until: Callable[[str, str], None]) -> None:
    job_id = jobsub("submit", "--", WAIT).strip()
    until(job_id, "Running")
    terminal = Terminal(process, "top")
    terminal.until(job_id)
    terminal.command.send_signal(signal.SIGINT)
    assert "Traceback" not in terminal.read()
    assert terminal.command.returncode == 0
    assert "Running" in jobsub("get", job_id)
    Path("go").touch()
    jobsub("wait", job_id)


def test_the_use_of_a_job_in_words() -> None:
    assert use(ROW) == [
        "CPU 3.87 of 4",
        "memory 5 GiB of 16 GiB",
        "GPU 0 90% 20 GiB of 40 GiB",
        "GPU 1 50% 20 GiB of 40 GiB",
    ]
    assert use(ROW | {"usage": None}) == []
