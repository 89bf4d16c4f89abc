"""Every view of the panel one after the other, found without its words: they are in any language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.live import Live

Views = Iterator[tuple[str, Locator]]
FAILS = "echo a word; echo text > $JOBSUB_ARTIFACTS/a1; exit 3"
GOES_ON = r"printf '\033]7717;0.25\a'; exec sleep 600"
WRONG = {"command": "true", "priority": 5000, "env": {"A": "1"}}
GANG = {"task_roles": [{"name": "w", "command": "true", "tasks": 2}]}


class Jobs:
    """Jobs of which there is something to see: one of several tasks, one that fails, one that goes on."""

    def __init__(self, service: Live) -> None:
        self.gang = service.until(service.submit(name="g1", **GANG)["id"])
        spec: dict[str, Any] = {"parameters": {"n1": 1}, "deadline_seconds": 3600}
        self.fails = service.until(service.submit(FAILS, name="f1", **spec)["id"])
        self.goes_on = service.submit(GOES_ON, name="r1")
        service.until(self.goes_on["id"], "Running")


def views(page: Page, service: Live, jobs: Jobs) -> Views:
    """Each view and its name, as it stands for as long as nobody asks for the next."""
    yield from sidebar(page)
    execute(page, "application:toggle-left-area")
    yield "status bar", page.locator("#jp-main-statusbar .jp-Jobsub-standing")
    yield from table(page)
    yield from form(page)
    yield from job_pages(page, jobs)
    yield from ending(page, service)


def execute(page: Page, command: str, **args: Any) -> None:
    page.evaluate(
        "async ([id, args]) => { await window.jupyterapp.commands.execute(id, args); }", [command, args]
    )


def sidebar(page: Page) -> Views:
    execute(page, "jobsub:show")
    view = page.locator("#jupyter-jobsub")
    view.get_by_role("option").last.click()
    yield "sidebar", view
    phases = view.locator(".jp-Jobsub-choice-button").nth(1)
    phases.click()
    yield "filter", view
    view.get_by_role("checkbox").nth(1).click()  # Preparing
    expect(view.locator(".jp-Jobsub-empty")).to_be_visible()
    page.keyboard.press("Escape")
    yield "no such job", view
    view.locator(".jp-Jobsub-empty button").click()
    expect(view.get_by_role("option").first).to_be_visible()


def table(page: Page) -> Views:
    execute(page, "jobsub:open-jobs")
    view = page.locator("#jupyter-jobsub-table .jp-Jobsub")
    view.get_by_role("gridcell").first.click()
    yield "table", view
    view.locator(".jp-Jobsub-choice-button").last.click()
    yield "columns", view


def form(page: Page) -> Views:
    execute(page, "jobsub:create", spec=WRONG)
    view = page.locator(".jp-Jobsub-create:visible")
    expect(view.locator("[aria-invalid=true]").first).to_be_visible()
    yield "form", view
    view.get_by_role("radio").nth(3).check()  # several tasks
    yield "form of several tasks", view
    execute(page, "jobsub:create", spec={"notebook": "/nowhere.ipynb"})
    expect(view.locator("[aria-invalid=true]")).to_have_count(0)
    yield "form of a notebook", view
    execute(page, "jobsub:create", spec=WRONG)
    expect(view.locator("[aria-invalid=true]").first).to_be_visible()
    view.get_by_role("button", name="JSON").first.click()
    expect(view.locator(".jp-Jobsub-wrongLine")).to_be_visible()
    yield "text", view


def job_pages(page: Page, jobs: Jobs) -> Views:
    yield from chain(ended(page, jobs), running(page, jobs))
    execute(page, "jobsub:open-job", id=jobs.gang["id"], tab="information")
    view = page.locator(".jp-Jobsub-page").filter(visible=True)
    expect(view.get_by_role("row")).to_have_count(3)
    yield "tasks", view


def ended(page: Page, jobs: Jobs) -> Views:
    show = opener(page, jobs.fails)
    yield "information", show("information", "dl")
    logs = show("logs", "[role=log]")
    logs.locator("[role=log]").press("Control+f")
    logs.get_by_role("searchbox").fill("word")
    expect(logs.locator("mark")).to_be_visible()
    yield "log", logs
    yield "nothing measured", show("metrics", ".jp-Jobsub-empty")
    artifacts = show("artifacts", "th button")
    artifacts.locator("th button").first.click()
    expect(artifacts.get_by_text("text", exact=True)).to_be_visible()
    yield "artifacts", artifacts
    yield "spec", show("spec", "pre, .cm-content")


def running(page: Page, jobs: Jobs) -> Views:
    show = opener(page, jobs.goes_on)
    yield "information of a running job", show("information", "dl")
    yield "no lines yet", show("logs", ".jp-Jobsub-empty")
    metrics = show("metrics", "canvas")
    yield "metrics", metrics
    metrics.get_by_role("checkbox").check()
    yield "metrics as a table", show("metrics", "table")
    yield "no artifacts yet", show("artifacts", "[role=status]")


def opener(page: Page, job: dict[str, Any]) -> Callable[[str, str], Locator]:
    """What opens a tab of a job's page."""

    def show(tab: str, settled: str) -> Locator:
        execute(page, "jobsub:open-job", id=job["id"], tab=tab)
        view = page.locator(".jp-Jobsub-page").filter(visible=True)
        expect(view.locator(f"[data-tab={tab}]").locator(settled).first).to_be_visible()
        return view

    return show


def ending(page: Page, service: Live) -> Views:
    job = service.submit("exec sleep 600", name="e1")
    execute(page, "jobsub:open-job", id=job["id"], tab="information")
    view = page.locator(".jp-Jobsub-page").filter(visible=True)
    view.locator(".jp-Jobsub-actions button").first.click()  # Cancel
    dialog = page.get_by_role("dialog")
    yield "question", dialog
    dialog.get_by_role("button").last.click()
    toast = page.locator(".Toastify__toast")
    expect(toast).to_be_visible()
    yield "notification", toast
    service.ask("DELETE", f"/jobsub/jobs/{job['id']}")
    expect(view).to_have_count(0)
    yield "gone", page.locator(".jp-MainAreaWidget > .jp-Jobsub").filter(visible=True)
