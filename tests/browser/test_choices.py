"""What a person chooses: whose jobs and which sweep's are listed, which file runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from .axe import faults
from .lab import Lab

SWEEP = {"spec": {"name": "grid", "command": "true"}, "grid": {"RATE": [1, 2], "SIZE": [3, 4]}}


@pytest.fixture(scope="module")
def jobs(served: Lab) -> list[str]:
    """A sweep of four jobs, and one of its own."""
    made = served.service.post("/jobsub/sweeps", SWEEP).json["items"]
    ids = [job["id"] for job in [*made, served.service.submit("true", name="alone")]]
    for id in ids:
        served.service.until(id)
    return ids


def sidebar(page: Page) -> Locator:
    """The sidebar, once everything else is as it was."""
    page.wait_for_function("window.jupyterapp")
    page.evaluate("() => jupyterapp.restored.then(() => jupyterapp.commands.execute('jobsub:show'))")
    return page.locator("#jupyter-jobsub")


def test_a_user_is_chosen_and_stays_chosen_after_a_reload(page: Page, served: Lab, jobs: list[str]) -> None:
    panel = sidebar(page)
    expect(panel.get_by_role("option")).to_have_count(len(jobs))
    expect(panel.get_by_role("button", name="User")).to_have_count(0)
    panel.get_by_role("button", name="All jobs").click()
    panel.get_by_role("button", name="User").click()
    name = panel.get_by_label("Name of a user")
    expect(name).to_be_focused()
    name.fill("nobody")
    assert faults(panel) == []
    with page.expect_request(
        lambda asked: "/api/workspaces/" in asked.url and "nobody" in str(asked.post_data)
    ):
        name.press("Enter")
        expect(panel.get_by_role("heading", name="No job is like that")).to_be_visible()
    page.goto(served.url())
    panel = sidebar(page)
    expect(panel.get_by_role("heading", name="No job is like that")).to_be_visible()
    panel.get_by_role("button", name="User: nobody").click()
    panel.get_by_role("button", name="All users").click()
    expect(panel.get_by_role("option")).to_have_count(len(jobs))
    expect(panel.get_by_role("button", name="All jobs")).to_have_attribute("aria-pressed", "true")


def test_a_sweep_is_shown_from_a_row_and_from_a_page(page: Page, jobs: list[str]) -> None:
    panel = sidebar(page)
    panel.get_by_role("option", name="alone").click(button="right")
    expect(page.get_by_role("menuitem", name="Open Job")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Show the Sweep")).to_have_count(0)
    page.keyboard.press("Escape")
    panel.get_by_role("option", name="grid").first.click(button="right")
    page.get_by_role("menuitem", name="Show the Sweep").click()
    table = page.locator("#jupyter-jobsub-table")
    expect(table.get_by_text("4 jobs")).to_be_visible()
    page.wait_for_url("**sweep=sweep-*")
    table.get_by_role("button", name="Sweep: sweep-").click()
    expect(table.get_by_text("5 jobs")).to_be_visible()
    table.get_by_role("button", name="grid").first.click()
    page.get_by_title("Show the jobs of this sweep").click()
    expect(table.get_by_text("4 jobs")).to_be_visible()


def test_a_script_and_a_folder_are_looked_for(page: Page, served: Lab) -> None:
    folder = served.files / "project"
    folder.mkdir()
    for name in ("train.py", "notes.md"):
        (folder / name).write_text("")
    page.evaluate("() => void jupyterapp.commands.execute('jobsub:create', {spec: {script: '/gone/a.py'}})")
    form = page.locator(".jp-Jobsub-create")
    dialog = page.get_by_role("dialog")
    form.get_by_role("button", name="Browse for a script").click()
    dialog.get_by_text("project", exact=True).dblclick()
    dialog.get_by_text("train.py", exact=True).click()
    expect(dialog.get_by_text("notes.md")).to_have_count(0)
    dialog.get_by_role("button", name="Select").click()
    expect(form.get_by_label("Path of the script")).to_have_value(str(folder / "train.py"))
    form.get_by_role("button", name="Browse for a folder").click()
    dialog.get_by_text("project", exact=True).click()
    dialog.get_by_role("button", name="Select").click()
    expect(form.get_by_label("Working folder")).to_have_value(str(folder))
