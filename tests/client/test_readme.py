"""What the README says of Python runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_jobsub import JobsubClient

README = Path(__file__).parents[2] / "README.md"
SCRIPT = "import os; print(sorted(n for n in os.environ if n in ('lr', 'depth', 'epochs')))"


def test_its_example(client: JobsubClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    section = README.read_text().partition("## From Python")[2].partition("\n## ")[0]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found
    # a script in the notebook's place, which a kernel is not started for, and no GPU
    code = found[1].replace("train.ipynb", "train.py").replace("gpus=1, ", "")
    (tmp_path / "train.py").write_text(SCRIPT)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == ["['epochs']", "Succeeded 0 None"]
    points = [{"lr": lr, "depth": depth} for lr in (0.1, 0.01) for depth in (2, 4)]
    assert sorted(printed[2:]) == sorted(f"{point} Succeeded" for point in points)
    assert isinstance(names["client"], JobsubClient)
    names["client"].close()


def test_every_verb_that_it_names_is_there() -> None:
    from jupyter_jobsub import AsyncJob, Job

    text = README.read_text().partition("A job has `cancel`")[2].partition(". One client")[0]
    verbs = {"cancel", *re.findall(r"`(\w+)`", text)}
    assert len(verbs) > 5
    assert all(hasattr(kind, verb) for kind in (Job, AsyncJob) for verb in verbs)
