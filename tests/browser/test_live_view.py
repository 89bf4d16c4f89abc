"""What `%%jobsub` shows in a notebook: a job, live, and its buttons while the kernel is busy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .axe import faults
from .lab import Lab
from .notebooks import notebook, open_file

pytestmark = pytest.mark.slow
SETUP = """%load_ext jupyter_jobsub
from jupyter_jobsub.widget import buttons
buttons.PATIENCE = 600  # for a second click, on a machine that has much to do
buttons.DOUBLE_CLICK = 0.0"""
JOB = r"""%%jobsub --follow --name live
printf '\033]7717;0.25;epoch 1 of 4\a'; echo first
until [ -e {half} ]; do sleep 0.05; done
printf '\033]7717;0.5;epoch 2 of 4\a'; printf '\033[32msecond\033[0m\n'
until [ -e {end} ]; do sleep 0.05; done
echo third"""
LONG = """import time
from pathlib import Path
while not Path({done!r}).exists():
    time.sleep(0.05)
print("the cell has ended")"""


def run(page: Page, panel: Locator, cell: int) -> None:
    """Run a cell as a person does."""
    panel.locator(".jp-CodeCell .cm-content").nth(cell).click()
    page.keyboard.press("Control+Enter")


def ready(page: Page) -> None:
    """Wait for a kernel that has nothing to do."""
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle")


def test_a_job_of_a_cell_is_shown_as_it_goes_on_and_cancelled_while_another_cell_runs(
    page: Page, served: Lab, tmp_path: Path
) -> None:
    half, end, done = (tmp_path / name for name in ("half", "end", "done"))
    cells = (SETUP, JOB.format(half=half, end=end), LONG.format(done=str(done)))
    notebook(served.files, "live.ipynb", *cells)
    panel = open_file(page, "live.ipynb")
    ready(page)
    run(page, panel, 0)
    run(page, panel, 1)
    view = panel.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea")
    bar = view.get_by_role("progressbar", name="Progress of live")
    log = view.get_by_role("region", name="Newest lines of the log of live")
    status = view.get_by_role("status")
    expect(status).to_contain_text("Running")
    expect(status).to_contain_text("epoch 1 of 4")
    expect(bar).to_have_attribute("aria-valuenow", "25")
    expect(log).to_have_text("first")

    ready(page)
    run(page, panel, 2)
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Busy")
    half.touch()
    expect(bar).to_have_attribute("aria-valuenow", "50")
    expect(log).to_have_text(re.compile("first\\s+second"))
    assert faults(view) == []
    view.get_by_role("button", name="Cancel").click()
    view.get_by_role("button", name="Really cancel?").click()
    expect(status).to_contain_text("Cancelled")
    [job] = served.service.get("/jobsub/jobs").json["items"]
    assert (job["name"], job["phase"]) == ("live", "Cancelled")
    expect(view.get_by_role("button", name="Rerun")).to_be_visible()

    long = panel.locator(".jp-CodeCell").nth(2)
    expect(long.locator(".jp-InputPrompt").first).to_have_text("[*]:")
    done.touch()
    expect(long.locator(".jp-OutputArea")).to_contain_text("the cell has ended")
