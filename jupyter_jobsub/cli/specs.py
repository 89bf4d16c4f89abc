"""From options, files and folders to a job's specification."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from .errors import UsageError

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
    "image": "image",
    "working_dir": "working_dir",
    "priority": "priority",
    "preemptible": "preemptible",
    "deadline": "deadline_seconds",
    "ttl": "ttl_seconds",
    "retries": "retries",
}
RUNS = ("command", "script", "args", "notebook", "task_roles")


def new_spec(args: argparse.Namespace, service: Client) -> Row:
    """Build the specification that `submit` sends."""
    spec = _from_file(args.file) if args.file else {}
    if args.target or args.rest:
        spec = {key: value for key, value in spec.items() if key not in RUNS} | _what_runs(
            args.target, args.rest
        )
    elif not args.file:
        raise UsageError("say what to run", remedy="write: jupyter jobsub submit -- COMMAND, or give a file")
    _override(spec, args, service)
    if "working_dir" not in spec and (spec.get("command") or spec.get("task_roles")):
        spec["working_dir"] = _absolute("")
    if not spec.get("image") and _on_this_machine(service):
        spec.setdefault("environment", shell_environment())
    return spec


def changed_spec(spec: Row, args: argparse.Namespace, service: Client) -> Row:
    """Change a job's specification as the options of `clone` ask."""
    spec = {key: value for key, value in spec.items() if value is not None}
    if args.rest is not None:
        if spec.get("notebook"):
            raise UsageError("a notebook takes no command", remedy="give parameters with -p")
        if spec.get("script"):
            spec["args"] = args.rest
        else:
            spec.pop("task_roles", None)
            spec["command"] = args.rest
    _override(spec, args, service)
    return spec


def _what_runs(target: str | None, rest: list[str] | None) -> Row:
    if target is None:
        return {"command": rest}
    path = _absolute(target)
    suffix = Path(path).suffix
    if suffix == ".ipynb":
        if rest:
            raise UsageError("a notebook takes no arguments", remedy="give parameters with -p NAME=VALUE")
        return {"notebook": path}
    if suffix in (".py", ".sh"):
        return {"script": path, "args": rest or []}
    raise UsageError(
        f"{target!r} is no .ipynb, .py or .sh file",
        remedy=f"for a command, write: jupyter jobsub submit [options] -- {target} …",
    )


def _override(spec: Row, args: argparse.Namespace, service: Client) -> None:
    for option, field in OPTIONS.items():
        if (value := getattr(args, option)) is not None:
            spec[field] = value
    if args.working_dir is not None:
        spec["working_dir"] = _absolute(args.working_dir)
    if args.env:
        spec["env"] = {**(spec.get("env") or {}), **dict(args.env)}
    if args.parameters:
        spec["parameters"] = {**(spec.get("parameters") or {}), **dict(args.parameters)}
    if args.gpus is not None:
        spec["instance_type"] = smallest_with(
            args.gpus, service.call("GET", "/jobsub/catalog"), spec.get("group")
        )


def smallest_with(gpus: int, catalog: Row, group: str | None) -> str:
    """Choose the smallest instance type of the group with at least that many GPUs."""
    wanted = group or catalog["defaults"]["group"]
    names = next((g["instance_types"] for g in catalog["groups"] if g["name"] == wanted), None)
    types = [t for t in catalog["instance_types"] if names is None or t["name"] in names]
    fitting = [t for t in types if _gpus(t) >= gpus]
    if not fitting:
        most = max((_gpus(t) for t in types), default=0)
        raise UsageError(
            f"no instance type has {gpus} GPUs; the largest has {most}", remedy="see: jupyter jobsub catalog"
        )
    name: str = min(fitting, key=lambda t: (_gpus(t), t["cpu"], t["memory"]))["name"]
    return name


def _gpus(instance_type: Row) -> int:
    return sum((instance_type.get("gpu") or {}).values())


def _from_file(name: str) -> Row:
    """Read a specification; paths in it are relative to its folder."""
    spec = _decode(_text(name), name)
    if not isinstance(spec, dict):
        remedy = "write fields and values, such as: command: python train.py"
        raise UsageError(f"{name} holds no job", remedy=remedy)
    folder = _absolute("" if name == "-" else os.path.dirname(name))
    for field in ("script", "notebook", "working_dir"):
        if isinstance(value := spec.get(field), str):
            spec[field] = os.path.normpath(os.path.join(folder, os.path.expanduser(value)))
    return spec


def _absolute(path: str) -> str:
    """Make a path of this shell's folder, or of the person's own, a whole one."""
    try:
        return os.path.abspath(os.path.expanduser(path))
    except FileNotFoundError as error:
        remedy = "change to another folder with cd, or give whole paths and --working-dir"
        raise UsageError("the folder that this shell is in was removed", remedy=remedy) from error


def _text(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
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


def _on_this_machine(service: Client) -> bool:
    from ..client import LocalEndpoint

    return isinstance(service.endpoint, LocalEndpoint)


def shell_environment() -> str:
    """The environment that the shell has activated, else the one of this program."""
    return os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX") or sys.prefix
