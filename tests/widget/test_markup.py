from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from jupyter_jobsub.widget import markup
from jupyter_jobsub.widget.look import FINAL, ICONS, look
from jupyter_jobsub.widget.terminal import Terminal

from .rows import row

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&"


class Reader(HTMLParser):
    """Collects the elements, and fails where they don't close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert not self._open

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag != "br":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def every_part(**changes: Any) -> str:
    job = look(row(**changes), 0.0)
    terminal = Terminal()
    terminal.feed(changes.get("name", "").encode() + b"\x1b[31mred")
    return markup.block(
        markup.head(job),
        markup.meter(job),
        markup.log(terminal.lines(10), job.name),
        markup.note(changes.get("message", "")),
        markup.table([job], 3),
        markup.counts([job]),
    )


def test_what_jobs_say_is_text() -> None:
    progress = {"fraction": 0.5, "text": EVIL}
    html = Reader(
        every_part(name=EVIL, message=EVIL, reason=EVIL, phase=EVIL, rerun_of=EVIL, progress=progress)
    )
    tags = {tag for tag, _ in html.elements}
    assert tags <= {"div", "span", "b", "pre", "table", "thead", "tbody", "tr", "th", "td", "br"}
    assert not any(name.startswith("on") for _, attributes in html.elements for name in attributes)
    assert html.text.count(EVIL) >= 8


@pytest.mark.parametrize("phase", ICONS)
def test_each_phase_has_a_word_beside_its_sign(phase: str) -> None:
    html = Reader(markup.head(look(row(phase=phase), 0.0)))
    assert f"{ICONS[phase]} {phase}" in html.text
    assert ("span", {"aria-hidden": "true"}) in html.elements
    assert html.elements[0] == ("div", {"role": "status"})


@pytest.mark.parametrize("fraction", [0.0, 0.337, 1.0])
def test_the_bar_is_read_out(fraction: float) -> None:
    html = Reader(markup.bar(look(row(progress={"fraction": fraction, "text": ""}), 0.0)))
    (_, bar), (_, inner) = html.elements
    percent = f"{fraction:.0%}"
    assert (bar["role"], bar["aria-valuenow"]) == ("progressbar", percent[:-1])
    assert bar["aria-label"] == "Progress of train"
    assert f"width:{percent}" in (inner["style"] or "")


def test_what_is_not_known_takes_no_room() -> None:
    job = look(row(phase="Preparing", duration_seconds=None), 0.0)
    assert markup.meter(job) == markup.log([], "x") == markup.note("") == markup.block() == ""


def test_colours_of_a_log_are_kept() -> None:
    terminal = Terminal()
    terminal.feed(b"a \x1b[1;31mb\x1b[0m\nc")
    [line] = Reader(markup.log(terminal.lines(10), "x")).text.splitlines()[:1]
    assert line == "a b"
    assert f'<span style="color:{markup.COLOURS[1]};font-weight:bold">b</span>\nc</pre>' in markup.log(
        terminal.lines(10), "x"
    )


def test_a_long_list_is_counted() -> None:
    jobs = [
        look(row(id=f"job-{n}", phase=phase), 0.0) for n, phase in enumerate([*FINAL, "Running", "Failed"])
    ]
    assert Reader(markup.counts(jobs)).text == "5 jobs: 1 Running, 1 Succeeded, 2 Failed, 1 Cancelled"
    assert "and 3 more" in markup.table(jobs[:2], 5)
    assert "more" not in markup.table(jobs, 5)


def test_one_of_two_outputs_is_seen() -> None:
    html = markup.seen_either("k", "what is saved")
    assert '<div class="jobsub-k-saved">what is saved</div>' in html
    assert ":has(+ .jp-OutputArea-child .jobsub-k-live)" in html
    assert ".jobsub-k-saved { display: none; }" in markup.live_style("k")
