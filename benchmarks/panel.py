"""F15 to F17: the panel in a browser: how soon it is there, what JupyterLab pays for it, how large it is."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import lab
from .figures import REGISTRY, Bench, Bound, CannotMeasure, Outcome, Term, interleave
from .jupyter import JupyterServer

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--no-sandbox",
]
SCRIPT = Path(__file__).with_suffix(".js")
STATIC = f"/extensions/{lab.NAME}/static/"
PATIENCE = 60_000  # milliseconds
OPENINGS, LOADS = 11, 45  # one load differs from the next by a tenth
FEW, MANY = 10, 100_000


@REGISTRY.figure("F15")
def opened(bench: Bench) -> Sequence[Outcome]:
    """Press the tab, and wait for all jobs and for what a key does; with few jobs stored, and with many."""
    with (
        lab.with_panel(bench, "F15-many", MANY) as many,
        lab.with_panel(bench, "F15-few", FEW) as few,
        _browser() as browser,
    ):
        ours, other = _in_turn(OPENINGS, lambda: _open(browser, many), lambda: _open(browser, few))
    return [
        Outcome(
            "F15",
            "panel opened, until its jobs are there and follow a key",
            Term(f"of {MANY:,}", ours, "ms"),
            Term(f"of {FEW}", other, "ms"),
            Bound("≤ 1.2 ×", 1.2),
        )
    ]


@REGISTRY.figure("F16")
def loaded(bench: Bench) -> Sequence[Outcome]:
    """Load JupyterLab with the panel and without, each time in a browser that has never seen it."""
    with (
        lab.with_panel(bench, "F16-with", FEW) as panel,
        lab.without_panel(bench, "F16-without") as bare,
        _browser() as browser,
    ):
        ours, other = _in_turn(LOADS, lambda: _load(browser, panel), lambda: _load(browser, bare))
    return [
        Outcome(
            "F16",
            "JupyterLab loaded, until its splash is gone",
            Term("with the panel", ours, "ms"),
            Term("without", other, "ms"),
            Bound("≤ 1.05 ×", 1.05),
        )
    ]


@REGISTRY.figure("F17")
def weighed(bench: Bench) -> Sequence[Outcome]:
    """Weigh, compressed, what a browser asks for of the panel until it lists jobs."""
    urls: list[str] = []
    with lab.with_panel(bench, "F17", FEW) as server, _browser() as browser, _page(browser) as page:
        page.on("request", lambda request: urls.append(request.url))
        _open_in(page, server)
    static = lab.built(bench) / "static"
    files = [static / name for name in names(urls)]
    if not files:
        raise CannotMeasure("the browser asked for nothing of the panel")
    return [
        Outcome(
            "F17",
            f"panel before its lazy parts, {len(files)} files of a release, gzipped",
            Term("ours", [compressed(files) / 1e3], "kB"),
            None,
            Bound("≤ 400 kB", 400),
        )
    ]


def names(urls: Iterable[str]) -> set[str]:
    """The files of the panel among what a page has asked for."""
    found = (urlsplit(url).path.partition(STATIC)[2] for url in urls)
    return {name for name in found if name}


def compressed(files: Iterable[Path]) -> int:
    """The bytes of the files, each gzipped."""
    return sum(len(gzip.compress(file.read_bytes())) for file in files)


def _in_turn(
    rounds: int, ours: Callable[[], float], other: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Take both once for nothing: what a server does the first time it does never again."""
    other()
    ours()
    return interleave(rounds, ours, other)


def _load(browser: Any, server: JupyterServer) -> float:
    with _page(browser) as page:
        return _load_in(page, server)


def _open(browser: Any, server: JupyterServer) -> float:
    with _page(browser) as page:
        return _open_in(page, server)


def _load_in(page: Any, server: JupyterServer) -> float:
    page.goto(server.page("lab", reset=""), wait_until="commit")
    return float(page.evaluate("() => bench.loaded"))


def _open_in(page: Any, server: JupyterServer) -> float:
    _load_in(page, server)
    page.wait_for_load_state("networkidle")  # what else JupyterLab loads would be in the way
    page.evaluate("() => { bench.opening = bench.opened() }")
    page.locator("[data-id=jupyter-jobsub]").click()
    return float(page.evaluate("() => bench.opening"))


@contextmanager
def _browser() -> Iterator[Any]:
    """Start a browser; its loop is this thread's then, in which nothing else can run one."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise CannotMeasure("playwright is not installed") from error
    if not CHROMIUM.exists():
        raise CannotMeasure(f"there is no {CHROMIUM}")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        try:
            yield playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, env={"HOME": home})
        except Error as error:
            raise CannotMeasure(f"in the browser: {error.message}") from error


@contextmanager
def _page(browser: Any) -> Iterator[Any]:
    """Open a page that knows nothing of others."""
    context = browser.new_context()
    context.add_init_script(path=SCRIPT)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()
