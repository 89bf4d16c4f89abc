"""A command imports what it needs and no more: most of its time is imports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

HEAVY = {
    "argcomplete",
    "asyncio",
    "email",
    "http",
    "jupyter_core",
    "logging",
    "pydantic",
    "rich",
    "shutil",
    "sqlalchemy",
    "ssl",
    "subprocess",
    "tornado",
    "traitlets",
    "typing",
    "yaml",
}
OTHERS = {f"jupyter_jobsub.cli.{name}" for name in ("actions", "checks", "completion", "logs", "submit")}
SHOW = """
import json, sys
before = set(sys.modules)
from jupyter_jobsub.cli import main
main(["list"])
print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr)
"""


def test_list_is_light(jobsub: Callable[..., str]) -> None:
    jobsub("list")  # so that the service runs
    done = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, check=True)
    imported = set(json.loads(done.stderr))
    assert "jupyter_jobsub.cli.jobs" in imported
    assert imported & (HEAVY | OTHERS) == set()
