"""Making a job: as a form and as text, from nothing, from a notebook, a file, and another job."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
import yaml
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


def size(opened: Locator, name: str) -> Locator:
    """What is said of an instance type."""
    return opened.locator("label", has=opened.page.get_by_role("radio", name=name))


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


def test_a_clone_with_an_edited_command_is_the_same_to_the_byte(page: Page, served: Lab) -> None:
    given = {"LEVEL": "deep", "EMPTY": ""}
    first = served.service.submit(NASTY, name="original", env=given, retries=2, priority=7)
    edited = NASTY.replace("done", "'done' \"twice\"\n\n # é\t")
    opened = form(page, **{"from": first["id"]})
    command = opened.get_by_role("textbox", name="Command")
    expect(command).to_have_value(NASTY)
    command.fill(edited)
    submit(page, opened)
    expect(page.get_by_text("Submitted: original")).to_be_visible()
    job = newest(served)
    was, spec = (served.service.get(f"/jobsub/jobs/{id}/spec").json for id in (first["id"], job["id"]))
    assert spec == was | {"command": edited}


def test_a_command_clones_what_is_selected(page: Page, served: Lab) -> None:
    job = served.service.submit("true", name="like me")
    page.evaluate(
        "job => void window.jupyterapp.commands.execute('jobsub:clone', {jobs: [job]})",
        served.service.job(job["id"]),
    )
    expect(page.locator(".jp-Jobsub-create").get_by_label("Name", exact=True)).to_have_value("like me")


WITH_COMMENTS = """{
  // what to train
  "command": "echo trained",
  /* as often as
     it takes */
  "retries": 1,
  "priority": 5000,
}
"""


def test_json_is_imported_with_comments_and_told_where_it_is_wrong(page: Page, served: Lab) -> None:
    opened = form(page)
    name = "job.json"
    file = {"name": name, "mimeType": "application/json", "buffer": WITH_COMMENTS.encode()}
    opened.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(opened.get_by_label("Retries")).to_have_value("1")
    opened.get_by_role("button", name="JSON", exact=True).click()
    wrong = opened.get_by_role("list", name="What is wrong")
    expect(wrong).to_contain_text("Line 7 priority: 5000 is too large – give 1000 at most")
    expect(opened.locator(".jp-Jobsub-wrongLine")).to_contain_text("priority")
    # without its comma line 6 can't be read, and the form waits
    retype(page, opened, WITH_COMMENTS.replace('1,\n  "priority"', '1\n  "priority"'))
    expect(wrong).to_contain_text("Line 7 a comma is missing")
    expect(opened.get_by_role("button", name="Form", exact=True)).to_be_disabled()
    retype(page, opened, WITH_COMMENTS.replace("5000", "50"))
    expect(wrong).to_have_count(0)
    opened.get_by_role("button", name="Form", exact=True).click()
    opened.get_by_label("Retries").fill("2")
    opened.get_by_role("button", name="JSON", exact=True).click()
    expect(opened.locator(".cm-content")).to_contain_text("it takes */")
    submit(page, opened)
    job = newest(served)
    assert (job["priority"], job["retries"]) == (50, 2)


def retype(page: Page, opened: Locator, text: str) -> None:
    """Paste a text over what an editor has."""
    opened.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def test_yaml_says_the_same(page: Page, served: Lab) -> None:
    opened = form(page, spec={"command": NASTY, "env": {"A": "1"}})
    opened.get_by_role("button", name="YAML", exact=True).click()
    expect(opened.locator(".cm-content")).to_contain_text("command: |")
    with page.expect_download() as download:
        opened.get_by_role("button", name="Export YAML").click()
    assert yaml.safe_load(download.value.path().read_text()) == {"command": NASTY, "env": {"A": "1"}}
    retype(page, opened, "command: echo from yaml\nname: by yaml\n")
    submit(page, opened)
    assert newest(served)["name"] == "by yaml"


def test_all_that_the_service_finds_wrong_stands_at_its_field(page: Page, served: Lab) -> None:
    before = newest(served)["id"]
    opened = form(page, spec={"script": "/nowhere/train.py", "working_dir": "relative", "env": {"2X": "v"}})
    opened.get_by_role("button", name="Submit", exact=True).click()
    script = opened.get_by_label("Path of the script")
    expect(script).to_be_focused()
    folder = opened.get_by_label("Working folder")
    variable = opened.get_by_label("Name of variable 1")
    expect(folder).to_have_accessible_description(re.compile("is not an absolute path"))
    for field in (folder, variable):
        expect(field).to_have_attribute("aria-invalid", "true")
    folder.fill("/tmp")
    expect(folder).not_to_have_attribute("aria-invalid", "true")
    assert newest(served)["id"] == before


def test_what_can_never_start_is_told_before_it_is_submitted(page: Page, served: Lab) -> None:
    opened = form(page, spec={"command": "true", "instance_type": "half"})
    never = opened.get_by_role("radio", name="huge")
    expect(never).to_be_disabled()
    expect(size(opened, "huge")).to_contain_text("asks for 64 CPUs, more than your quota in research (1 CPU)")
    pane = opened.get_by_role("complementary", name="Resources")
    expect(pane.get_by_role("status")).to_have_text("Enough is free for it now.")
    none = form(page, spec={"command": "true", "instance_type": "none"})
    expect(none.get_by_role("group", name="Instance type")).to_contain_text("has no instance type “none”")
    expect(none.get_by_role("complementary", name="Resources").get_by_role("status")).to_have_count(0)
    page.evaluate("window.jupyterapp.shell.currentWidget.close()")
    opened.get_by_role("radio", name="Several tasks").check()
    opened.get_by_role("button", name="Add a role").click()
    opened.get_by_label("Tasks", exact=True).fill("3")
    expect(pane.get_by_role("status")).to_contain_text("It can never start: it asks for 3 CPUs")
    opened.get_by_role("combobox", name="Group").select_option("teaching")
    expect(pane.get_by_role("status")).not_to_contain_text("your quota")


def test_what_others_use_is_shown_as_it_changes(page: Page, served: Lab) -> None:
    opened = form(page, spec={"command": "true", "instance_type": "half"})
    type = size(opened, "half")
    expect(type).to_contain_text("1 free now")
    job = served.service.submit("sleep 600", instance_type="half")
    expect(type).to_contain_text("none free now")
    expect(opened.get_by_role("status")).to_have_text("It waits until enough is free.")
    served.service.post(f"/jobsub/jobs/{job['id']}/cancel")
    expect(type).to_contain_text("1 free now")


def test_what_was_filled_in_is_there_again_after_a_reload(page: Page, served: Lab) -> None:
    command = form(page).get_by_role("textbox", name="Command")
    with page.expect_request_finished(
        lambda asked: "/api/workspaces/" in asked.url and "half done" in str(asked.post_data)
    ):
        command.fill("echo half done")
    for _ in range(2):
        page.goto(served.url())
        expect(command).to_have_value("echo half done")
    expect(page.get_by_role("tab", name="Create a Job")).to_have_count(1)


def test_a_form_that_does_not_come_at_first_keeps_what_was_filled_in(page: Page, served: Lab) -> None:
    command = form(page).get_by_role("textbox", name="Command")
    with page.expect_request_finished(
        lambda asked: "/api/workspaces/" in asked.url and "precious" in str(asked.post_data)
    ):
        command.fill("echo precious")
    page.route("**/*CreateView*", lambda route: route.abort())
    page.goto(served.url())
    tab = page.get_by_role("tabpanel", name="Create a Job")
    expect(tab.get_by_text("This could not be loaded.")).to_be_visible()
    page.unroute("**/*CreateView*")
    tab.get_by_role("button", name="Try again").click()
    expect(command).to_have_value("echo precious")


def test_a_notebook_offers_its_parameters(page: Page, served: Lab) -> None:
    cell = nbformat.v4.new_code_cell(
        "rate = 0.1  # how fast\nmodel = 'small'", metadata={"tags": ["parameters"]}
    )
    file = served.files / "train.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), file)
    opened = form(page, spec={"notebook": str(file)})
    rate = opened.get_by_label("rate")
    expect(rate).to_have_attribute("placeholder", "0.1")
    rate.fill("0.5")
    opened.get_by_label("model").fill("large")
    submit(page, opened)
    assert newest(served)["parameters"] == {"rate": 0.5, "model": "large"}


def test_roles_make_a_job_of_several_tasks(page: Page, served: Lab) -> None:
    opened = form(page, spec={"name": "gang"})
    opened.get_by_role("radio", name="Several tasks").check()
    opened.get_by_role("button", name="Add a role").click()
    opened.get_by_label("Tasks", exact=True).fill("2")
    opened.get_by_label("Command of each task").fill("echo $JOBSUB_TASK_INDEX")
    opened.get_by_label("Ports").fill("http rpc:2")
    submit(page, opened)
    job = newest(served)
    [role] = served.service.get(f"/jobsub/jobs/{job['id']}/spec").json["task_roles"]
    assert (role["name"], role["tasks"]) == ("worker", 2)
    assert role["ports"] == [{"label": "http"}, {"label": "rpc", "count": 2}]
    assert served.service.until(job["id"])["phase"] == "Succeeded"


def test_the_next_job_begins_like_the_last(page: Page, served: Lab) -> None:
    opened = form(page, spec={"command": "true"})
    opened.get_by_role("radio", name="half").check()
    opened.get_by_label("Priority").fill("321")
    submit(page, opened)
    opened = form(page)
    expect(opened.get_by_label("Priority")).to_have_value("321")
    expect(opened.get_by_role("radio", name="half")).to_be_checked()
    expect(opened.get_by_role("textbox", name="Command")).to_have_value("")


def test_the_keyboard_is_enough(page: Page, served: Lab) -> None:
    opened = form(page)
    expect(opened.get_by_role("textbox", name="Command")).to_be_focused()
    page.keyboard.type("echo by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.type("typed")
    last = opened.get_by_role("button", name="Submit", exact=True)
    for _ in range(40):
        page.keyboard.press("Tab")
        if last.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Submitted: typed")).to_be_visible()
    assert served.service.job(newest(served)["id"])["name"] == "typed"
