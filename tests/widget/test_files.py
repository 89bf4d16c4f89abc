from __future__ import annotations

import json
from html import unescape
from pathlib import Path

import pytest

from jupyter_jobsub.widget import files
from jupyter_jobsub.widget.files import Server, live_link, saved_link


def test_a_file_that_the_server_shows_is_a_link(tmp_path: Path) -> None:
    on = Server(str(tmp_path), "/user/ada/", str(tmp_path / "work"))
    output = str(tmp_path / "jobs" / "a&b c.ipynb")
    live = live_link(output, on)
    assert 'href="/user/ada/lab/tree/jobs/a%26b%20c.ipynb"' in live
    assert ">jobs/a&amp;b c.ipynb</a>" in live
    [arguments] = [unescape(part.split('"')[0]) for part in live.split('commandlinker-args="')[1:]]
    assert json.loads(arguments) == {"path": "jobs/a&b c.ipynb"}
    assert 'href="../jobs/a%26b%20c.ipynb"' in saved_link(output, on)


def test_links_are_followed_to_where_files_are(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to("real")
    assert 'href="/lab/tree/x.ipynb"' in live_link(
        str(tmp_path / "real" / "x.ipynb"), Server(str(tmp_path / "root"))
    )


@pytest.mark.parametrize("on", [Server(), Server("/srv/other")])
def test_another_file_is_its_path(on: Server) -> None:
    for link in (live_link, saved_link):
        assert link("/data/<x>.ipynb", on) == "<div>Output: /data/&lt;x&gt;.ipynb</div>"
        assert link(None, on) == ""


def test_a_notebook_whose_place_is_unknown_has_no_link(tmp_path: Path) -> None:
    assert saved_link(str(tmp_path / "x.ipynb"), Server(str(tmp_path))) == "<div>Output: x.ipynb</div>"


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("JPY_PARENT_PID", "4711")
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/work/train.ipynb")
    return tmp_path / "jpserver-4711.json"


def test_the_server_is_found_by_what_it_wrote(runtime: Path) -> None:
    runtime.write_text(json.dumps({"root_dir": "/home/ada", "base_url": "/user/ada/", "pid": 4711}))
    assert files.server.__wrapped__() == Server("/home/ada", "/user/ada/", "/home/ada/work")


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}"])
def test_without_it_nothing_is_known(runtime: Path, text: str | None) -> None:
    if text is not None:
        runtime.write_text(text)
    assert files.server.__wrapped__() == Server()
