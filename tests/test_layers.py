"""What import-linter's contracts in pyproject.toml can't say."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jupyter_jobsub

PACKAGE = Path(jupyter_jobsub.__file__).parent
SUPERVISOR = PACKAGE / "engines" / "local" / "supervisor"


def imports(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


def test_the_supervisor_imports_the_standard_library_alone() -> None:
    found = [row for file in SUPERVISOR.glob("*.py") for row in imports(file)]
    absolute = {name.partition(".")[0] for level, name in found if level == 0}
    assert absolute
    assert absolute <= sys.stdlib_module_names
    assert max(level for level, _ in found) <= 1, "it imports from outside its own folder"


def loaded(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after the code."""
    command = [sys.executable, "-I", "-c", f"import sys; {code}; print(*sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_a_command_starts_with_the_standard_library_alone() -> None:
    new = loaded("import jupyter_jobsub.client, jupyter_jobsub.cli") - loaded("pass")
    assert new - sys.stdlib_module_names == {"jupyter_jobsub"}


def test_the_model_and_the_scheduling_do_no_io_and_read_no_clock() -> None:
    outside = {"os", "io", "socket", "subprocess", "time", "asyncio", "threading", "random"}
    files = [*(PACKAGE / "model").glob("*.py"), *(PACKAGE / "scheduling").glob("*.py")]
    assert files
    found = {(file.name, name) for file in files for _, name in imports(file)}
    assert not {row for row in found if row[1].partition(".")[0] in outside}
