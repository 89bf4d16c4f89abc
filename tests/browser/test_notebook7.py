"""Notebook 7, which shows one document to a page: what needs room is below it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .conftest import PATIENCE
from .lab import Lab
from .notebooks import notebook

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with nothing in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def submitted(page: Page) -> Locator:
    """Submit what the form has; give the page of the job."""
    form = page.locator(".jp-Jobsub-create")
    button = form.get_by_role("button", name="Submit", exact=True)
    expect(button).to_be_in_viewport()
    button.click()
    opened = page.locator(".jp-Jobsub-page")
    expect(opened.get_by_role("tab", name="Logs")).to_be_in_viewport()
    return opened


def test_the_notebook_is_submitted_and_followed_to_its_end(page: Page, served: Lab) -> None:
    notebook(served.files, "seven.ipynb", "3 + 4")
    page.goto(served.url("notebooks/seven.ipynb"))
    page.get_by_role("button", name="Submit as job").click()
    job = submitted(page)
    expect(job.locator("dt:text-is('Status') + dd")).to_have_text("Succeeded")
    page.get_by_role("menuitem", name="View", exact=True).click()
    page.get_by_role("menuitem", name="Show the jobs").click()
    sidebar = page.locator("#jupyter-jobsub")
    expect(sidebar.get_by_role("option", name="seven.ipynb")).to_be_in_viewport()
    sidebar.get_by_role("button", name="Open as a table").click()
    table = page.locator("#jupyter-jobsub-table")
    expect(table.get_by_role("gridcell", name="seven.ipynb")).to_be_in_viewport()
    sidebar.get_by_role("option", name="seven.ipynb").dblclick()  # it is open, behind the table
    expect(job.get_by_role("tab", name="Logs")).to_be_in_viewport()


def test_a_file_of_the_tree_is_submitted(page: Page, served: Lab) -> None:
    (served.files / "seven.sh").write_text("echo seven\n")
    page.goto(served.url("tree"))
    page.locator(".jp-DirListing-item", has_text="seven.sh").click(button="right")
    page.locator(".lm-Menu").get_by_text("Submit as job", exact=True).click()
    job = submitted(page)
    job.get_by_role("tab", name="Logs").click()
    expect(job.get_by_role("log")).to_have_text("seven")
