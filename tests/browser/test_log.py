"""A task's log: live, from its first line to its last, as a terminal shows it."""

from __future__ import annotations

import hashlib
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from .lab import Lab

pytestmark = pytest.mark.usefixtures("room")
WAIT = "until [ -e {} ]; do sleep 0.05; done"
COLOURS = r"""
printf '\033[31mred\033[0m \033[1;4mbold and underlined\033[0m \033[38;5;226mof 256\033[0m\n'
printf '\033[38;2;20;20;90mtrue colour\033[0m \033[41mbehind\033[0m <b>no markup</b>\n'
"""


def opened(page: Page, job: dict[str, Any]) -> Locator:
    """Open a job's log."""
    page.evaluate(
        "id => jupyterapp.commands.execute('jobsub:open-job', {id, tab: 'logs'})",
        job["id"],
    )
    return page.locator(".jp-Jobsub-log").filter(visible=True)


def done(served: Lab, command: str = "true", **spec: Any) -> dict[str, Any]:
    """A job that has ended."""
    job: dict[str, Any] = served.service.until(served.service.submit(command, **spec)["id"])
    return job


def python(code: str) -> str:
    return f"{sys.executable} -c {shlex.quote(code)}"


def line(view: Locator, text: str) -> Locator:
    return view.locator(".jp-Jobsub-log-line").filter(has_text=re.compile(f"^{re.escape(text)}$"))


def button(view: Locator, name: str) -> Locator:
    return view.get_by_role("button", name=name)


def downloaded(view: Locator) -> bytes:
    """The hash of all of the log."""
    with view.page.expect_download() as download:
        view.get_by_role("link", name="Download all").click()
    return hashlib.sha256(Path(download.value.path()).read_bytes()).digest()


def test_it_is_live_and_says_when_it_is_complete(page: Page, served: Lab, tmp_path: Path) -> None:
    go, on = tmp_path / "go", tmp_path / "on"
    job = served.service.submit(f"{WAIT.format(go)}; echo one; {WAIT.format(on)}; echo two")
    view = opened(page, job)
    expect(view.get_by_role("heading", name="Nothing is written yet")).to_be_visible()
    go.touch()
    expect(line(view, "one")).to_be_visible()
    expect(view.get_by_text("Live", exact=True)).to_be_visible()
    on.touch()
    expect(line(view, "two")).to_be_visible()
    expect(view.get_by_text("Complete", exact=True)).to_be_visible()


def test_a_task_that_wrote_nothing(page: Page, served: Lab) -> None:
    view = opened(page, done(served, "true"))
    expect(view.get_by_role("heading", name="Nothing was written")).to_be_visible()


def test_the_newest_lines_are_there_and_older_ones_come_by_scrolling_up(page: Page, served: Lab) -> None:
    job = done(served, "seq 5000")
    asked: list[str] = []
    page.on("request", lambda request: "/log?" in request.url and asked.append(request.url))
    view = opened(page, job)
    expect(line(view, "5000")).to_be_visible()
    assert [url.split("?")[1] for url in asked] == ["tail=2000"]
    lines = view.get_by_role("log")
    first = lines.locator(".jp-Jobsub-log-line").first
    while (text := first.inner_text().strip()) != "1":
        lines.evaluate("lines => lines.scrollBy(0, -20000)")
        expect(first).not_to_have_text(text)
    assert len(asked) == 3
    expect(line(view, "2")).to_be_visible()
    lines.press("End")
    expect(line(view, "5000")).to_be_visible()


