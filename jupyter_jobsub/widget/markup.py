"""HTML of what is shown, live or saved: light or dark as JupyterLab is, and readable without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from .look import ICONS, Look
from .terminal import Run, Style

COLOURS = (
    *("#808080", "#d9443f", "#2e9e4f", "#b58900", "#3b82d6", "#b455c0", "#1497a8", "#999"),
    *("#8a8a8a", "#e0635f", "#43b164", "#c79a1a", "#5b9ae6", "#c477ce", "#2fb0c0", "#aaa"),
)

STYLE = """<style>
.jobsub { font-family: var(--jp-ui-font-family, sans-serif); font-size: var(--jp-ui-font-size1, 13px);
  line-height: 1.5; color: var(--jp-ui-font-color1, inherit); }
.jobsub .jobsub-why { overflow-wrap: anywhere; }
.jobsub .jobsub-quiet { color: var(--jp-ui-font-color2, #767676); }
.jobsub .jobsub-bad { color: var(--jp-error-color1, #d32f2f); }
.jobsub b { font-weight: 600; }
.jobsub .jobsub-bar { height: 6px; max-width: 40em; margin: 4px 0; border-radius: 3px; overflow: hidden;
  background: var(--jp-layout-color3, #bdbdbd66); }
.jobsub .jobsub-bar div { height: 100%; }
.jobsub pre.jobsub-log { font-family: var(--jp-code-font-family, monospace);
  font-size: var(--jp-code-font-size, 13px); line-height: 1.35; margin: 4px 0 0; padding: 6px 8px;
  max-height: 20em; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere;
  color: var(--jp-content-font-color1, inherit); background: #8882; border: none; }
.jobsub table.jobsub-jobs { border-collapse: collapse; margin: 0; font-size: inherit; }
.jobsub table.jobsub-jobs th, .jobsub table.jobsub-jobs td { text-align: left; padding: 2px 12px 2px 0;
  vertical-align: top; background: none; color: inherit; white-space: nowrap; }
.jobsub table.jobsub-jobs td:last-child { min-width: 18em; white-space: normal;
  overflow-wrap: anywhere; }
.jobsub table.jobsub-jobs .jobsub-bar { width: 8em; margin: 7px 0; }
</style>"""

PHASES = {
    "Running": "var(--jp-brand-color1, #1976d2)",
    "Preparing": "var(--jp-brand-color1, #1976d2)",
    "Succeeded": "var(--jp-success-color1, #388e3c)",
    "Failed": "var(--jp-error-color1, #d32f2f)",
    "Unknown": "var(--jp-warn-color1, #f57c00)",
}
TITLES = ("Job", "Phase", "Progress", "Time", "Message")
QUIET = "var(--jp-ui-font-color2, #767676)"


def block(*parts: str) -> str:
    """Put parts into a box that the style is for; "" when there is nothing in them."""
    inner = "".join(parts)
    return f'<div class="jobsub">{inner}</div>' if inner else ""


def head(job: Look) -> str:
    """Phase, name, and why it is so; told to screen readers when it changes."""
    reason = f" ({escape(job.reason)})" if job.reason else ""
    name = "" if job.name == job.id else f" <b>{escape(job.name)}</b>"
    quiet = " · ".join([job.id, *job.notes])
    why = f'<div class="jobsub-why">{escape(job.why)}</div>' if job.why else ""
    return (
        f'<div role="status">{phase(job)}{reason}{name}'
        f' <span class="jobsub-quiet">{escape(quiet)}</span>{why}</div>'
    )


def phase(job: Look) -> str:
    """The phase's sign and word, in its colour."""
    colour = PHASES.get(job.phase, QUIET)
    return (
        f'<span style="color:{colour}"><span aria-hidden="true">{job.icon}</span>'
        f" <b>{escape(job.phase)}</b></span>"
    )


def meter(job: Look) -> str:
    """The bar, the time, and what is used."""
    facts = [text for text in (job.percent, job.time, job.left, *job.usage) if text]
    return bar(job) + (f'<div class="jobsub-quiet">{escape(" · ".join(facts))}</div>' if facts else "")


def bar(job: Look) -> str:
    """How far it is, if that is known."""
    if job.fraction is None:
        return ""
    percent = f"{job.fraction:.0%}"
    return (
        f'<div class="jobsub-bar" role="progressbar" aria-label="Progress of {escape(job.name)}"'
        f' aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent[:-1]}">'
        f'<div style="width:{percent};background:{PHASES.get(job.phase, QUIET)}"></div></div>'
    )


def counts(jobs: Sequence[Look]) -> str:
    """How many jobs are in which phase."""
    number = Counter(job.phase for job in jobs)
    parts = [f"{count} {name}" for name in ICONS if (count := number[name])]
    total = "1 job" if len(jobs) == 1 else f"{len(jobs)} jobs"
    return f'<div role="status"><b>{total}</b>: {escape(", ".join(parts))}</div>'


def table(jobs: Sequence[Look], total: int) -> str:
    """A line for each job."""
    titles = "".join(
        f'<th scope="col">{title}</th>' for title in ("Job", "Phase", "Progress", "Time", "Message")
    )
    more = f'<div class="jobsub-quiet">and {total - len(jobs)} more</div>' if total > len(jobs) else ""
    return (
        f'<table class="jobsub-jobs"><thead><tr>{titles}</tr></thead>'
        f"<tbody>{''.join(map(_line, jobs))}</tbody></table>{more}"
    )


def _line(job: Look) -> str:
    time = " · ".join(text for text in (job.time, job.left) if text)
    why = " · ".join(text for text in (job.reason, job.why) if text)
    name = escape(job.name) if job.name == job.id else f"{escape(job.name)}<br>{quiet(job.id)}"
    cells = (name, phase(job), bar(job) + quiet(job.percent), escape(time), escape(why))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def quiet(text: str) -> str:
    """Something that stands back."""
    return f'<span class="jobsub-quiet">{escape(text)}</span>' if text else ""


def log(lines: Sequence[Iterable[Run]], name: str) -> str:
    """The newest lines of the log, if there are any."""
    if not lines:
        return ""
    text = "\n".join("".join(map(_run, line)) for line in lines)
    label = f'aria-label="Newest lines of the log of {escape(name)}"'
    return f'<pre class="jobsub-log" role="region" tabindex="0" {label}>{text}</pre>'


def _run(run: Run) -> str:
    rules = _rules(run.style)
    return f'<span style="{rules}">{escape(run.text)}</span>' if rules else escape(run.text)


def _rules(style: Style) -> str:
    colour = "" if style.colour is None else f"color:{COLOURS[style.colour]};"
    return colour + ("font-weight:bold" if style.bold else "")


def note(text: str) -> str:
    """Something that the person is to know now."""
    return f'<div class="jobsub-bad" role="alert">{escape(text)}</div>' if text else ""


def live_style(key: str) -> str:
    """The style of a live view; while that is seen, what is saved of it is not."""
    return f"{STYLE}<style>.jobsub-{key}-saved {{ display: none; }}</style>"


def seen_either(key: str, saved: str) -> str:
    """Wrap what is saved; in JupyterLab one of the two takes no room, also where the view is gone."""
    child, live = ".jp-OutputArea-child", f".jobsub-{key}-live"
    mine = f"{child}:has(.jobsub-{key}-saved)"
    return (
        f"<style>{mine}:has(+ {child} {live}), {mine} + {child}:not(:has({live}))"
        " { display: none; }</style>"
        f'<div class="jobsub-{key}-saved">{saved}</div>'
    )
