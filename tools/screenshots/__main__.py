"""Take pictures of every view of the panel, light and dark, into docs/screenshots/.

python -m tools.screenshots [NAME ...]    # all, or those that begin so: table form
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import nbformat
from playwright.sync_api import Browser, Error

from tests.browser.chromium import chromium
from tests.browser.lab import TOKEN, Lab, lab

from . import gallery
from .jobs import CONFIG, ME, Jobs, furnish
from .place import VOLUME, enter, entered
from .stage import THEMES, Stage, View
from .views import EMPTY, GONE, LANGUAGES, METRICS, PLAIN, SECTIONS, ZOOMED, in_language

PATIENCE = 20_000  # milliseconds
SIZE = (1280, 800)
FAILURES = {"notifications": "failures"}  # the others would lie over what is shown
TRANSLATION = "@jupyterlab/translation-extension/plugin"
CELLS = (
    "%load_ext jupyter_jobsub",
    """%%jobsub --python --follow --as job
# Count to a hundred
import time
from jupyter_jobsub import progress

for step in range(1, 101):
    progress(step / 100, f"step {step} of 100")
    if step % 4 == 0:
        print(f"{step} steps are done", flush=True)
    time.sleep(0.3)""",
    "6 * 7  # the kernel is free",
)


class Camera:
    """Takes pictures of the views that are wanted."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self._wanted = tuple(wanted)
        self.missed: list[str] = []

    def wants(self, view: View) -> bool:
        """Whether its pictures are to be taken."""
        return not self._wanted or view.name.startswith(self._wanted)

    def take(self, stage: Stage, views: Iterable[View]) -> None:
        """Set up each and take its pictures; one that can't be set up leaves the others theirs."""
        for view in filter(self.wants, views):
            print(view.name, flush=True)
            try:
                self._take(stage, view)
            except Error as error:
                print(error, file=sys.stderr, flush=True)
                self.missed.append(view.name)

    def _take(self, stage: Stage, view: View) -> None:
        part = None
        for number, theme in enumerate(sorted(THEMES, key=lambda theme: theme != stage.theme)):
            stage.look(theme)
            if not number or view.fleeting:
                stage.clear()
                part = view.set(stage)
            file = gallery.FOLDER / f"{view.name}-{theme}.png"
            stage.take(file, part)
            gallery.shrink(file)


@contextmanager
def stage(
    browser: Browser, served: Lab, jobs: Jobs, zoom: int = 1, language: str = "en-US"
) -> Iterator[Stage]:
    """Open JupyterLab in a browser that knows nothing of others."""
    width, height = (side // zoom for side in SIZE)
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=zoom,
        locale=language,
        timezone_id="UTC",
    )
    context.set_default_timeout(PATIENCE)
    one = Stage(context.new_page(), served, jobs)
    one.open()
    yield one
    context.close()


def kernel_is(served: Lab) -> None:
    """Have a notebook that makes a job, through this JupyterLab as the person who is before it."""
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    spec = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec})
    nbformat.write(notebook, VOLUME / "live.ipynb")
    startup = served.service.folder / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    address = {"JOBSUB_URL": served.address, "JOBSUB_TOKEN": TOKEN}
    (startup / "here.py").write_text(f"import os\nos.environ.update({address!r})\n")


def take(camera: Camera, browser: Browser, served: Lab, jobs: Jobs) -> None:
    """Take all pictures, those last that need much time to pass or the service to go."""
    with stage(browser, served, jobs) as first:
        camera.take(first, [EMPTY])
    jobs.begin()
    with stage(browser, served, jobs) as plain:
        camera.take(plain, PLAIN)
    with stage(browser, served, jobs, zoom=2) as zoomed:
        camera.take(zoomed, ZOOMED)
    for language in LANGUAGES:
        served.set(TRANSLATION, {"locale": language})
        with stage(browser, served, jobs, language=language.replace("_", "-")) as translated:
            camera.take(translated, in_language(language))
    served.set(TRANSLATION, {})
    with stage(browser, served, jobs) as last:
        camera.take(last, [METRICS, GONE])


def main() -> None:
    """Set up a JupyterLab, take all pictures of it, and write the gallery."""
    names = [view.name for views in SECTIONS.values() for view in views]
    if wrong := [one for one in sys.argv[1:] if not any(name.startswith(one) for name in names)]:
        sys.exit(f"screenshots: there is no view {', '.join(wrong)}; there are {', '.join(names)}")
    if not entered():
        enter(sys.argv[1:])
    furnish()
    camera = Camera(sys.argv[1:])
    gallery.FOLDER.mkdir(exist_ok=True)
    with lab(CONFIG, VOLUME, ME) as served, chromium() as browser:
        kernel_is(served)
        served.set("jupyter-jobsub/jobs", FAILURES)
        take(camera, browser, served, Jobs(served))
    gallery.write()
    if camera.missed:
        sys.exit(f"screenshots: not taken: {', '.join(camera.missed)}")


main()
