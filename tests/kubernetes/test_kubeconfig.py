"""Kubeconfigs as others write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kubernetes.cluster import keys
from tests.kubernetes.cluster.kubeconfig import Kubeconfig

PROGRAM = 'echo \'{"status": {"token": "\'"$ASKED"\'"}}\''


def write(folder: Path, user: dict[str, Any]) -> Path:
    """A kubeconfig whose files' names are relative to it."""
    keys.make(folder / "keys", 20000)
    path = folder / "keys" / "admin.kubeconfig"
    content = yaml.safe_load(path.read_text())
    content["clusters"][0]["cluster"]["certificate-authority"] = "node.crt"
    content["users"][0]["user"] = user
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.mark.parametrize(
    ("user", "headers"),
    [
        ({"token": "abc"}, {"Authorization": "Bearer abc"}),
        ({"client-certificate": "node.crt", "client-key": "node.key"}, {}),
        (
            {
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": "sh",
                    "args": ["-c", PROGRAM],
                    "env": [{"name": "ASKED", "value": "xyz"}],
                }
            },
            {"Authorization": "Bearer xyz"},
        ),
    ],
    ids=["token", "certificate", "program"],
)
def test_who_asks(user: dict[str, Any], headers: dict[str, str], tmp_path: Path) -> None:
    config = Kubeconfig(write(tmp_path, user))
    assert config.server == "https://127.0.0.1:20000"
    told, context = config.credentials()
    assert told == headers
    assert context.cert_store_stats()["x509"] == 1
