"""The jobs beside everything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from jupyter_jobsub.client import LocalEndpoint
from jupyter_jobsub.client.local import end_service

from .axe import faults
from .chromium import open_lab
from .lab import Lab
from .notebooks import notebook, open_file

FOREVER = "until [ -e '{}' ]; do sleep 0.05; done"


def opened(page: Page) -> Locator:
    page.get_by_role("tab", name="Jobs", exact=True).click()
    return page.locator("#jupyter-jobsub")


def chosen(view: Locator) -> Locator:
    return view.locator("[aria-selected=true]")


@contextmanager
def waiting(served: Lab, name: str, count: int = 1) -> Iterator[Path]:
    """Jobs that run until the file is there."""
    go = served.service.folder / f"go-{name}"
    go.unlink(missing_ok=True)
    ids = [served.service.submit(FOREVER.format(go), name=f"{name} {n}")["id"] for n in range(count)]
    try:
        yield go
    finally:
        go.touch()
        for id in ids:
            if served.service.get(f"/jobsub/jobs/{id}").status == 200:
                served.service.until(id, "Succeeded", "Failed", "Cancelled", "Paused")


def test_without_jobs_it_says_what_to_do(page: Page) -> None:
    panel = opened(page)
    expect(panel.get_by_role("heading", name="No jobs yet")).to_be_visible()
    expect(panel.get_by_role("button", name="Create a job").last).to_be_visible()
    assert faults(panel) == []


def test_a_job_comes_runs_and_ends_by_itself(page: Page, served: Lab) -> None:
    panel = opened(page)
    expect(panel.get_by_role("heading")).to_be_visible()
    with waiting(served, "waits for it") as go:
        row = panel.get_by_role("option", name="waits for it")
        expect(row.get_by_label("Running")).to_be_visible()
        go.touch()
        expect(row.get_by_label("Succeeded")).to_be_visible()


def test_many_are_cancelled_after_a_question(page: Page, served: Lab) -> None:
    panel = opened(page)
    with waiting(served, "mistaken", 2):
        rows = panel.get_by_role("option", name="mistaken")
        expect(rows.get_by_label("Running")).to_have_count(2)
        rows.first.click()
        rows.last.click(modifiers=["Shift"])
        expect(panel.get_by_role("status")).to_have_text("2 selected")
        panel.get_by_role("button", name="Cancel 2 jobs").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Cancel 2 jobs?")
        dialog.get_by_role("button", name="Back").click()
        expect(rows.get_by_label("Running")).to_have_count(2)
        panel.get_by_role("button", name="Cancel 2 jobs").click()
        dialog.get_by_role("button", name="Cancel", exact=True).click()
        expect(rows.get_by_label("Cancelled")).to_have_count(2)
        # what is selected is known as it is now
        expect(panel.get_by_role("button", name="Rerun 2 jobs")).to_be_enabled()


def test_a_job_is_paused_resumed_run_again_and_deleted(page: Page, served: Lab) -> None:
    panel = opened(page)
    with waiting(served, "patient") as go:
        row = panel.get_by_role("option", name="patient")
        expect(row.get_by_label("Running")).to_be_visible()
        row.click()
        panel.get_by_role("button", name="Pause 1 job").click()
        page.get_by_role("dialog").get_by_role("button", name="Pause").click()
        expect(row.get_by_label("Paused")).to_be_visible()
        panel.get_by_role("button", name="Resume 1 job").click()
        expect(row.get_by_label("Running")).to_be_visible()
        go.touch()
        expect(row.get_by_label("Succeeded")).to_be_visible()
        panel.get_by_role("button", name="Rerun 1 job").click()
        expect(row.get_by_label("Succeeded")).to_have_count(2)
        row.first.click()
        page.keyboard.press("Delete")
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(row).to_have_count(1)


def test_jobs_are_found_by_name_and_phase(page: Page, served: Lab) -> None:
    for name in ("findable one", "findable two", "another"):
        served.service.until(served.service.submit(name=name)["id"])
    panel = opened(page)
    rows = panel.get_by_role("option")
    expect(panel.get_by_role("option", name="another")).to_be_visible()
    search = panel.get_by_role("textbox", name="Search name or id")
    search.fill("fi")
    expect(rows).to_have_count(2)
    search.fill("findable one")
    expect(rows).to_have_count(1)
    search.fill("findable")
    expect(rows).to_have_count(2)
    panel.get_by_role("button", name="Phase").click()
    panel.get_by_role("checkbox", name="Failed").click()
    expect(panel.get_by_role("button", name="Phase (1)")).to_have_attribute("aria-expanded", "true")
    expect(panel.get_by_role("heading", name="No job is like that")).to_be_visible()
    assert faults(panel) == []
    panel.get_by_role("checkbox", name="Succeeded").click()
    expect(rows).to_have_count(2)
    page.keyboard.press("Escape")
    panel.get_by_role("button", name="Clear", exact=True).click()
    expect(panel.get_by_role("option", name="another")).to_be_visible()
    panel.get_by_role("button", name="Group").click()
    expect(panel.get_by_role("checkbox", name="default")).to_be_visible()
    panel.get_by_role("checkbox", name="default").click()
    expect(panel.get_by_role("option", name="another")).to_be_visible()
    panel.get_by_role("button", name="All jobs").click()
    expect(panel.get_by_role("checkbox", name="Submitted by me")).not_to_be_checked()


def test_the_keyboard_is_enough(page: Page, served: Lab) -> None:
    for name in ("first", "second", "third"):
        served.service.until(served.service.submit(name=f"by keys, {name}")["id"])
    panel = opened(page)
    expect(panel.get_by_role("option", name="by keys, third")).to_be_visible()
    panel.get_by_role("listbox").focus()
    page.keyboard.press("Home")
    expect(chosen(panel)).to_contain_text("by keys, third")
    page.keyboard.press("Shift+ArrowDown")
    expect(chosen(panel)).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(chosen(panel)).to_have_count(1)
    expect(chosen(panel)).to_contain_text("by keys, first")
    page.keyboard.press("Space")
    expect(chosen(panel)).to_have_count(0)
    page.keyboard.press("Control+a")
    expect(chosen(panel)).to_have_count(panel.get_by_role("option").count())


@pytest.mark.slow
def test_nothing_is_asked_while_nothing_happens(page: Page, served: Lab) -> None:
    asked: list[str] = []
    with waiting(served, "long"):
        panel = opened(page)
        expect(panel.get_by_role("option", name="long").get_by_label("Running")).to_be_visible()
        expect(panel.get_by_role("option").first).to_be_visible()
        page.on("request", lambda request: asked.append(request.url) if "/jobsub/" in request.url else None)
        before = -1
        while before < len(asked):  # what is asked for at first
            before = len(asked)
            page.wait_for_timeout(3_000)
        asked.clear()
        page.wait_for_timeout(30_000)
    assert asked == []


@pytest.mark.slow
def test_six_pages_follow_a_job_and_jupyterlab_still_answers(page: Page, served: Lab) -> None:
    """A browser has six connections to a host: none of them is held."""
    pages = [page]
    for _ in range(5):
        pages.append(page.context.new_page())
        open_lab(pages[-1], served)
    panels = [opened(one) for one in pages]
    with waiting(served, "seen by six") as go:
        rows = [panel.get_by_role("option", name="seen by six") for panel in panels]
        for row in rows:
            expect(row.get_by_label("Running")).to_be_visible()
        seventh = page.context.new_page()
        open_lab(seventh, served)
        notebook(served.files, "seventh.ipynb", "6 + 1")
        expect(open_file(seventh, "seventh.ipynb").locator(".jp-CodeCell")).to_contain_text("6 + 1")
        go.touch()
        for row in rows:
            expect(row.get_by_label("Succeeded")).to_be_visible()


def test_it_says_when_the_service_is_gone_and_goes_on_after(page: Page, served: Lab) -> None:
    panel = opened(page)
    served.service.until(served.service.submit(name="before")["id"])
    expect(panel.get_by_role("option", name="before")).to_be_visible()
    served.service.configure("raise SystemExit('not now')")
    served.service.kill()
    expect(panel.get_by_text("What is shown may be old.")).to_be_visible()
    expect(panel.get_by_role("option", name="before")).to_be_visible()
    panel.get_by_role("button", name="All jobs").click()
    expect(panel.get_by_role("heading", name="The jobs can’t be shown")).to_be_visible()
    served.service.configure("")  # whom the Jupyter server starts now is another
    expect(panel.get_by_role("option", name="before")).to_be_visible()
    expect(panel.get_by_text("What is shown may be old.")).to_be_hidden()
    served.service.submit(name="after")
    expect(panel.get_by_role("option", name="after").get_by_label("Succeeded")).to_be_visible()
    if connection := LocalEndpoint(served.service.data, start=False).try_connect():
        end_service(connection)
    served.service.start()  # the tests' own again