def test_who_reads_older_lines_stays_there_while_new_ones_come(
    page: Page, served: Lab, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    view = opened(page, served.service.submit(f"seq 500; {WAIT.format(go)}; seq 501 1000"))
    expect(line(view, "500")).to_be_visible()
    lines = view.get_by_role("log")
    lines.evaluate("lines => lines.scrollTo(0, lines.scrollHeight / 2)")
    expect(line(view, "500")).to_have_count(0)
    before = lines.evaluate("lines => [lines.scrollTop, lines.scrollHeight]")
    go.touch()
    expect(view.get_by_text("Complete", exact=True)).to_be_visible()
    page.wait_for_function(
        "before => document.querySelector('[role=log]').scrollHeight > before", arg=before[1]
    )
    assert lines.evaluate("lines => lines.scrollTop") == before[0]
    button(view, "To the end").click()
    expect(line(view, "1000")).to_be_visible()


@pytest.mark.slow
def test_a_log_of_200_mb_from_its_end_to_its_first_line_and_all_of_it(page: Page, served: Lab) -> None:
    text = "a line of the log " * 5
    job = done(served, f"echo first line; yes {text}| head -c 200M; echo; echo last line")
    view = opened(page, job)
    expect(line(view, "last line")).to_be_visible()
    lines = view.get_by_role("log")
    button(view, "To the beginning").click()
    expect(line(view, "first line")).to_be_visible()
    expect(view.get_by_text("Newer lines follow")).to_be_visible()
    heights = []
    for _ in range(12):
        lines.evaluate("lines => lines.scrollTo(0, lines.scrollHeight)")
        top = "document.querySelector('[role=log]')"
        page.wait_for_function(f"{top}.scrollHeight - {top}.scrollTop - {top}.clientHeight > 1000")
        heights.append(lines.evaluate("lines => lines.scrollHeight"))
    assert max(heights) < 2_000_000  # the rest has been dropped
    expect(line(view, "first line")).to_have_count(0)
    lines.press("Home")
    expect(line(view, "first line")).to_be_visible()
    lines.press("Control+f")
    view.get_by_role("searchbox").fill("last line")
    expect(view.get_by_text("Not in the loaded lines")).to_be_visible()
    view.get_by_role("searchbox").press("Escape")
    lines.press("End")
    expect(line(view, "last line")).to_be_visible()
    size = 200 * 2**20
    many = f"{text.strip()}\n".encode()
    many *= size // len(many) + 1
    assert downloaded(view) == hashlib.sha256(b"first line\n" + many[:size] + b"\nlast line\n").digest()


@pytest.mark.slow
def test_a_flood_leaves_the_page_alive(page: Page, served: Lab, tmp_path: Path) -> None:
    go = tmp_path / "go"
    flood = f"{WAIT.format(go)}; yes {'a line of the log ' * 5}| head -c 20M; echo; echo last line"
    view = opened(page, served.service.submit(flood))
    expect(view.get_by_role("heading", name="Nothing is written yet")).to_be_visible()
    go.touch()
    expect(view.locator(".jp-Jobsub-log-line").first).to_be_visible()
    button(view, "Wrap long lines").click()
    expect(button(view, "Wrap long lines")).to_have_attribute("aria-pressed", "true")
    expect(line(view, "last line")).to_be_visible()


def test_all_of_it_is_downloaded(page: Page, served: Lab) -> None:
    job = done(
        served,
        python("import sys; [sys.stdout.buffer.write(bytes([n % 256]) * 40) for n in range(5 * 10**4)]"),
    )
    view = opened(page, job)
    wanted = b"".join(bytes([n % 256]) * 40 for n in range(5 * 10**4))
    assert downloaded(view) == hashlib.sha256(wanted).digest()


def test_it_has_the_colours_that_it_was_written_in(page: Page, served: Lab) -> None:
    view = opened(page, done(served, COLOURS))
    bold = view.locator("span", has_text=re.compile("^bold and underlined$"))
    expect(bold).to_have_css("font-weight", "700")
    expect(bold).to_have_css("text-decoration-line", "underline")
    behind = view.locator("span", has_text=re.compile("^behind$"))
    expect(behind).to_have_css("background-color", "rgb(231, 92, 88)")
    red = view.locator("span", has_text=re.compile("^red$"))
    plain = view.locator(".jp-Jobsub-log-line").first.evaluate("one => getComputedStyle(one).color")
    assert red.evaluate("one => getComputedStyle(one).color") != plain
    expect(view.get_by_text("<b>no markup</b>")).to_be_visible()


def test_a_bar_is_redrawn_in_its_place(page: Page, served: Lab, tmp_path: Path) -> None:
    go = tmp_path / "go"
    bar = f"printf '0%%|    |\\r'; {WAIT.format(go)}; printf '50%%|==  |\\r100%%\\033[K\\n'; echo end"
    view = opened(page, served.service.submit(bar))
    expect(line(view, "0%|    |")).to_be_visible()
    go.touch()
    expect(line(view, "end")).to_be_visible()
    expect(view.locator(".jp-Jobsub-log-line")).to_have_text(["100%", "end"])


def test_a_text_is_found_from_one_place_to_the_next(page: Page, served: Lab) -> None:
    view = opened(
        page, done(served, "seq 1500; printf '\\033[31mEr\\033[0mror: 7\\n'; seq 300; echo an error")
    )
    expect(line(view, "an error")).to_be_visible()
    view.get_by_role("log").press("Control+f")
    box = view.get_by_role("searchbox")
    expect(box).to_be_focused()
    box.fill("error")
    expect(view.get_by_text("2 of 2")).to_be_visible()
    box.press("Shift+Enter")
    expect(view.get_by_text("1 of 2")).to_be_visible()
    expect(line(view, "Error: 7")).to_be_in_viewport()
    expect(view.locator("mark[data-current]").first).to_have_text("Er")
    box.press("Enter")
    expect(line(view, "an error")).to_be_in_viewport()
    box.fill("nowhere")
    expect(view.get_by_text("Not found")).to_be_visible()
    box.press("Escape")
    expect(view.get_by_role("search")).to_have_count(0)
    expect(view.get_by_role("log")).to_be_focused()


def test_long_lines_are_wrapped_on_demand(page: Page, served: Lab) -> None:
    view = opened(page, done(served, "echo short; printf 'word %.0s' $(seq 1000); echo; echo end"))
    long = view.locator(".jp-Jobsub-log-line").nth(1)
    expect(line(view, "end")).to_be_visible()
    height = line(view, "short").evaluate("one => one.clientHeight")
    assert long.evaluate("one => one.clientHeight") == height
    button(view, "Wrap long lines").click()
    expect(line(view, "end")).to_be_in_viewport()
    assert long.evaluate("one => one.clientHeight") > 10 * height
    lines = view.get_by_role("log")
    assert lines.evaluate("lines => lines.scrollWidth == lines.clientWidth")


def test_each_task_and_attempt_has_its_own(page: Page, served: Lab) -> None:
    says = "echo $JOBSUB_TASK_ROLE $JOBSUB_TASK_INDEX attempt $JOBSUB_ATTEMPT"
    roles = [
        {"name": "server", "command": says},
        {"name": "worker", "command": f"{says}; exit $((2 - JOBSUB_ATTEMPT))"},
    ]
    job = done(served, task_roles=roles, retries=1)
    view = opened(page, job)
    expect(line(view, "server 0 attempt 2")).to_be_visible()
    view.get_by_role("combobox", name="Task").select_option("worker 0")
    expect(line(view, "worker 0 attempt 2")).to_be_visible()
    view.get_by_role("combobox", name="Attempt").select_option("Attempt 1")
    expect(line(view, "worker 0 attempt 1")).to_be_visible()


def test_what_is_no_longer_kept_says_so(page: Page, served: Lab) -> None:
    job = done(served, "echo gone")
    served.service.post(f"/jobsub/jobs/{job['id']}/purge")
    view = opened(page, job)
    expect(view.get_by_role("heading", name="The log is no longer kept")).to_be_visible()
    expect(view.get_by_text("rerun the job")).to_be_visible()
