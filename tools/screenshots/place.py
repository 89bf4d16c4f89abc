"""A place whose names tell nothing of this machine: folders below /srv, and a host of another name.

It is made of Linux's namespaces: nobody else sees its mounts, and its processes end with the first of them.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
PLACE = Path("/srv")
VOLUME = PLACE / "research"  # the group's folder, which JupyterLab shows
HOME = PLACE / "home"
ENVIRONMENT = PLACE / "jupyter"  # this Python's own, seen from there
OWN = ("--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")
INSIDE = "JOBSUB_SCREENSHOTS"
ENTER = """\
set -e
mount -t tmpfs none {place}
mkdir {folders}
mount --rbind {prefix} {environment}
hostname node-1
exec {environment}/bin/python -m tools.screenshots "$@"
"""


def entered() -> bool:
    """Whether this process is there."""
    return INSIDE in os.environ


def enter(arguments: list[str]) -> NoReturn:
    """Begin again there."""
    if ROOT.is_relative_to(PLACE) or Path(sys.prefix).is_relative_to(PLACE):
        sys.exit(f"screenshots: {PLACE} is hidden while they are taken: have the sources elsewhere")
    if not shutil.which("unshare"):
        sys.exit("screenshots: this needs Linux and unshare, of the package util-linux")
    folders = " ".join(map(str, (VOLUME, HOME, ENVIRONMENT)))
    script = ENTER.format(place=PLACE, folders=folders, prefix=sys.prefix, environment=ENVIRONMENT)
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    os.chdir(ROOT)
    os.environ |= {INSIDE: "1", "HOME": str(HOME)}
    os.environ.pop("VIRTUAL_ENV", None)
    os.execvp("unshare", ["unshare", *user, *OWN, "sh", "-c", script, "sh", *arguments])
