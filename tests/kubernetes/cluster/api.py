"""What the cluster's own helpers say to its API server: plain HTTP, so that they need no client."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .kubeconfig import Kubeconfig

PATIENCE = 60.0  # seconds


class Api:
    """An API server, as whoever a kubeconfig stands for."""

    def __init__(self, kubeconfig: Path) -> None:
        config = Kubeconfig(kubeconfig)
        server = urlsplit(config.server)
        self.address = server.hostname or "", server.port or 443
        self.headers, self.trust = config.credentials()
        self._base = server.path.rstrip("/")

    def call(
        self, method: str, path: str, body: object = None, kind: str = "application/json"
    ) -> dict[str, Any]:
        """Ask for something; an answer other than 2xx is an error with the server's words."""
        connection = http.client.HTTPSConnection(*self.address, timeout=20, context=self.trust)
        try:
            text = None if body is None else json.dumps(body)
            headers = {"Content-Type": kind, **self.headers}
            connection.request(method, self._base + path, text, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {data.decode(errors='replace')[:2000]}")
        return json.loads(data) if data.startswith(b"{") else {}

    def ready(self) -> bool:
        """Whether it answers that it is ready."""
        try:
            self.call("GET", "/readyz")
        except (OSError, http.client.HTTPException, RuntimeError):
            return False
        return True


def wait(for_what: str, condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    limit = time.monotonic() + patience
    while not condition():
        if time.monotonic() > limit:
            raise RuntimeError(f"waited {patience:.0f} s in vain for {for_what}")
        time.sleep(0.05)
