"""Ways from what is open or selected to a job, and what tells of jobs where no list is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page, Route, expect

from .axe import faults
from .lab import Lab
from .notebooks import notebook, open_file

pytestmark = pytest.mark.slow
RECORD = """() => {
    window.created = [];
    window.jupyterapp.commands.commandExecuted.connect(
        (_, {id, args}) => id === 'jobsub:create' && window.created.push(args)
    );
}"""


@pytest.fixture
def record(page: Page) -> Page:
    """A page that keeps what it is asked to create."""
    page.evaluate(RECORD)
    return page


def created(page: Page) -> dict[str, Any]:
    page.wait_for_function("window.created.length")
    [args] = page.evaluate("window.created.splice(0)")
    spec: dict[str, Any] = args["spec"]
    return spec


def test_the_open_notebook_is_saved_submitted_and_followed_to_its_end(record: Page, served: Lab) -> None:
    (served.files / "deep").mkdir()
    file = notebook(served.files / "deep", "train.ipynb", "1 + 1")
    panel = open_file(record, "deep/train.ipynb")
    panel.locator(".jp-Cell .cm-content").first.click()
    record.keyboard.press("Control+End")
    record.keyboard.type(" + 40")
    panel.get_by_role("button", name="Submit as job").click()
    assert created(record) == {"name": "train.ipynb", "notebook": str(file), "environment": sys.prefix}
    assert nbformat.read(file, 4).cells[0].source == "1 + 1 + 40"

    form = record.locator(".jp-Jobsub-create:visible")
    form.get_by_role("button", name="Submit", exact=True).click()
    record.get_by_role("tab", name="Jobs", exact=True).click()
    row = record.locator("#jupyter-jobsub").get_by_role("option", name="train.ipynb")
    expect(row.get_by_label("Succeeded")).to_be_visible()
    job = served.service.get("/jobsub/jobs").json["items"][0]
    output = nbformat.read(served.service.job(job["id"])["output"], 4)
    assert output.cells[-1].outputs[0].data["text/plain"] == "42"


def test_a_notebook_of_a_shared_drive_is_the_file_that_it_shows(record: Page, served: Lab) -> None:
    """As it is with real-time collaboration, whose drive has the server's own files."""
    (served.files / "shared").mkdir()
    file = notebook(served.files / "shared", "ours.ipynb", "1")
    record.evaluate("""() => {
        const { contents } = window.jupyterapp.serviceManager;
        contents.addDrive(new contents.defaultDrive.constructor({name: 'RTC'}));
    }""")
    panel = open_file(record, "RTC:shared/ours.ipynb")
    panel.locator(".jp-Cell .cm-content").first.click()
    record.keyboard.press("Control+End")
    record.keyboard.type(" + 1")
    panel.get_by_role("button", name="Submit as job").click()
    assert created(record)["notebook"] == str(file)
    assert nbformat.read(file, 4).cells[0].source == "1 + 1"


def test_scripts_have_the_button_and_other_files_have_not(record: Page, served: Lab) -> None:
    for name in ("run.sh", "notes.md"):
        (served.files / name).write_text("true\n")
    panel = open_file(record, "run.sh")
    panel.get_by_role("button", name="Submit as job").click()
    spec = created(record)
    assert spec["script"] == str(served.files / "run.sh")
    other = open_file(record, "notes.md")
    expect(other.locator(".jp-FileEditor")).to_be_visible()
    expect(other.get_by_role("button", name="Submit as job")).to_have_count(0)


def test_the_button_means_its_own_notebook(record: Page, served: Lab) -> None:
    """Two notebooks side by side: a button is pressed that is not in the one that is active."""
    for name in ("left.ipynb", "right.ipynb"):
        notebook(served.files, name, "1")
    record.set_viewport_size({"width": 2000, "height": 800})
    open_file(record, "left.ipynb")
    record.evaluate(
        "() => void window.jupyterapp.commands.execute('docmanager:open',"
        " {path: 'right.ipynb', options: {mode: 'split-right'}})"
    )
    documents = record.locator("#jp-main-dock-panel .jp-NotebookPanel:visible")
    expect(documents).to_have_count(2)
    documents.first.get_by_role("button", name="Submit as job").click()
    assert created(record)["name"] == "left.ipynb"


