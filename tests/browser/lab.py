"""A real JupyterLab with a real service, in folders of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.live import Live, live

TOKEN = "t0ken"
PATIENCE = 60.0  # seconds that a server may take to start
CONFIG = f"""
c.IdentityProvider.token = "{TOKEN}"
c.ServerApp.allow_root = True
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.open_browser = False
c.ServerApp.port = 0
c.LabApp.expose_app_in_browser = True
c.LabApp.news_url = None
"""
NAMED = """
from jupyter_server.auth import IdentityProvider, User
class Named(IdentityProvider):
    def generate_anonymous_user(self, handler):
        return User({user!r})
c.ServerApp.identity_provider_class = Named
"""
QUIET = {"fetchNews": "false", "checkForUpdates": False}


class Lab:
    """A JupyterLab, and the service behind it.

    Parameters
    ----------
    service
        What it forwards to.
    files
        The folder that it shows, else one of its own.
    user
        The name of whoever is before it, else one that it makes up.
    """

    def __init__(self, service: Live, files: Path | None = None, user: str = "") -> None:
        self.service = service
        self.user = user
        self.files = files or service.folder / "files"
        self.files.mkdir(exist_ok=True)
        self._settings = service.folder / "settings"
        self.set("@jupyterlab/apputils-extension/notification", QUIET)
        self.process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def set(self, name: str, values: Mapping[str, Any]) -> None:
        """Write the settings of a plugin."""
        file = self._settings / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))

    def start(self) -> None:
        folder = self.service.folder
        config = CONFIG + (NAMED.format(user=self.user) if self.user else "")
        (folder / "config" / "jupyter_server_config.py").write_text(f"c = get_config()\n{config}")
        runtime = folder / "runtime"
        env = self.service.env | {
            "JUPYTER_DATA_DIR": str(folder / "jupyter"),
            "JUPYTER_RUNTIME_DIR": str(runtime),
            "JUPYTERLAB_SETTINGS_DIR": str(self._settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        }
        env.pop("JUPYTER_NO_CONFIG")
        with open(folder / "lab.log", "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={self.files}"],
                env=env
                | {"HOME": str(folder), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
                cwd=self.files,
                stdout=log,
                stderr=log,
            )
        self.address = self._address(runtime)

    def _address(self, runtime: Path) -> str:
        assert self.process
        end = time.monotonic() + PATIENCE
        while True:
            assert self.process.poll() is None, (self.service.folder / "lab.log").read_text()
            assert time.monotonic() < end, "JupyterLab did not start"
            for file in runtime.glob("jpserver-*.json"):
                if text := file.read_text():
                    url: str = json.loads(text)["url"]
                    return url
            time.sleep(0.05)

    def url(self, path: str = "lab", **query: str) -> str:
        """The address of a page, for who may see it."""
        given = "&".join(f"{name}={value}" for name, value in ({"token": TOKEN} | query).items())
        return f"{self.address}{path}?{given}"

    def stop(self) -> None:
        assert self.process
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def lab(config: str = "", files: Path | None = None, user: str = "") -> Iterator[Lab]:
    """Start a JupyterLab, and end it with its service."""
    with live(config) as service:
        one = Lab(service, files, user)
        one.start()
        try:
            yield one
        finally:
            one.stop()
