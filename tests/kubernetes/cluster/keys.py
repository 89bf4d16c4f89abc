"""The cluster's keys, tokens and kubeconfigs: made anew for each, and readable to its owner alone."""

from __future__ import annotations

import secrets
from pathlib import Path

import yaml

from .commands import run

# one certificate for all that listen on loopback, by which they know each other, too
SUBJECT = "/O=system:masters/CN=jobsub-test-cluster"
EXTENSIONS = ("subjectAltName=IP:127.0.0.1,DNS:localhost", "extendedKeyUsage=serverAuth,clientAuth")


def make(folder: Path, port: int) -> None:
    """Make them all in a folder."""
    folder.mkdir(mode=0o700)
    names = [text for extension in EXTENSIONS for text in ("-addext", extension)]
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ("-keyout", folder / "node.key", "-out", folder / "node.crt")
    run("openssl", "req", "-x509", *new_key, *files, "-days", "3650", "-subj", SUBJECT, *names)
    run("openssl", "genrsa", "-out", folder / "accounts.key", "2048")
    run("openssl", "rsa", "-in", folder / "accounts.key", "-pubout", "-out", folder / "accounts.pub")
    token = secrets.token_hex(24)
    (folder / "token").write_text(token)
    (folder / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
    write_kubeconfig(folder / "admin.kubeconfig", port, folder / "node.crt", token)


def write_kubeconfig(path: Path, port: int, certificate: Path, token: str) -> None:
    """Write how to reach the API server as whoever the token stands for."""
    server = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(certificate)}
    context = {"cluster": "jobsub", "user": "jobsub"}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "jobsub", "cluster": server}],
        "users": [{"name": "jobsub", "user": {"token": token}}],
        "contexts": [{"name": "jobsub", "context": context}],
        "current-context": "jobsub",
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content, sort_keys=False))
