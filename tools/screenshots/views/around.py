"""Ways to the jobs, and what tells of them elsewhere."""

from __future__ import annotations

from playwright.sync_api import FloatRect, Locator

from ..stage import Stage, View, around


def launcher(stage: Stage) -> None:
    """Show the card that makes a job."""
    stage.no_sidebar()
    stage.page.locator(".jp-LauncherCard [data-icon='jupyter-jobsub:jobs']").wait_for()


def file_menu(stage: Stage) -> FloatRect:
    """Show what can be done to a file."""
    stage.command("filebrowser:activate")
    files = stage.page.locator("#filebrowser")
    files.locator(".jp-DirListing-item", has_text="simulate.py").click(button="right")
    menu = stage.page.locator(".lm-Menu")
    menu.get_by_text("Submit as job").wait_for()
    return around(files, menu, margin=0)


def script(stage: Stage) -> None:
    """Show a script that can be submitted."""
    stage.command("filebrowser:activate")
    stage.file("simulate.py").get_by_role("button", name="Submit as job").wait_for()


def several(stage: Stage) -> FloatRect:
    """Ask before several jobs are made."""
    stage.command("filebrowser:activate")
    items = stage.page.locator("#filebrowser .jp-DirListing-item")
    items.filter(has_text="simulate.py").click()
    items.filter(has_text="train.sh").click(modifiers=["Control"])
    stage.command("jobsub:submit", selected=True)
    return dialog(stage)


def dialog(stage: Stage) -> FloatRect:
    """Show the question alone."""
    return around(stage.page.locator(".jp-Dialog-content"), margin=40)


def ask(stage: Stage, command: str, name: str) -> FloatRect:
    """Ask before something is done to a job."""
    stage.command(command, jobs=[stage.jobs.row(name)])
    return dialog(stage)


def cancel(stage: Stage) -> FloatRect:
    """Ask before a job is cancelled."""
    return ask(stage, "jobsub:cancel", "walkers")


def delete(stage: Stage) -> FloatRect:
    """Ask before a job is deleted."""
    return ask(stage, "jobsub:delete", "evaluate resnet50")


def statusbar(stage: Stage) -> FloatRect:
    """Count what runs and waits."""
    bar = stage.page.locator("#jp-main-statusbar")
    bar.get_by_role("button", name="Your jobs").wait_for()
    return around(bar, margin=0)


def notification(stage: Stage) -> FloatRect:
    """Let a job end."""
    stage.jobs.submit("count words", command="sleep 1; exit 3")
    toast = stage.page.locator(".Toastify__toast", has_text="count words")
    toast.wait_for()
    toast.hover()  # so that it stays
    return around(toast)


def palette(stage: Stage) -> FloatRect:
    """Show all commands."""
    stage.command("apputils:activate-command-palette")
    palette = stage.page.locator("#modal-command-palette, .jp-ModalCommandPalette")
    palette.locator("input").fill("jobs")
    return around(palette.locator(".lm-CommandPalette"), margin=24)


def live(stage: Stage) -> None:
    """Show a job in the cell that has made it."""
    stage.no_sidebar()
    document = stage.notebook("live.ipynb")
    stage.command("notebook:run-all-cells")
    document.get_by_role("progressbar").first.wait_for()
    document.locator(".jp-OutputArea-output", has_text="42").last.wait_for()
    document.locator(".jp-OutputArea").get_by_text("12 steps are done").wait_for()


def empty(stage: Stage) -> None:
    """Say what to do where there are no jobs."""
    stage.page.locator(".jp-SideBar [data-id='jupyter-jobsub']").click()
    stage.page.get_by_role("heading", name="No jobs yet").wait_for()


def gone(stage: Stage) -> Locator:
    """Say that what is shown may be old."""
    panel = stage.sidebar()
    service = stage.lab.service
    service.configure("raise SystemExit('the configuration is being changed')")  # so that none starts again
    service.kill()
    panel.get_by_text("What is shown may be old.").wait_for()
    return panel


EMPTY = View("empty", "Before the first job", empty)
GONE = View("gone", "The service does not answer", gone)
AROUND = [
    View("launcher", "A card of the launcher", launcher),
    View("file-menu", "A file becomes a job", file_menu),
    View("script", "A script that can be submitted", script),
    View("several", "The question before several jobs are made", several),
    View("cancel", "The question before a job is cancelled", cancel),
    View("delete", "The question before a job is deleted", delete),
    View("status-bar", "How many run and wait", statusbar),
    View("notification", "A job has ended", notification),
    View("palette", "The commands", palette, fleeting=True),
    View("live", "A job in the notebook that has made it", live),
]
