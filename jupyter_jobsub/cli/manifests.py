"""``manifests``: what an administrator gives a cluster before jobs can run there."""

from __future__ import annotations

import argparse
import os
import re

from .errors import OK, UsageError
from .output import json_line
from .parser import Parser, examples

_FILE = ("engines", "kubernetes", "manifests", "account.yaml")


def declare_manifests(parser: Parser) -> None:
    """Declare ``manifests``."""
    parser.add_argument("--namespace", metavar="NAME", default="default", help="where jobs run (default)")
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
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", args.namespace):
        remedy = "namespaces have small letters, digits and - in their names; see: kubectl get namespaces"
        raise UsageError(f"{args.namespace!r} can't be a namespace", remedy=remedy)
    package = os.path.dirname(os.path.dirname(__file__))
    with open(os.path.join(package, *_FILE), encoding="utf-8") as file:
        text = file.read().replace("NAMESPACE", args.namespace)
    if not args.json:
        print(text, end="")
        return OK
    import yaml

    for manifest in yaml.safe_load_all(text):
        json_line(manifest)
    return OK
