"""What is true of every view: anybody can use it, in each theme and language, also with little room."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from getpass import getuser

import pytest
from playwright.sync_api import Locator, Page, expect

from .axe import faults
from .geometry import out_of_reach
from .lab import Lab
from .notebooks import notebook, open_file
from .views import Jobs, views
from .words import foreign, texts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
Found = dict[str, list[str]]
Look = Callable[[Callable[[Locator], list[str]]], Found]


@pytest.fixture(scope="module")
def jobs(served: Lab) -> Jobs:
    return Jobs(served.service)


@pytest.fixture
def look(page: Page, served: Lab, jobs: Jobs) -> Look:
    """What a look at each view finds wrong, by the name of the view."""

    def all_of_them(at: Callable[[Locator], list[str]]) -> Found:
        found = {name: at(view) for name, view in views(page, served.service, jobs)}
        return {name: wrong for name, wrong in found.items() if wrong}

    return all_of_them


@pytest.fixture
def settings(request: pytest.FixtureRequest, served: Lab) -> Iterator[None]:
    """JupyterLab with other settings of a plugin of its."""
    plugin, values = request.param
    served.set(f"@jupyterlab/{plugin}", values)
    yield
    served.set(f"@jupyterlab/{plugin}", {})


THEMES = [("apputils-extension/themes", {"theme": f"JupyterLab {name}"}) for name in ("Light", "Dark")]
LANGUAGES = [("translation-extension/plugin", {"locale": name}) for name in ("zh_CN", "zh_TW")]


@pytest.mark.parametrize("settings", THEMES, indirect=True, ids=["light", "dark"])
def test_everybody_can_use_it(settings: None, look: Look) -> None:
    assert look(faults) == {}


@pytest.mark.parametrize("settings", LANGUAGES, indirect=True, ids=["zh_CN", "zh_TW"])
def test_it_speaks_the_languages_of_its_people(settings: None, page: Page, look: Look, served: Lab) -> None:
    catalog = served.service.get("/jobsub/catalog").json
    data = {*texts(catalog), getuser(), socket.gethostname()}
    assert look(lambda view: foreign(view, data)) == {}
    notebook(served.files, "n1.ipynb", "1")
    button = open_file(page, "n1.ipynb").locator("[data-jp-item-name=jobsub-submit]")
    expect(button).to_be_visible()
    assert foreign(button, ()) == []


@pytest.mark.parametrize("size", [(640, 400), (480, 800)], ids=["200 percent", "narrow"])
def test_all_of_it_is_within_reach(page: Page, look: Look, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    assert look(out_of_reach) == {}
