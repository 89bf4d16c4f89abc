"""What a kubeconfig says of its current context: the server, and who asks it."""

from __future__ import annotations

import base64
import json
import os
import ssl
import tempfile
from pathlib import Path
from typing import Any

import yaml

from .commands import run


class Kubeconfig:
    """The current context of a kubeconfig, of this machine's cluster, kind, k3d or a cloud."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        chosen = yaml.safe_load(path.read_text())
        context = _named(chosen, "context", chosen["current-context"])
        self._cluster = _named(chosen, "cluster", context["cluster"])
        self._user = _named(chosen, "user", context["user"])
        self.server: str = self._cluster["server"]

    def credentials(self) -> tuple[dict[str, str], ssl.SSLContext]:
        """The headers and the TLS context of a request."""
        user = {**self._user, **self._told_by_its_program()}
        context = ssl.create_default_context(cadata=self._content(self._cluster, "certificate-authority"))
        if certificate := self._content(user, "client-certificate"):
            with tempfile.NamedTemporaryFile("w") as both:
                both.write(certificate + (self._content(user, "client-key") or ""))
                both.flush()
                context.load_cert_chain(both.name)
        return ({"Authorization": f"Bearer {user['token']}"} if "token" in user else {}), context

    def _told_by_its_program(self) -> dict[str, str]:
        """The token that a program gives, as those of clouds do."""
        if not (program := self._user.get("exec")):
            return {}
        variables = {it["name"]: it["value"] for it in program.get("env") or []}
        asked = json.dumps({"kind": "ExecCredential", "apiVersion": program["apiVersion"], "spec": {}})
        environment = {**os.environ, **variables, "KUBERNETES_EXEC_INFO": asked}
        told = run(program["command"], *(program.get("args") or []), env=environment)
        return {"token": json.loads(told)["status"]["token"]}

    def _content(self, entry: dict[str, Any], name: str) -> str | None:
        """What is given as a file's name or as its content."""
        if data := entry.get(f"{name}-data"):
            return base64.b64decode(data).decode()
        return (self._folder / entry[name]).read_text() if name in entry else None


def _named(chosen: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry[kind] for entry in chosen[f"{kind}s"] if entry["name"] == name)
    return found