def test_what_can_not_be_saved_is_asked_about(record: Page, served: Lab) -> None:
    notebook(served.files, "kept.ipynb", "1")
    panel = open_file(record, "kept.ipynb")
    panel.locator(".jp-Cell .cm-content").first.click()
    record.keyboard.type("0")
    record.route("**/api/contents/kept.ipynb*", refuse_to_save)
    panel.get_by_role("button", name="Submit as job").click()
    dialog = record.get_by_role("dialog")
    expect(dialog).to_contain_text("File Save Error")
    dialog.get_by_role("button").last.click()
    expect(dialog).to_contain_text("“kept.ipynb” could not be saved")
    dialog.get_by_role("button", name="Submit what was saved last").click()
    assert created(record)["notebook"] == str(served.files / "kept.ipynb")
    record.unroute("**/api/contents/kept.ipynb*")


def refuse_to_save(route: Route) -> None:
    if route.request.method == "PUT":
        route.fulfill(status=500, json={"message": "the disk is full"})
    else:
        route.continue_()


def test_files_of_the_file_browser_become_jobs(record: Page, served: Lab) -> None:
    names = ("one.sh", "two.py", "three.txt")
    for name in names:
        (served.files / name).write_text("")
    record.evaluate("() => void window.jupyterapp.commands.execute('filebrowser:refresh')")
    one, two, three = (record.locator(".jp-DirListing-item", has_text=name) for name in names)
    menu = record.locator(".lm-Menu")

    three.click(button="right")
    expect(menu.get_by_text("Copy Path")).to_be_visible()
    expect(menu.get_by_text("Submit as job")).to_be_hidden()
    record.keyboard.press("Escape")

    one.click(button="right")
    menu.get_by_text("Submit as job", exact=True).click()
    assert created(record)["script"] == str(served.files / "one.sh")

    one.click()
    two.click(modifiers=["Control"])
    two.click(button="right")
    menu.get_by_text("Submit as jobs", exact=True).click()
    dialog = record.get_by_role("dialog")
    expect(dialog).to_contain_text("one.sh, two.py")
    assert faults(dialog) == []
    dialog.get_by_role("button", name="Submit").click()
    expect(record.locator(".Toastify__toast", has_text="2 jobs were submitted")).to_be_visible()
    jobs = {job["name"]: job["id"] for job in served.service.get("/jobsub/jobs").json["items"]}
    for name in names[:2]:
        assert served.service.until(jobs[name])["phase"] == "Succeeded"


def test_the_status_bar_counts_what_runs_and_a_notification_tells_how_it_ended(
    page: Page, served: Lab
) -> None:
    go = served.service.folder / "go"
    waiting = f"until [ -e {go} ]; do sleep 0.05; done; exit 3"
    job = served.service.submit(waiting, name="waits, then fails")
    item = page.locator("#jp-main-statusbar").get_by_role("button", name="Your jobs: 1 running")
    expect(item).to_be_visible()
    assert faults(page.locator("#jp-main-statusbar .jp-Jobsub-standing")) == []
    item.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#jupyter-jobsub")).to_be_visible()
    go.touch()
    toast = page.locator(".Toastify__toast", has_text="Job “waits, then fails” has failed.")
    expect(toast).to_be_visible()
    expect(toast).to_contain_text("Exit code 3.")
    expect(item).to_be_hidden()
    for name in ("Open", "Logs"):
        expect(toast.get_by_role("button", name=name)).to_be_visible()
    toast.get_by_role("button", name="Rerun").click()
    again = page.locator("#jupyter-jobsub").get_by_role("option").first
    expect(again).not_to_have_attribute("data-job", job["id"])
    expect(again.get_by_label("Failed")).to_be_visible()
    newest = served.service.get("/jobsub/jobs").json["items"][0]
    assert newest["rerun_of"] == job["id"]


@pytest.fixture
def failures_alone(served: Lab) -> Iterator[None]:
    served.set("jupyter-jobsub/jobs", {"notifications": "failures"})
    yield
    served.set("jupyter-jobsub/jobs", {})


def test_of_failures_alone_one_can_be_told(failures_alone: None, page: Page, served: Lab) -> None:
    page.get_by_role("tab", name="Jobs").click()
    service = served.service
    for command, name in (("true", "does well"), ("false", "does not")):
        service.until(service.submit(command, name=name)["id"])
    expect(page.locator(".Toastify__toast", has_text="Job “does not” has failed.")).to_be_visible()
    expect(page.locator(".Toastify__toast", has_text="does well")).to_have_count(0)


def test_the_palette_has_what_can_be_done(page: Page, served: Lab) -> None:
    page.locator(".jp-Launcher-body").click()
    page.keyboard.press("Control+Shift+C")
    palette = page.locator(".jp-ModalCommandPalette")
    palette.locator("input").fill("jobs")
    for label in ("Show the jobs", "Create a Job"):
        expect(palette.get_by_role("menuitem", name=label)).to_be_visible()
    expect(palette.get_by_role("menuitem", name="Cancel")).to_be_hidden()  # no job is selected
