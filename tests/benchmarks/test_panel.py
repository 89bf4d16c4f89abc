"""What of a page's traffic is the panel's, and what it weighs."""

from __future__ import annotations

from pathlib import Path

from benchmarks import panel

AT = "http://127.0.0.1:8888/lab/extensions"


def test_a_file_of_the_panel_counts_once_and_no_other_does() -> None:
    urls = [
        f"{AT}/jupyter-jobsub/static/remoteEntry.0a.js",
        f"{AT}/jupyter-jobsub/static/12.3b.js?v=3b",
        f"{AT}/jupyter-jobsub/static/12.3b.js?v=3b",
        f"{AT}/jupyter-jobsub/package.json",
        f"{AT}/other/static/12.3b.js",
        "http://127.0.0.1:8888/static/lab/main.js",
    ]
    assert panel.names(urls) == {"remoteEntry.0a.js", "12.3b.js"}


def test_a_file_weighs_what_is_left_of_it_compressed(tmp_path: Path) -> None:
    one, other = tmp_path / "one.js", tmp_path / "other.js"
    one.write_bytes(b"x" * 100_000)
    other.write_bytes(b"")
    assert panel.compressed([other]) < panel.compressed([one]) < 1_000
    assert panel.compressed([one, other]) == panel.compressed([one]) + panel.compressed([other])
