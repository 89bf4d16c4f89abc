"""What keeps people from using a view: found by axe-core in the page."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"


def faults(view: Locator) -> list[str]:
    """The rules that a view breaks, each with the elements that break it."""
    page = view.page
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = view.evaluate("view => axe.run(view, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']}\n" + "\n".join(node["html"] for node in one["nodes"])
        for one in found["violations"]
    ]
