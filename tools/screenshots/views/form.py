"""A job that is being made."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator

from ..stage import Stage, View

GANG: dict[str, Any] = {
    "name": "distributed training",
    "instance_type": "a100",
    "group": "research",
    "task_roles": [
        {
            "name": "main",
            "command": "python train.py --listen $JOBSUB_PORT_HTTP",
            "ports": [{"label": "http"}],
        },
        {"name": "worker", "command": "python train.py --connect $JOBSUB_HOST_MAIN_0", "tasks": 3},
    ],
}
JSON = """{
  // the learning rate of the paper
  "name": "resnet50, slower",
  "command": "python -u train.py --lr 0.01",
  "group": "research",
  "instance_type": "a100",
  "priority": 5000,
  "env": {"SEED": "42"}
}
"""


def form(stage: Stage, **args: Any) -> Locator:
    """Show the form with all the room there is."""
    stage.no_sidebar()
    return stage.form(**args)


def command(stage: Stage) -> None:
    """Give a command."""
    spec = {
        "name": "resnet50, slower",
        "command": "cd /project/research\npython -u train.py --model resnet50 --lr 0.01",
        "instance_type": "a100",
        "env": {"SEED": "42"},
        "priority": 150,
    }
    form(stage, spec=spec).get_by_role("radio", name="a100-2").wait_for()


def rest(stage: Stage) -> None:
    """Scroll down."""
    command(stage)
    stage.page.get_by_label("Retries").scroll_into_view_if_needed()
    stage.page.get_by_role("checkbox", name="Preemptible").scroll_into_view_if_needed()


def notebook(stage: Stage) -> None:
    """Submit the open notebook."""
    stage.no_sidebar()
    stage.file("train.ipynb").get_by_role("button", name="Submit as job").click()
    opened = stage.page.locator(".jp-Jobsub-create:visible")
    opened.get_by_label("epochs").fill("400")
    opened.get_by_label("learning_rate").fill("0.01")


def never(stage: Stage) -> None:
    """Ask for more than there ever is."""
    opened = form(stage, spec=GANG)
    opened.get_by_text("It can never start").wait_for()


def roles(stage: Stage) -> None:
    """Make a job of several tasks."""
    form(stage, spec=GANG).get_by_label("Command of each task").first.wait_for()


def errors(stage: Stage) -> None:
    """Submit what is wrong in several ways."""
    opened = form(stage, spec={"script": "missing.py", "working_dir": "results", "env": {"2ND": "two"}})
    opened.get_by_role("button", name="Submit", exact=True).click()
    opened.get_by_text("is not an absolute path").last.wait_for()


def json(stage: Stage) -> None:
    """Write the same as JSON."""
    opened = form(stage)
    file = {"name": "job.json", "mimeType": "application/json", "buffer": JSON.encode()}
    opened.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    opened.get_by_role("button", name="JSON", exact=True).click()
    opened.get_by_role("list", name="What is wrong").wait_for()


def yaml(stage: Stage) -> None:
    """Write the same as YAML."""
    opened = form(stage, spec=GANG)
    opened.get_by_role("button", name="YAML", exact=True).click()
    opened.locator(".cm-content").get_by_text("distributed").wait_for()


FORM = [
    View("form", "A job is made, beside what its group has and uses", command),
    View("form-rest", "The rest of the form", rest),
    View("form-notebook", "A notebook becomes a job, with its parameters", notebook),
    View("form-roles", "A job of several tasks", roles),
    View("form-errors", "Mistakes, each at its field", errors),
    View("form-json", "The same as JSON, with comments, and what is wrong", json),
    View("form-yaml", "The same as YAML", yaml),
]
