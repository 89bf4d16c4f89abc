"""Debian's Chromium, and JupyterLab in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from .lab import Lab

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

# it takes the keyboard's focus from whatever has it by then
LAUNCHER_CAME = "() => window.jupyterapp?.shell.currentWidget?.id.startsWith('launcher')"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a browser with a home of its own."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(ARGUMENTS), env={"HOME": folder}
        )
        yield browser
        browser.close()


def open_lab(page: Page, served: Lab) -> None:
    """Open JupyterLab with nothing of what was open before."""
    page.goto(served.url(reset=""))
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.wait_for_function(LAUNCHER_CAME, polling=100)  # a page behind others draws no frames
