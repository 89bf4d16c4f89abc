"""The pictures' folder: small files, and the page that shows them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .stage import THEMES
from .views import SECTIONS

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
COLOURS = ("--force", "--nofs", "--strip", "--speed", "1", "128")
BEGINNING = """\
# Every view of the panel

Light and dark, as `make screenshots` takes them of a real JupyterLab with real jobs.
"""


def shrink(file: Path) -> None:
    """Leave a picture the colours that it needs, where there is a tool for that."""
    if tool := shutil.which("pngquant"):
        subprocess.run([tool, *COLOURS, "--output", file, file], check=True)


def page() -> str:
    """Show each view, one theme beside the other."""
    lines = [BEGINNING]
    for title, views in SECTIONS.items():
        lines.append(f"## {title}\n")
        for view in views:
            name, says = view.name, view.says
            pictures = " ".join(
                f'<img src="{name}-{theme}.png" alt="{says} ({theme})" width="49%">' for theme in THEMES
            )
            lines.append(f"{says}\n\n{pictures}\n")
    return "\n".join(lines)


def write() -> None:
    """Write the page."""
    (FOLDER / "README.md").write_text(page())
