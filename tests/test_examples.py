"""The examples do what they say, without the queue."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_a_simulation_tells_how_far_it_is_and_keeps_a_table(tmp_path: Path) -> None:
    env = {**os.environ, "JOBSUB_ARTIFACTS": str(tmp_path), "JOBSUB_JOB_ID": "job-20260131-k7x2mp9w"}
    command = [sys.executable, EXAMPLES / "simulate.py", "--seconds", "0.5"]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
    fractions = [
        float(text) for text in re.findall(r"\x1b\]7717;([\d.]+);step \d+: [\d.]+ away\x07", done.stdout)
    ]
    assert fractions
    assert fractions == sorted(fractions)
    rows = (tmp_path / "walk.csv").read_text().splitlines()
    assert rows[:3] == ["step,distance", "0,0.0000", "1,1.0000"]
    assert f"after {len(rows) - 2} steps" in done.stdout
