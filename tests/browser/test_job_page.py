"""A job's page: how it stands, all there is to know of it, and what was kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from .axe import faults
from .lab import Lab, lab
from .notebooks import notebook

WAIT = "until [ -e {} ]; do sleep 0.05; done"
pytestmark = pytest.mark.usefixtures("room")
TABS = ["Information", "Logs", "Metrics", "Artifacts", "Spec"]
CONFIG = """
from pathlib import Path
c.JobsubService.groups = {"research": {"volume": str(Path(__file__).parents[1] / "files")}, "without": {}}
c.JobsubService.max_artifact_files = 3
"""
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(scope="module")
def served() -> Iterator[Lab]:
    """A JupyterLab that shows the group's volume, which is where output notebooks are."""
    with lab(CONFIG) as one:
        yield one


def opened(page: Page, job: dict[str, Any]) -> Locator:
    """Open a job's page."""
    page.evaluate("id => jupyterapp.commands.execute('jobsub:open-job', {id})", job["id"])
    view = page.locator(".jp-Jobsub-page").filter(visible=True)
    expect(field(view, "Job ID")).to_have_text(job["id"])
    return view


def done(served: Lab, command: str = "true", **spec: Any) -> dict[str, Any]:
    """A job that has ended."""
    return served.service.until(served.service.submit(command, **spec)["id"])


def listed(page: Page, name: str) -> Locator:
    """Open a job's page from the list."""
    page.get_by_role("tab", name="Jobs", exact=True).click()
    page.get_by_role("option", name=name).dblclick()
    return page.locator(".jp-Jobsub-page").filter(visible=True)


def field(view: Locator, name: str) -> Locator:
    return view.locator(f"dt:text-is('{name}') + dd")


def test_it_is_followed_from_the_queue_to_its_end(page: Page, served: Lab, tmp_path: Path) -> None:
    go = tmp_path / "go"
    job = served.service.submit(WAIT.format(go), name="followed", priority=150)
    view = listed(page, "followed")
    expect(field(view, "Status")).to_have_text("Running")
    expect(field(view, "Job ID")).to_have_text(job["id"])
    expect(field(view, "Priority")).to_have_text("150")
    expect(view.get_by_role("heading", name="Command").locator("+ pre")).to_contain_text(str(go))
    expect(view.get_by_role("button", name="Cancel")).to_be_visible()
    expect(view.get_by_role("button", name="Rerun")).to_have_count(0)
    go.touch()
    expect(field(view, "Status")).to_have_text("Succeeded")
    expect(field(view, "Exit code")).to_have_text("0")
    expect(field(view, "Finished time")).to_contain_text(re.compile(r"\d"))
    expect(view.get_by_role("listitem").filter(has_text="Succeeded")).to_be_visible()
    expect(view.get_by_role("button", name="Cancel")).to_have_count(0)


def test_a_failed_one_says_why_and_its_rerun_leads_back(page: Page, served: Lab) -> None:
    job = done(served, "exit 7", name="fails")
    view = opened(page, job)
    expect(field(view, "Status")).to_have_text("Failed")
    expect(field(view, "Exit code")).to_have_text("7")
    expect(field(view, "Message")).to_have_text("It ended with exit code 7.")
    again = served.service.post(f"/jobsub/jobs/{job['id']}/rerun").json
    view = opened(page, again)
    view.get_by_role("button", name=job["id"]).click()
    expect(field(view, "Job ID")).to_have_text(job["id"])


def test_a_gang_shows_its_tasks(page: Page, served: Lab) -> None:
    roles = [
        {"name": "server", "command": "true", "ports": [{"label": "http"}]},
        {"name": "worker", "command": "exit 3", "min_failed": None},
    ]
    view = opened(page, done(served, task_roles=roles, name="gang"))
    expect(view.get_by_role("row", name="worker-0").get_by_role("cell").nth(4)).to_have_text("3")
    expect(view.get_by_role("row", name="server-0")).to_contain_text("http")


def test_what_a_job_waits_for_is_told_as_it_changes(page: Page, served: Lab, tmp_path: Path) -> None:
    go = tmp_path / "go"
    whole = served.service.get("/jobsub/catalog").json["instance_types"][-1]["name"]
    served.service.submit(WAIT.format(go), instance_type=whole)
    before = served.service.submit(WAIT.format(go), instance_type=whole)
    view = opened(page, served.service.submit("true", instance_type=whole))
    expect(field(view, "Message")).to_contain_text(f"behind {before['id']}")
    served.service.post(f"/jobsub/jobs/{before['id']}/cancel")
    expect(field(view, "Message")).not_to_contain_text(f"behind {before['id']}")
    expect(field(view, "Status")).to_have_text("Pending")
    go.touch()
    expect(field(view, "Status")).to_have_text("Succeeded")


