"""What is read of a view where nothing is live: a saved notebook, and the HTML that nbconvert makes of it."""

from __future__ import annotations

import copy
import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from tests.live import Live

CELLS = (
    "%load_ext jupyter_jobsub\nfrom jupyter_jobsub import JobsubClient\nclient = JobsubClient()",
    "job = client.submit(command='echo \"<b>said</b>\"; exit 3', name='a <job>')\njob",
    "jobs = [job, client.submit(command='true', name='another')]\njobs",
    "import threading\n[t.join() for t in threading.enumerate() if t.name == 'jobsub-view']",
)


@pytest.fixture(scope="module")
def notebook(service: Live, tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    """A notebook that was run without a browser, as it was saved."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS])
    client = NotebookClient(made, timeout=60, kernel_name="python3")
    client.execute(cwd=str(tmp_path_factory.mktemp("notebook")), env=service.env)
    return made


def test_the_outcome_is_in_the_notebook(notebook: NotebookNode) -> None:
    one, several = (" ".join(out.data["text/plain"] for out in notebook.cells[n].outputs) for n in (1, 2))
    assert "a <job>: Failed, exit code 3" in one
    assert "a <job>: Failed" in several
    assert "another: Succeeded" in several


def test_html_without_widgets_is_readable(notebook: NotebookNode) -> None:
    plain = copy.deepcopy(notebook)
    del plain.metadata["widgets"]
    html = body(plain)
    assert "widget-view" not in html
    assert "<b>Failed</b>" in html
    assert "<b>a &lt;job&gt;</b>" in html
    assert "&lt;b&gt;said&lt;/b&gt;" in html
    assert "<b>2 jobs</b>: 1 Succeeded, 1 Failed" in html


def test_html_with_widgets_has_both_of_which_one_is_seen(notebook: NotebookNode) -> None:
    html = body(notebook)
    assert html.count('type="application/vnd.jupyter.widget-view+json"') == 2
    assert "<b>Failed</b>" in html
    keys = set(re.findall(r"jobsub-(\w+)-saved", html))
    assert len(keys) == 2
    states = str(notebook.metadata["widgets"])
    assert all(f"jobsub-{key}-live" in states for key in keys)


def body(notebook: NotebookNode) -> str:
    html: str = HTMLExporter().from_notebook_node(notebook)[0]
    return html[html.index("<body") :]
