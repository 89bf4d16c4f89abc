"""A browser before a real JupyterLab with real jobs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .lab import Lab, lab

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)
PATIENCE = 30_000  # milliseconds that a page may take, on a machine that has much to do
expect.set_options(PATIENCE)


@pytest.fixture(scope="module")  # meanwhile playwright's event loop is this thread's: others could run none
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(ARGUMENTS), env={"HOME": folder}
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Lab]:
    """A JupyterLab that the tests of a module share."""
    with lab() as one:
        yield one


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


def open_lab(page: Page, served: Lab) -> None:
    """Open JupyterLab with nothing of what was open before."""
    page.goto(served.url(reset=""))
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.locator("#jp-main-dock-panel").wait_for()
