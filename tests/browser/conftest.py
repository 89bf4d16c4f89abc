"""A browser before a real JupyterLab with real jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .chromium import chromium, open_lab
from .lab import Lab, lab

PATIENCE = 60_000  # milliseconds that a page may take, on a machine that has much to do
LIMIT = 300  # seconds for a test
expect.set_options(PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give pages the time that they take."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(LIMIT))


@pytest.fixture(scope="module")  # meanwhile playwright's event loop is this thread's: others could run none
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def served() -> Iterator[Lab]:
    """A JupyterLab that the tests of a module share."""
    with lab() as one:
        yield one


@pytest.fixture
def room(served: Lab) -> Iterator[None]:
    """Leave nothing that the next test would wait for."""
    yield
    for job in served.service.get("/jobsub/jobs", phase="unfinished").json["items"]:
        served.service.post(f"/jobsub/jobs/{job['id']}/cancel")
        served.service.until(job["id"])


@pytest.fixture
def page(browser: Browser, served: Lab) -> Iterator[Page]:
    """JupyterLab in a browser that knows nothing of others."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    open_lab(page, served)
    yield page
    context.close()
    assert not wrong
