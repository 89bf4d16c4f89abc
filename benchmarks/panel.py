"""F15 to F17: the panel in a browser: how soon it is there, what JupyterLab pays for it, how large it is."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from . import product
from .figures import REGISTRY, Bench, Bound, CannotMeasure, Outcome, Term, interleave
from .idle import WITH, WITHOUT
from .jupyter import JupyterServer
from .pages import with_history

ROOT = Path(__file__).parent.parent
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
PAIRS = 7
FEW, MANY = 10, 100_000
PATIENCE = 60_000  # milliseconds
OPENED = """
() => new Promise(resolve => {
  const began = performance.now();
  const look = () => document.querySelector('#jupyter-jobsub [data-job]')
    ? resolve(performance.now() - began)
    : requestAnimationFrame(look);
  document.querySelector('[data-id="jupyter-jobsub"]').click();
  look();
})
"""
LOADED = "() => performance.now()"
FETCHED = """
() => performance.getEntriesByType('resource').map(it => new URL(it.name).pathname)
"""
STATIC = "/extensions/jupyter-jobsub/static/"


@REGISTRY.figure("F15")
def panel(bench: Bench) -> Sequence[Outcome]:
    """Click on the panel's tab until its first jobs are there, with few jobs stored and with many."""
    admins = {"admins": ["*"]}
    with ExitStack() as stack:
        built = _built(bench, "F15")
        browser = stack.enter_context(_browser())
        many, few = (
            stack.enter_context(_lab(bench, f"F15-{jobs}", built, jobs, admins)) for jobs in (MANY, FEW)
        )
        ours, other = interleave(PAIRS, lambda: _opened(browser, many), lambda: _opened(browser, few))
    return [
        Outcome(
            "F15",
            f"panel opened until its first jobs are there, with {MANY:,} jobs",
            Term("ours", ours, "ms"),
            Term(f"with {FEW}", other, "ms"),
            Bound("≤ 1.2 ×", 1.2),
        )
    ]


@REGISTRY.figure("F16")
def load(bench: Bench) -> Sequence[Outcome]:
    """Load JupyterLab with the extension and without, each time in a browser that has never seen it."""
    with ExitStack() as stack:
        built = _built(bench, "F16")
        browser = stack.enter_context(_browser())
        with_it = stack.enter_context(_lab(bench, "F16-with", built, FEW))
        without = stack.enter_context(_server(bench.folder("F16-without"), None, (WITHOUT,)))
        ours, other = interleave(PAIRS, lambda: _loaded(browser, with_it), lambda: _loaded(browser, without))
    return [
        Outcome(
            "F16",
            "JupyterLab until it is there",
            Term("with the extension", ours, "ms"),
            Term("without", other, "ms"),
            Bound("≤ 1.05 ×", 1.05),
        )
    ]


@REGISTRY.figure("F17")
def size(bench: Bench) -> Sequence[Outcome]:
    """Weigh, compressed, what a browser fetches of the panel until it is open."""
    with ExitStack() as stack:
        built = _built(bench, "F17")
        browser = stack.enter_context(_browser())
        server = stack.enter_context(_lab(bench, "F17-lab", built, FEW))
        with _page(browser, server) as page:
            page.evaluate(OPENED)
            fetched = [path.partition(STATIC)[2] for path in page.evaluate(FETCHED) if STATIC in path]
    if not fetched:
        raise CannotMeasure("the browser fetched nothing of the panel")
    weight = sum(len(gzip.compress((built / "static" / name).read_bytes())) for name in set(fetched))
    return [
        Outcome(
            "F17",
            f"panel before its lazy parts, {len(set(fetched))} files, gzipped",
            Term("ours", [weight / 1000], "kB"),
            None,
            Bound("≤ 400 kB", 400),
        )
    ]


def _built(bench: Bench, name: str) -> Path:
    """Build the panel as a release has it, in a folder of its own."""
    folder = bench.folder(f"{name}-build")
    source = folder / "labextension"
    shutil.copytree(
        ROOT / "labextension", source, ignore=shutil.ignore_patterns("node_modules", "lib", "*.tsbuildinfo")
    )
    (source / "node_modules").symlink_to(ROOT / "labextension" / "node_modules")
    done = subprocess.run(
        [Path(sys.executable).with_name("jlpm"), "build:prod"], cwd=source, capture_output=True, text=True
    )
    if done.returncode:
        raise CannotMeasure(f"the panel can't be built: {done.stdout[-500:]}{done.stderr[-500:]}")
    return folder / "jupyter_jobsub" / "labextension"


@contextmanager
def _browser() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise CannotMeasure("playwright is not installed") from error
    if not Path(CHROMIUM).exists():
        raise CannotMeasure(f"there is no {CHROMIUM}")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, env={"HOME": home})
        yield browser
        browser.close()


@contextmanager
def _lab(
    bench: Bench, name: str, built: Path, jobs: int, settings: dict[str, Any] | None = None
) -> Iterator[JupyterServer]:
    """Run a JupyterLab with a built panel before a service with so many jobs."""
    with with_history(bench, f"{name}-service", jobs, settings) as service:
        folder = bench.folder(name)
        place = folder / "data" / "labextensions" / "jupyter-jobsub"
        shutil.copytree(built, place)
        with _server(folder, service, (WITH,)) as server:
            yield server


@contextmanager
def _server(
    folder: Path, service: product.Service | None, options: tuple[str, ...]
) -> Iterator[JupyterServer]:
    """Run a JupyterLab, without the panel if there is no service."""
    quiet = folder / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )
    own = {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "w"),
    }
    if service:
        own["JOBSUB_DATA_DIR"] = service.variables["JOBSUB_DATA_DIR"]
    else:
        disabled = folder / "config" / "labconfig"
        disabled.mkdir(parents=True)
        (disabled / "page_config.json").write_text(
            json.dumps({"disabledExtensions": {"jupyter-jobsub": True}})
        )
    python = Path(sys.executable)
    with JupyterServer(
        python, folder, root=folder, environment=own, options=options, module="jupyterlab"
    ) as server:
        yield server


@contextmanager
def _page(browser: Any, server: JupyterServer) -> Iterator[Any]:
    """Open JupyterLab in a browser that knows nothing."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    try:
        page = context.new_page()
        page.goto(server.page("lab"))
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        page.locator("#jp-main-dock-panel").wait_for()
        yield page
    finally:
        context.close()


def _opened(browser: Any, server: JupyterServer) -> float:
    with _page(browser, server) as page:
        return float(page.evaluate(OPENED))


def _loaded(browser: Any, server: JupyterServer) -> float:
    with _page(browser, server) as page:
        return float(page.evaluate(LOADED))
