from __future__ import annotations

import io
import re
import sys

import pytest
from rich.cells import cell_len

from jupyter_jobsub.cli import logs, output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_piped_table_is_separated_by_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("A", "B"), [("x", None), ("a\tb\nc\x1b[31m", 1)])
    assert capsys.readouterr().out == "A\tB\nx\t-\na b c [31m\t1\n"


def test_a_table_on_a_terminal_keeps_texts_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    output.table(("ID", "PHASE", "N"), [("[bold]x[/]", "Failed", 7)], right=("N",))
    text = sys.stdout.getvalue()  # type: ignore[attr-defined]
    assert "[bold]x[/]" in text
    assert "Failed" in text


def test_what_must_be_read_whole_is_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "40")
    words = [f"word{n}" for n in range(30)]
    output.table(("ID", "MESSAGE"), [("job-20261121-16p1j8xs", " ".join(words))], fold=True)
    text = sys.stdout.getvalue()  # type: ignore[attr-defined]
    assert re.findall(r"word\d+", text) == words


@pytest.mark.parametrize("width", [80, 100, 200])
def test_a_table_fits_the_terminal(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    titles = ("ID", "NAME", "PHASE", "TYPE", "AGE", "TIME", "EXIT", "STANDING")
    row = (
        "job-20261121-16p1j8xs",
        "训练 a model " * 9,
        "Succeeded",
        "cpu-1",
        "1h05m",
        "30s",
        0,
        "quota " * 30,
    )
    output.table(titles, [row])
    lines = re.sub(r"\x1b\[\d*m", "", sys.stdout.getvalue()).splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 3
    assert max(map(cell_len, lines)) <= width
    assert all(cell in lines[2] for cell in (row[0], "训练", "Succeeded", "cpu-1", "1h05m", "30s", "quo"))


def test_a_jobs_own_words_are_harmless() -> None:
    job = {"message": "a\x1b]0;title\x07\nb", "id": "j", "phase": "Failed", "exit_code": 1}
    assert logs.outcome(job) == "j: Failed, exit code 1: a ]0;title b"


def test_times_are_utc_when_piped() -> None:
    assert output.short_time("2026-11-21T08:15:30.123456Z") == "2026-11-21T08:15:30Z"
    assert output.short_time(None) is None
