"""What the cluster's own helpers say to its API server: plain HTTP, so that they need no client."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

PATIENCE = 60.0  # seconds


class Api:
    """An API server, as whoever a kubeconfig stands for by a token or a certificate."""

    def __init__(self, kubeconfig: Path) -> None:
        chosen = yaml.safe_load(kubeconfig.read_text())
        context = _named(chosen, "context", chosen["current-context"])
        cluster, user = _named(chosen, "cluster", context["cluster"]), _named(chosen, "user", context["user"])
        self._server = urlsplit(cluster["server"])
        self._headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._context = ssl.create_default_context(cadata=_content(cluster, "certificate-authority"))
        if certificate := _content(user, "client-certificate"):
            with tempfile.NamedTemporaryFile("w") as both:
                both.write(certificate + (_content(user, "client-key") or ""))
                both.flush()
                self._context.load_cert_chain(both.name)

    def call(
        self, method: str, path: str, body: object = None, kind: str = "application/json"
    ) -> dict[str, Any]:
        """Ask for something; an answer other than 2xx is an error with the server's words."""
        host, port = self._server.hostname or "", self._server.port
        connection = http.client.HTTPSConnection(host, port, timeout=20, context=self._context)
        try:
            text = None if body is None else json.dumps(body)
            headers = {"Content-Type": kind, **self._headers}
            connection.request(method, path, text, headers)
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


def _named(chosen: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry[kind] for entry in chosen[f"{kind}s"] if entry["name"] == name)
    return found


def _content(entry: dict[str, Any], name: str) -> str | None:
    """What a kubeconfig gives as a file's name or as its content."""
    if data := entry.get(f"{name}-data"):
        return base64.b64decode(data).decode()
    return Path(entry[name]).read_text() if name in entry else None


def wait(for_what: str, condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    limit = time.monotonic() + patience
    while not condition():
        if time.monotonic() > limit:
            raise RuntimeError(f"waited {patience:.0f} s in vain for {for_what}")
        time.sleep(0.05)
