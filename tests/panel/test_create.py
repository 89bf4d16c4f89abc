"""Making a job: as a form and as text, from nothing, from a notebook, a file, and another job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from .lab import Lab, lab

CONFIG = """
c.JobsubService.instance_types = {
    "small": {"cpu": 0.5, "memory": "256Mi", "description": "for a first try"},
    "half": {"cpu": 1, "memory": "512Mi"},
    "huge": {"cpu": 64, "memory": "1Gi"},
}
c.JobsubService.groups = {
    "research": {"quota": {"cpu": 2}, "user_quota": {"cpu": 1}},
    "teaching": {},
}
"""
NASTY = "printf '%s\\n' \"it's $HOME\" \\\n  'a \"b\"'\n\techo done  \n\n"


@pytest.fixture(scope="module")
def served() -> Iterator[Lab]:
    """A JupyterLab with groups that have quotas."""
    with lab(CONFIG) as one:
        yield one


def form(page: Page, **args: Any) -> Locator:
    """Open the form."""
    page.evaluate("args => void window.jupyterapp.commands.execute('jobsub:create', args)", args)
    opened = page.locator(".jp-Jobsub-create:visible")
    expect(opened).to_be_visible()
    return opened


def newest(served: Lab) -> dict[str, Any]:
    job: dict[str, Any] = served.service.get("/jobsub/jobs", limit=1).json["items"][0]
    return job


def submit(page: Page, opened: Locator) -> None:
    opened.get_by_role("button", name="Submit", exact=True).click()
    expect(page.locator(".jp-Jobsub-create")).to_have_count(0)


def test_the_form_makes_a_job_that_runs(page: Page, served: Lab) -> None:
    opened = form(page)
    opened.get_by_role("textbox", name="Command").fill(NASTY)
    opened.get_by_label("Name", exact=True).fill("first")
    opened.get_by_label("Deadline").fill("1h 30m")
    opened.get_by_label("Priority").fill("250")
    opened.get_by_label("Name of variable 1").fill("SEED")
    opened.get_by_label("Value of variable 1").fill("4 2")
    opened.get_by_role("radio", name="half").check()
    submit(page, opened)
    expect(page.get_by_text("Submitted: first")).to_be_visible()
    job = newest(served)
    spec = served.service.get(f"/jobsub/jobs/{job['id']}/spec").json
    assert (job["name"], job["instance_type"], job["priority"]) == ("first", "half", 250)
    assert (spec["command"], spec["env"]) == (NASTY, {"SEED": "4 2"})
    assert spec["deadline_seconds"] == 5400
    assert spec["working_dir"] == str(served.files)
    assert served.service.until(job["id"])["phase"] == "Succeeded"
