"""``manifests``: what an administrator gives a cluster before jobs can run there."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys

from .errors import OK, UsageError
from .output import json_line
from .parser import Parser, examples

_FILE = ("engines", "kubernetes", "manifests", "account.yaml")


def declare_manifests(parser: Parser) -> None:
    """Declare ``manifests``."""
    parser.add_argument("--namespace", metavar="NAME", help="where jobs run (as configured, or default)")
    parser.description = (
        "Print the account that the service needs to run jobs on Kubernetes, with the few rights that\n"
        "takes, all in one namespace. It is called jupyter-jobsub: let the service's Pod have it, or make\n"
        "a token of it for a kubeconfig. Who works there with more rights anyway needs none of this."
    )
    examples(
        parser,
        "manifests --namespace jobs | kubectl apply -f -",
        more="A token:\n  kubectl create token jupyter-jobsub --namespace jobs --duration 720h",
    )
    parser.set_defaults(run=manifests)


def manifests(args: argparse.Namespace) -> int:
    """Carry ``manifests`` out."""
    namespace = _configured() or "default" if args.namespace is None else args.namespace
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", namespace):
        remedy = "namespaces have small letters, digits and - in their names; see: kubectl get namespaces"
        raise UsageError(f"{namespace!r} can't be a namespace", remedy=remedy)
    package = os.path.dirname(os.path.dirname(__file__))
    with open(os.path.join(package, *_FILE), encoding="utf-8") as file:
        text = file.read().replace("NAMESPACE", namespace)
    if not args.json:
        print(text, end="")
        return OK
    import yaml

    for manifest in yaml.safe_load_all(text):
        json_line(manifest)
    return OK


def _configured() -> str:
    """Ask the service's program, which alone reads the configuration, in a process of its own."""
    command = [sys.executable, "-m", "jupyter_jobsub.service", "--namespace"]
    asked = subprocess.run(command, cwd="/", capture_output=True, text=True)
    if asked.returncode:
        *_, why = asked.stderr.strip().splitlines() or ["no reason given"]
        remedy = "name the namespace with --namespace, or see: jupyter jobsub doctor"
        raise UsageError(f"the configuration can't be read: {why}", remedy=remedy)
    return asked.stdout.strip()