def test_it_is_there_again_after_a_reload_with_its_tab(page: Page, served: Lab) -> None:
    view = opened(page, done(served))
    last = view.get_by_role("tab", name=TABS[-1])
    with page.expect_request_finished(
        lambda asked: "/api/workspaces/" in asked.url and '"tab":"spec"' in str(asked.post_data)
    ):
        view.get_by_role("tab", name="Information").press("End")
        expect(last).to_be_focused()
    page.goto(served.url())
    expect(last).to_have_attribute("aria-selected", "true")
    expect(view.get_by_label("Specification")).to_contain_text('command: "true"')
    view.get_by_role("button", name="JSON").click()
    expect(view.get_by_label("Specification")).to_contain_text('"command": "true"')


def test_a_deleted_job_says_so(page: Page, served: Lab) -> None:
    view = opened(page, done(served))
    view.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="This job is gone")).to_be_visible()


def test_what_a_task_uses_is_drawn_as_it_is_measured(page: Page, served: Lab, tmp_path: Path) -> None:
    view = opened(page, served.service.submit(WAIT.format(tmp_path / "go")))
    view.get_by_role("tab", name="Metrics").click()
    cpu = view.get_by_role("figure", name="CPU")
    expect(cpu.get_by_role("img", name=re.compile(r"CPU\. Cores: [\d.]+, at most"))).to_be_visible()
    expect(cpu.locator("canvas")).to_be_visible()
    expect(view.get_by_role("figure")).to_have_count(4)
    assert faults(view) == []
    view.get_by_label("As a table").check()
    assert faults(view) == []
    expect(view.get_by_role("row")).to_have_count(2)
    with page.expect_response(lambda answer: "window=lifetime" in answer.url):
        view.get_by_role("button", name="Lifetime").click()


def test_what_it_keeps_is_listed_shown_and_downloaded(page: Page, served: Lab) -> None:
    command = f"""cd $JOBSUB_ARTIFACTS; mkdir "a b"; printf 'loss <b>0.1</b>' > "a b/notes.txt"
    echo {PIXEL} | base64 -d > picture.png; head -c 99 /dev/zero > weights; touch zzz"""
    view = opened(page, done(served, command))
    view.get_by_role("tab", name="Artifacts").click()
    expect(view.get_by_text("3 files, ")).to_be_visible()
    expect(view.get_by_text("1 file was not kept")).to_be_visible()
    view.get_by_role("button", name="picture.png").click()
    picture = view.get_by_role("img", name="picture.png")
    expect(picture).to_have_js_property("naturalWidth", 1)
    view.get_by_role("button", name="weights").click()
    expect(view.get_by_text("This can’t be shown here")).to_be_visible()
    view.get_by_role("button", name="a b/notes.txt").click()
    expect(view.get_by_label("a b/notes.txt", exact=True)).to_have_text("loss <b>0.1</b>")
    assert faults(view) == []
    with page.expect_download() as download:
        view.get_by_role("link", name="Download a b/notes.txt").click()
    assert download.value.suggested_filename == "notes.txt"
    assert download.value.path().read_text() == "loss <b>0.1</b>"


def test_the_output_notebook_opens_in_jupyterlab(page: Page, served: Lab) -> None:
    file = notebook(served.files, "answer.ipynb", "print(6 * 7)")
    job = served.service.submit(notebook=str(file))
    job = served.service.until(job["id"], seconds=60)
    view = opened(page, job)
    view.get_by_role("tab", name="Artifacts").click()
    view.get_by_role("button", name=job["output"]).click()
    expect(page.locator(".jp-NotebookPanel .jp-OutputArea-output")).to_have_text("42")


def test_an_output_notebook_that_jupyterlab_does_not_show_is_downloaded(page: Page, served: Lab) -> None:
    file = notebook(served.files, "away.ipynb", "print(6 * 7)")
    job = served.service.submit(notebook=str(file), group="without")
    job = served.service.until(job["id"], seconds=60)
    view = opened(page, job)
    expect(view.get_by_role("button", name="Copy Path")).to_be_visible()
    with page.expect_download() as download:
        field(view, "Output notebook").get_by_role("link", name=f"Download {job['output']}").click()
    assert download.value.suggested_filename == "away.ipynb"
    (cell,) = json.loads(download.value.path().read_text())["cells"]
    assert "".join(cell["outputs"][0]["text"]) == "42\n"
