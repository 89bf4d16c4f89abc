"""From options and files to a job's specification."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ..client import specs
from .errors import UsageError
from .terminal import terminal
from .values import Bare

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from ..client import Client
    from ..client.api import Row

OPTIONS = {
    "name": "name",
    "group": "group",
    "instance_type": "instance_type",
    "gpus": "gpus",
    "image": "image",
    "working_dir": "working_dir",
    "priority": "priority",
    "preemptible": "preemptible",
    "deadline": "deadline_seconds",
    "ttl": "ttl_seconds",
    "retries": "retries",
}


def new_spec(args: argparse.Namespace, service: Client) -> Row:
    """Build the specification that `submit` sends."""
    if not (args.file or args.target or args.rest):
        raise UsageError("say what to run", remedy="write: jupyter jobsub submit -- COMMAND, or give a file")
    base = from_file(args.file) if args.file else None
    runs = specs.what_runs(args.target, (), None) or base or {}
    return specs.new_spec(
        service,
        base,
        target=args.target,
        args=(args.rest or ()) if args.target else (),
        command=None if args.target else args.rest,
        environment=terminal().environment(),
        **given(args, runs),
    )


def changed_spec(spec: Row, args: argparse.Namespace) -> Row:
    """Change a job's specification as the options of `clone` ask."""
    return specs.changed_spec(spec, args=args.rest, **given(args, spec))


def given(args: argparse.Namespace, runs: Row) -> dict[str, Any]:
    """Collect what the options ask for, by the names of the specification's fields.

    Parameters
    ----------
    runs:
        A specification that says what runs: a notebook is given values, others get text as it was typed.
    """
    fields = {field: getattr(args, option) for option, field in OPTIONS.items()}
    values = dict(args.parameters or ())
    if runs.get("notebook"):
        values = {name: [_in_python(value) for value in several] for name, several in values.items()}
    single = {name: several[0] for name, several in values.items() if len(several) == 1}
    grid = {name: several for name, several in values.items() if len(several) > 1}
    return fields | {"env": dict(args.env or ()), "parameters": single, "grid": grid}


def _in_python(value: Any) -> Any:
    return value.in_python if isinstance(value, Bare) else value


def from_file(name: str) -> Row:
    """Read a specification; paths in it are relative to its folder."""
    spec = _decode(_text(name), name)
    if not isinstance(spec, dict):
        remedy = "write fields and values, such as: command: python train.py"
        raise UsageError(f"{name} holds no job", remedy=remedy)
    folder = specs.absolute("" if name == "-" else os.path.dirname(name))
    for field in ("script", "notebook", "working_dir"):
        if isinstance(value := spec.get(field), str):
            spec[field] = os.path.normpath(os.path.join(folder, os.path.expanduser(value)))
    return spec


def _text(name: str) -> str:
    try:
        return terminal().read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text") from error


def _decode(text: str, name: str) -> Any:
    if name.endswith(".json") or text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{name} is not JSON: {error}") from error
    import yaml

    try:
        # what JSON has no word for, such as a date, becomes text
        return json.loads(json.dumps(yaml.safe_load(text), default=str))
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not YAML for a job: {' '.join(str(error).split())}") from error
