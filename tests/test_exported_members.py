"""``jupyter_jobsub`` itself is the public interface: what it has, and what it costs to import."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import jupyter_jobsub

PUBLIC = {
    "Artifacts",
    "AsyncJob",
    "AsyncJobsubClient",
    "AsyncSweep",
    "Closed",
    "Conflict",
    "Expired",
    "Forbidden",
    "InvalidRequest",
    "Job",
    "JobFailed",
    "JobsubClient",
    "JobsubError",
    "NotFound",
    "NotRunning",
    "Sweep",
    "TooLarge",
    "Unauthorized",
    "Unavailable",
    "Unreachable",
    "UsageError",
    "UserError",
    "__version__",
    "progress",
}
HEAVY = {"IPython", "asyncio", "ipywidgets", "pydantic", "rich", "sqlalchemy", "tornado", "traitlets", "yaml"}


def test_what_is_public() -> None:
    assert set(jupyter_jobsub.__all__) == PUBLIC
    assert set(dir(jupyter_jobsub)) >= PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_each_is_what_it_is_called(name: str) -> None:
    found = getattr(jupyter_jobsub, name)
    assert name == "__version__" or found.__name__ == name


def test_type_checkers_are_told_the_same() -> None:
    tree = ast.parse(Path(jupyter_jobsub.__file__).read_text())
    told = {
        alias.asname: (node.module, alias.name)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == {name: (home, name) for name, home in jupyter_jobsub._PUBLIC.items()}


def test_another_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Jop'"):
        jupyter_jobsub.Jop  # noqa: B018


def modules_after(code: str) -> set[str]:
    command = [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_nothing_else() -> None:
    assert modules_after("import jupyter_jobsub") - modules_after("pass") == {"jupyter_jobsub"}


def test_the_client_needs_the_standard_library_alone() -> None:
    found = modules_after("from jupyter_jobsub import JobsubClient")
    assert "jupyter_jobsub.client.jobsub" in found
    assert not found & HEAVY
