"""The jobs as a table, where a hundred thousand are stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from benchmarks.history import fill

from .lab import Lab, lab

MANY = 100_000
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served() -> Iterator[Lab]:
    """A JupyterLab before a service that has a past."""
    with lab() as one:
        one.service.stop()
        past = fill(f"sqlite:///{one.service.data / 'jobsub.db'}", MANY)
        with ThreadPoolExecutor(1) as thread:  # Playwright has this one's event loop
            thread.submit(asyncio.run, past).result()
        one.service.start()
        yield one


def opened(page: Page, command: str = "jobsub:open-jobs") -> Locator:
    page.wait_for_function("id => window.jupyterapp.commands.hasCommand(id)", arg=command)
    page.evaluate("id => window.jupyterapp.restored.then(() => jupyterapp.commands.execute(id))", command)
    return shown(page)


def shown(page: Page) -> Locator:
    table = page.locator("#jupyter-jobsub-table")
    expect(table.locator("[data-job]").first).to_be_visible()
    return table


def column(table: Locator, place: int) -> list[str]:
    """What a column says in the first rows."""
    return [
        row.get_by_role("gridcell").nth(place).inner_text() for row in table.locator("[data-job]").all()[:10]
    ]


def keeps(column: str) -> Callable[[Response], bool]:
    """Whether the workspace is kept with a column in it."""

    def told(response: Response) -> bool:
        asked = response.request
        return (
            asked.method == "PUT" and "/workspaces" in asked.url and f'"{column}"' in (asked.post_data or "")
        )

    return told


def test_it_is_scrolled_to_the_end(page: Page) -> None:
    table = opened(page)
    grid = table.get_by_role("grid", name="Jobs")
    expect(grid).to_have_attribute("aria-rowcount", str(MANY + 1))
    expect(table.get_by_role("status")).to_have_text(f"{MANY} jobs")
    grid.focus()
    page.keyboard.press("End")
    last = table.locator(f"[aria-rowindex='{MANY + 1}']")
    expect(last).to_contain_text("job-20251124-00000001")
    expect(last).to_be_in_viewport()
    expect(last).to_have_attribute("aria-selected", "true")
    # as one drags the bar
    grid.evaluate("grid => grid.scrollTo(0, grid.scrollHeight / 2)")
    expect(table.locator("[data-job]", has_text=f" {MANY // 2}").first).to_be_in_viewport()
    page.keyboard.press("Home")
    expect(table.locator("[aria-rowindex='2']")).to_contain_text(f" {MANY}")


def test_as_many_are_selected_as_can_be_acted_on(page: Page) -> None:
    table = opened(page)
    table.get_by_role("grid").focus()
    page.keyboard.press("Control+a")
    expect(table.get_by_role("status")).to_have_text(f"1000 selected · 1000 at most of these {MANY}")
    table.locator("[aria-rowindex='4']").get_by_role("gridcell").nth(2).click(button="right")
    expect(table.get_by_role("status")).to_contain_text("1000 selected")
    page.keyboard.press("Escape")


def test_it_is_sorted_and_comes_back_as_it_was_left(page: Page, served: Lab) -> None:
    table = opened(page)
    name = table.get_by_role("columnheader", name="Job name")
    name.get_by_role("button").click()
    expect(name).to_have_attribute("aria-sort", "ascending")
    expect(table.locator("[aria-rowindex='2']")).to_contain_text("eval bert-base")
    names = column(table, 1)
    assert names == sorted(names)
    name.get_by_role("button").click()
    expect(name).to_have_attribute("aria-sort", "descending")
    expect(table.locator("[aria-rowindex='2']")).to_contain_text("train yolo")
    with page.expect_response(keeps("image")):
        table.get_by_role("button", name="Columns").click()
        table.get_by_role("checkbox", name="Preemptible").click()
        table.get_by_role("checkbox", name="Image").click()
    page.keyboard.press("Escape")
    expect(table.get_by_role("columnheader", name="Image")).to_be_attached()
    page.wait_for_url("**/lab?*jobs=all*sort=name&order=desc*")
    page.goto(page.url.replace("?", "?token=t0ken&"))
    table = shown(page)
    expect(table.get_by_role("columnheader", name="Job name")).to_have_attribute("aria-sort", "descending")
    expect(table.get_by_role("columnheader", name="Image")).to_be_attached()
    expect(table.get_by_role("columnheader", name="Preemptible")).to_have_count(0)


def test_an_address_says_which_jobs(page: Page, served: Lab) -> None:
    page.goto(served.url(reset="", jobs="all", phase="Failed", group="vision", text="resnet50"))
    table = shown(page)
    assert set(column(table, 0)) == {"Failed"}
    assert set(column(table, 3)) == {"vision"}
    assert all("resnet50" in name for name in column(table, 1))
    expect(table.get_by_role("textbox", name="Search name or id")).to_have_value("resnet50")
    table.get_by_role("button", name="Phase (1)").click()
    table.get_by_role("checkbox", name="Cancelled").click()
    table.get_by_role("checkbox", name="Failed").click()
    expect(table.locator("[aria-rowindex='2']")).to_contain_text("Cancelled")
    page.wait_for_url("**phase=Cancelled*")
    table.get_by_role("checkbox", name="Submitted by me").click()
    expect(table.get_by_role("heading", name="No job is like that")).to_be_visible()
    table.get_by_role("button", name="Clear the filters").click()
    expect(table.get_by_role("heading", name="No jobs yet")).to_be_visible()
