"""JupyterLab with the panel, as a release has it, and without."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from .figures import Bench, CannotMeasure
from .jupyter import JupyterServer
from .pages import with_history

SOURCES = Path(__file__).parent.parent / "labextension"
MADE = ("node_modules", "lib", "*.tsbuildinfo")
NAME = "jupyter-jobsub"
QUIET = {"fetchNews": "false", "checkForUpdates": False}


@cache
def built(bench: Bench) -> Path:
    """Build the panel, once a run, in a folder of its own; answer where it is.

    Raises
    ------
    CannotMeasure
        If it can't be built, with the tools' own words.
    """
    sources = bench.folder("panel") / "labextension"
    shutil.copytree(SOURCES, sources, ignore=shutil.ignore_patterns(*MADE))
    (sources / "node_modules").symlink_to(SOURCES / "node_modules")
    tools = Path(sys.executable).parent
    done = subprocess.run(
        [tools / "jlpm", "build:prod"],
        cwd=sources,
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise CannotMeasure(f"the panel could not be built: {done.stdout.strip()[-500:]}")
    return sources.parent / "jupyter_jobsub" / "labextension"


@contextmanager
def with_panel(bench: Bench, name: str, jobs: int) -> Iterator[JupyterServer]:
    """Run a JupyterLab with the panel, before a service that finds so many jobs in its store."""
    with with_history(bench, f"{name}-service", jobs) as service:
        folder = bench.folder(name)
        shutil.copytree(built(bench), folder / "labextensions" / NAME)
        own = {"JOBSUB_DATA_DIR": service.variables["JOBSUB_DATA_DIR"]}
        with _running(folder, {"jupyter_jobsub": True}, own) as server:
            yield server


@contextmanager
def without_panel(bench: Bench, name: str) -> Iterator[JupyterServer]:
    """Run a JupyterLab that knows nothing of jobs."""
    with _running(bench.folder(name), {"jupyter_jobsub": False}, {}) as server:
        yield server


@contextmanager
def _running(
    folder: Path, extensions: Mapping[str, bool], environment: Mapping[str, str]
) -> Iterator[JupyterServer]:
    """Run one whose front end has the extensions in its own folder alone."""
    settings = folder / "settings"
    quiet = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    quiet.parent.mkdir(parents=True)
    quiet.write_text(json.dumps(QUIET))
    own = {"JUPYTERLAB_SETTINGS_DIR": str(settings), "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces")}
    options = (
        f"--ServerApp.jpserver_extensions={dict(extensions) | {'jupyterlab': True}}",
        f"--LabApp.labextensions_path={folder / 'labextensions'}",
        "--LabApp.news_url=None",
    )
    with JupyterServer(
        Path(sys.executable), folder, root=folder, environment={**own, **environment}, options=options
    ) as server:
        yield server
