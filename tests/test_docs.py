"""The documents name what there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_jobsub.config import JobsubService
from jupyter_jobsub.engines.kubernetes import names
from jupyter_jobsub.engines.kubernetes.settings import KubernetesSettings
from jupyter_jobsub.model.job import Phase
from jupyter_jobsub.model.progress import Progress, parse_progress
from jupyter_jobsub.reports import without_reports
from tools.screenshots import gallery

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SCREENSHOTS = ROOT / "docs" / "screenshots"
CONFIGURATION = README.partition("## Configuration")[2].partition("\n## ")[0]
SETTINGS = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", CONFIGURATION, re.MULTILINE))


def test_every_setting_is_in_the_readme_and_none_else() -> None:
    assert set(SETTINGS) == set(JobsubService.class_trait_names(config=True))


def test_every_setting_of_a_cluster_is_in_the_readme_and_none_else() -> None:
    section = README.partition("## On Kubernetes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(KubernetesSettings.model_fields)


def test_what_removes_pods_names_them_as_they_are() -> None:
    text = README.partition("**Removing.**")[2].partition("\nTo try it")[0]
    managed = "=".join(*names.MANAGED_BY.items())
    assert (f" -l {managed} " in text, f" -l {names.STORE}=" in text) == (True, True)
    assert f'{{"$deleteFromPrimitiveList/finalizers": ["{names.FINALIZER}"]}}' in text


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_default_that_is_given_is_true(name: str) -> None:
    written = re.fullmatch(r"`(.*)`", SETTINGS[name])
    if written:
        assert eval(written[1]) == getattr(JobsubService(), name)


def test_every_phase_is_explained() -> None:
    rows = README.partition("## Phases")[2].partition("## ")[0]
    assert all(re.search(rf"^\|.*\b{phase.value}\b.*\|.*\|", rows, re.MULTILINE) for phase in Phase)


@pytest.mark.parametrize(
    "document", ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_links_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / document).read_text())
    assert [link for link in links if not (ROOT / document).parent.joinpath(link).exists()] == []


@pytest.mark.skipif(not any(SCREENSHOTS.glob("*.png")), reason="a source distribution has no pictures")
@pytest.mark.parametrize("document", [ROOT / "README.md", SCREENSHOTS / "README.md"])
def test_pictures_are_there(document: Path) -> None:
    named = {document.parent / name for name in re.findall(r'(?:src|srcset)="([^"]+)"', document.read_text())}
    assert named
    assert sorted(file for file in named if not file.exists()) == []


def test_the_gallery_shows_every_view_and_no_picture_is_left_over() -> None:
    page = gallery.page()
    assert (SCREENSHOTS / "README.md").read_text() == page
    assert {file.name for file in SCREENSHOTS.glob("*.png")} <= set(re.findall(r'src="(.*?)"', page))


def test_every_target_named_exists() -> None:
    targets = set(re.findall(r"^(\w+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    texts = README + (ROOT / "CONTRIBUTING.md").read_text()
    assert set(re.findall(r"\bmake (\w+)(?=[ `)\n])", texts)) <= targets | {"test"}
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert targets == set(re.findall(r"make (\w+)", shown))


def test_every_dependency_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text().partition("dependencies = [")[2].partition("]")[0]
    declared = set(re.findall(r'"([\w-]+)[>=;]', lines))
    assert declared == explained()[0]


def test_every_dependency_of_the_panel_has_its_reason() -> None:
    """But those that JupyterLab has anyway, and shares."""
    declared = json.loads((ROOT / "labextension/package.json").read_text())["dependencies"]
    shared = re.compile(r"react|@(jupyterlab|lumino|codemirror)/")
    assert {name for name in declared if not shared.match(name)} == explained()[1]


def explained() -> list[set[str]]:
    """The packages in the tables of the service and of the panel."""
    text = (ROOT / "docs/architecture.md").read_text().partition("## Dependencies and why")[2]
    rows = [re.findall(r"^\| (`[^|]*`) \|", table, re.MULTILINE) for table in text.split("The panel shares")]
    return [set(re.findall(r"`([\w@/-]+)`", " ".join(each))) for each in rows]


def test_every_part_has_its_layer() -> None:
    package = ROOT / "jupyter_jobsub"
    parts = {p.name for p in package.glob("*.py")} | {
        f"{p.parent.name}/" for p in package.glob("*/__init__.py")
    }
    text = (ROOT / "docs/architecture.md").read_text().partition("## Layers")[2].partition("## Vocabulary")[0]
    assert parts - set(re.findall(r"`([\w.]+/?)`", text)) == {"__init__.py"}


@pytest.mark.parametrize(("language", "interpreter"), [("printf", "sh"), ("print(", sys.executable)])
def test_a_report_in_another_language_is_one(language: str, interpreter: str) -> None:
    lines = README.partition("## Progress")[2].splitlines()
    line = next(line.strip() for line in lines if line.strip().startswith(language))
    written = subprocess.run([interpreter, "-c", line], capture_output=True, check=True).stdout
    assert parse_progress(written) == Progress(0.25, "epoch 5 of 20")
    assert without_reports(written) == b""
