"""A browser page before JupyterLab, and the camera before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import FloatRect, Locator, Page

from tests.browser.chromium import open_lab
from tests.browser.lab import Lab

from .jobs import Jobs

THEMES = ("light", "dark")
CLOSE = "for (const one of [...window.jupyterapp.shell.widgets('main')]) one.dispose()"
IDLE = "jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus === 'idle'"
SETTLED = """async () => {
    await document.fonts.ready;
    for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame);
}"""


class Stage:
    """What a view is set up with."""

    def __init__(self, page: Page, lab: Lab, jobs: Jobs) -> None:
        self.page = page
        self.lab = lab
        self.jobs = jobs
        self.theme = THEMES[0]

    def open(self) -> None:
        """Load JupyterLab anew."""
        open_lab(self.page, self.lab)
        light = self.page.locator("body").get_attribute("data-jp-theme-light")
        self.theme = THEMES[light == "false"]  # as it was left
        self.page.wait_for_function("window.jupyterapp.commands.hasCommand('jobsub:open-jobs')")

    def command(self, id: str, /, **args: Any) -> None:
        """Execute a command of JupyterLab, which may wait for the person."""
        self.page.evaluate("([id, args]) => void window.jupyterapp.commands.execute(id, args)", [id, args])

    def clear(self) -> None:
        """Leave nothing open that a view before has opened."""
        for _ in range(2):
            self.page.keyboard.press("Escape")
        self.page.evaluate(CLOSE)  # unsaved, and without a question
        self.page.locator(".jp-Launcher-body").wait_for()
        size = self.page.viewport_size
        assert size
        self.page.mouse.move(size["width"] - 1, size["height"] - 1)

    def sidebar(self) -> Locator:
        """Show the jobs at the left."""
        tab = self.page.locator(".jp-SideBar [data-id='jupyter-jobsub']")
        if "lm-mod-current" not in (tab.get_attribute("class") or ""):
            tab.click()
        panel = self.page.locator("#jupyter-jobsub")
        if (clear := panel.get_by_role("button", name="Clear the filters")).count():
            clear.click()
        panel.get_by_role("option").first.wait_for()
        return panel

    def no_sidebar(self) -> None:
        """Leave the room to the main area."""
        if self.page.locator("#jp-left-stack:visible").count():
            self.command("application:toggle-left-area")

    def file(self, path: str) -> Locator:
        """Open a file."""
        self.command("docmanager:open", path=path)
        document = self.page.locator("#jp-main-dock-panel .jp-Document:visible")
        document.wait_for()
        return document

    def notebook(self, path: str) -> Locator:
        """Open a notebook, with its kernel."""
        document = self.file(path)
        self.page.wait_for_function(IDLE)
        return document

    def job(self, name: str, tab: str = "information") -> Locator:
        """Open the page of a job."""
        self.command("jobsub:open-job", id=self.jobs.ids[name], tab=tab)
        page = self.page.locator(".jp-Jobsub-page:visible")
        page.get_by_role("heading", name=name, exact=True).wait_for()
        page.locator(f"[data-tab={tab}]").wait_for()
        return page

    def form(self, **args: Any) -> Locator:
        """Open the form."""
        self.command("jobsub:create", **args)
        form = self.page.locator(".jp-Jobsub-create:visible")
        form.wait_for()
        return form

    def look(self, theme: str) -> None:
        """Change the theme."""
        if theme == self.theme:
            return
        name = f"JupyterLab {theme.title()}"
        self.command("apputils:change-theme", theme=name)
        self.page.locator(f"body[data-jp-theme-name='{name}']").wait_for(state="attached")
        self.theme = theme

    def take(self, file: Path, part: Locator | FloatRect | None) -> None:
        """Take a picture of all or of a part."""
        self.page.evaluate(SETTLED)
        clip = part.bounding_box() if isinstance(part, Locator) else part
        self.page.screenshot(path=file, clip=clip, animations="disabled", caret="hide")


Setting = Callable[[Stage], "Locator | FloatRect | None"]


@dataclass(frozen=True)
class View:
    """What there is to see: a name, a sentence, how to get there; the part that is shown.

    Parameters
    ----------
    fleeting:
        It may be gone once the theme is another, and is set up anew then.
    """

    name: str
    says: str
    set: Setting
    fleeting: bool = False


def around(*parts: Locator, margin: int = 12) -> FloatRect:
    """Give the rectangle that holds some parts, within the page."""
    boxes = [box for part in parts if (box := part.bounding_box())]
    left = max(0, min(box["x"] for box in boxes) - margin)
    top = max(0, min(box["y"] for box in boxes) - margin)
    size = parts[0].page.viewport_size or {"width": 0, "height": 0}
    right = min(size["width"], max(box["x"] + box["width"] for box in boxes) + margin)
    bottom = min(size["height"], max(box["y"] + box["height"] for box in boxes) + margin)
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}
