"""Every view there is, in the order in which the gallery shows them."""

from __future__ import annotations

from dataclasses import replace

from ..stage import View
from .around import AROUND, EMPTY, GONE
from .form import FORM
from .job import JOB, METRICS
from .lists import LISTS

PLAIN = [*LISTS, *FORM, *JOB, *AROUND]
_LARGE = {"overview", "table", "form", "job", "logs"}
ZOOMED = [replace(view, name=f"zoom-{view.name}") for view in PLAIN if view.name in _LARGE]
LANGUAGES = {"zh_CN": "简体中文", "zh_TW": "繁體中文"}
_MAIN = {"overview", "sidebar-all", "table", "form", "job", "launcher"}


def in_language(language: str) -> list[View]:
    """Give the views that are shown in another language."""
    return [replace(view, name=f"{language}-{view.name}") for view in PLAIN if view.name in _MAIN]


SECTIONS = {
    "The jobs": [EMPTY, *LISTS, GONE],
    "Making a job": FORM,
    "A job": [*JOB, METRICS],
    "Ways in, and what tells of jobs": AROUND,
    "At 200 %": ZOOMED,
} | {name: in_language(language) for language, name in LANGUAGES.items()}
