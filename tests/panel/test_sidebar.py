"""The jobs beside everything else."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .lab import Lab


def opened(page: Page):
    page.get_by_role("tab", name="Jobs").click()
    return page.locator("#jupyter-jobsub")


def test_without_jobs_it_says_what_to_do(page: Page) -> None:
    panel = opened(page)
    expect(panel.get_by_role("heading", name="No jobs yet")).to_be_visible()
    expect(panel.get_by_role("button", name="Create a job").last).to_be_visible()


def test_a_job_comes_runs_and_ends_by_itself(page: Page, served: Lab) -> None:
    panel = opened(page)
    expect(panel.get_by_role("heading")).to_be_visible()
    go = served.service.folder / "go"
    job = served.service.submit(f"until [ -e {go} ]; do sleep 0.05; done", name="waits for it")
    row = panel.get_by_role("option", name="waits for it")
    expect(row.get_by_label("Running")).to_be_visible()
    go.touch()
    expect(row.get_by_label("Succeeded")).to_be_visible()
    assert served.service.job(job["id"])["phase"] == "Succeeded"
