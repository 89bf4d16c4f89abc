"""The output notebook through the real service: how it is read, and what can't be put in its place."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import Answer, Live, live
from tests.service.test_sources import notebook

VOLUME = """
from pathlib import Path
c.JobsubService.groups = {"research": {"volume": str(Path(__file__).parents[1] / "volume")}, "plain": {}}
"""


@pytest.fixture(scope="module")
def service() -> Iterator[Live]:
    """A service whose group has a volume, by a link."""
    with live() as service:
        (service.folder / "real").mkdir()
        (service.folder / "volume").symlink_to("real")
        service.configure(VOLUME)
        assert service.post("/jobsub/reload").status == 200
        yield service


@pytest.fixture(scope="module")
def done(service: Live) -> dict[str, Any]:
    """A notebook of the group that has run."""
    return ran(service, group="research")


@pytest.fixture
def output(done: dict[str, Any]) -> Iterator[Path]:
    """Its output, in whose place anything may be put for a while."""
    path = Path(done["output"])
    kept = shutil.copytree(path.parent, path.parents[2] / "kept")
    yield path
    if path.parent.is_symlink():
        path.parent.unlink()
    else:
        shutil.rmtree(path.parent)
    kept.rename(path.parent)


def ran(service: Live, **spec: Any) -> dict[str, Any]:
    path = notebook(service.folder / "é.ipynb", kernel="python3", source="print(6 * 7)")
    return service.until(service.submit(notebook=str(path), **spec)["id"])


def fetch(service: Live, id: str, **headers: str) -> Answer:
    return service.ask("GET", f"/jobsub/jobs/{id}/output", headers=headers)


def refusal(service: Live, id: str) -> str:
    answer = fetch(service, id)
    assert (answer.status, bool(answer.json["remedy"])) == (404, True)
    detail: str = answer.json["detail"]
    return detail


@pytest.mark.parametrize("group", ["research", "plain"])
def test_it_is_downloaded_whole_or_in_part(service: Live, done: dict[str, Any], group: str) -> None:
    job = done if group == "research" else ran(service, group=group)
    answer = fetch(service, job["id"])
    (cell,) = json.loads(answer.body)["cells"]
    assert (answer.status, cell["outputs"][0]["text"]) == (200, ["42\n"])
    assert answer.body == Path(job["output"]).read_bytes()
    assert (
        answer.headers["Content-Disposition"]
        == "attachment; filename=\"_.ipynb\"; filename*=UTF-8''%C3%A9.ipynb"
    )
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    part = fetch(service, job["id"], Range="bytes=0-0")
    assert (part.status, part.body) == (206, b"{")


def test_a_link_in_its_place_leads_nowhere(service: Live, done: dict[str, Any], output: Path) -> None:
    secret = service.folder / "secret"
    secret.write_text("secret")
    output.unlink()
    output.symlink_to(secret)
    assert "no regular file" in refusal(service, done["id"])


def test_a_link_in_its_folders_place_leads_nowhere(
    service: Live, done: dict[str, Any], output: Path, tmp_path: Path
) -> None:
    (tmp_path / output.name).write_text("secret")
    shutil.rmtree(output.parent)
    output.parent.symlink_to(tmp_path)
    assert "no regular file" in refusal(service, done["id"])


@pytest.mark.parametrize("make", [None, os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_waited_for(
    service: Live, done: dict[str, Any], output: Path, make: Any
) -> None:
    output.unlink()
    if make:
        make(output)
    assert "no regular file" in refusal(service, done["id"])


def test_a_job_without_one_says_so(service: Live) -> None:
    id = service.until(service.submit("true")["id"])["id"]
    assert refusal(service, id) == f"{id} makes no output notebook"
    service.post("/jobsub/drain", {"drain": True})
    path = notebook(service.folder / "waits.ipynb", kernel="python3")
    id = service.submit(notebook=str(path))["id"]
    assert refusal(service, id) == f"{id} has no output notebook yet"
    service.post(f"/jobsub/jobs/{id}/cancel")
    service.until(id)
    assert refusal(service, id) == f"{id} has left no output notebook"
    service.post("/jobsub/drain", {"drain": False})


def test_purged_means_gone(service: Live) -> None:
    id = ran(service, group="plain")["id"]
    service.post(f"/jobsub/jobs/{id}/purge")
    assert fetch(service, id).status == 410
