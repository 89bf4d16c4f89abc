"""The jobs as lists: beside everything else, and as a table."""

from __future__ import annotations

from playwright.sync_api import FloatRect, Locator

from ..stage import Stage, View, around


def overview(stage: Stage) -> None:
    """Show a notebook beside the jobs."""
    stage.sidebar()
    stage.notebook("train.ipynb").locator(".jp-MarkdownOutput").first.wait_for()


def mine(stage: Stage) -> Locator:
    """Show one's own jobs."""
    return stage.sidebar()


def everyones(stage: Stage) -> Locator:
    """Show the jobs of all."""
    panel = stage.sidebar()
    panel.locator(".jp-Jobsub-tabs [aria-pressed]").last.click()
    panel.get_by_role("option", name="resnet50").first.wait_for()
    return panel


def filters(stage: Stage) -> FloatRect:
    """Choose phases."""
    panel = everyones(stage)
    panel.get_by_role("button", name="Phase").click()
    for phase in ("Pending", "Running"):
        panel.get_by_role("checkbox", name=phase).click()
    panel.get_by_role("button", name="Phase (2)").wait_for()
    return around(panel, panel.get_by_role("checkbox", name="Cancelled"), margin=0)


def no_match(stage: Stage) -> Locator:
    """Look for what is not there."""
    panel = stage.sidebar()
    panel.get_by_role("textbox", name="Search name or id").fill("nothing like it")
    panel.get_by_role("heading", name="No job is like that").wait_for()
    return panel


def selection(stage: Stage) -> Locator:
    """Select some."""
    panel = stage.sidebar()
    panel.get_by_role("button", name="My jobs").click()
    rows = panel.get_by_role("option")
    rows.nth(1).click()
    rows.nth(3).click(modifiers=["Shift"])
    panel.get_by_text("3 selected").wait_for()
    return panel


def menu(stage: Stage) -> FloatRect:
    """Show what can be done to a job."""
    panel = stage.sidebar()
    panel.get_by_role("option", name="walkers").click(button="right")
    menu = stage.page.locator(".lm-Menu")
    menu.get_by_text("Rerun").wait_for()
    return around(panel, menu, margin=0)


def table(stage: Stage) -> None:
    """Show all jobs with all that is told of them."""
    stage.no_sidebar()
    stage.command("jobsub:open-jobs")
    stage.page.locator("#jupyter-jobsub-table [data-job]").first.wait_for()


def columns(stage: Stage) -> None:
    """Choose columns."""
    table(stage)
    stage.page.locator("#jupyter-jobsub-table").get_by_role("button", name="Columns").click()
    stage.page.get_by_role("checkbox", name="Preemptible").wait_for()


LISTS = [
    View("overview", "A notebook that can be submitted, beside the jobs", overview),
    View("sidebar", "One's own jobs", mine),
    View("sidebar-all", "The jobs of all whose groups one is in", everyones),
    View("filters", "Filters", filters),
    View("no-match", "No job is like that", no_match),
    View("selection", "What can be done to several jobs", selection),
    View("menu", "What can be done to a job", menu),
    View("table", "All jobs as a table", table),
    View("columns", "Columns of the table", columns),
]
