"""From what a person names (a file, a command) to a job's specification."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..errors import FieldError, InvalidRequest
from .errors import UsageError
from .local import LocalEndpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .api import Client, Row

_PARAMETERS = "give parameters: -p NAME=VALUE; in Python: parameters={…}"
RUNS = ("command", "script", "args", "content", "notebook", "task_roles")


def new_spec(
    service: Client,
    base: Mapping[str, Any] | None = None,
    *,
    target: str | os.PathLike[str] | None = None,
    args: Sequence[object] = (),
    command: str | Sequence[object] | None = None,
    environment: str,
    **fields: Any,
) -> Row:
    """Build the specification of a new job.

    Parameters
    ----------
    base:
        A specification that the others override.
    target, args, command:
        What runs: a file with its arguments, or a command.
    environment:
        The prefix of the environment to run in, if no image is named and the service is on this machine.
    fields:
        As `override` takes them.

    Raises
    ------
    UsageError
        If it is not said what runs, or twice.
    InvalidRequest
        If values are no JSON.
    """
    if base is not None and not isinstance(base, Mapping):
        raise UsageError("a specification is a mapping, as Job.spec() gives", remedy="read the file first")
    spec = dict(base or {})
    runs = what_runs(target, args, command)
    if runs or fields.get("task_roles"):
        spec = {key: value for key, value in spec.items() if key not in RUNS} | runs
    override(spec, **fields)
    if base is None and not any(spec.get(key) for key in RUNS):
        raise UsageError("say what to run", remedy="give a notebook, a script, or a command")
    if spec.get("working_dir") is None and (spec.get("command") or spec.get("task_roles")):
        spec["working_dir"] = absolute("")
    if not spec.get("image") and isinstance(service.endpoint, LocalEndpoint):
        spec.setdefault("environment", environment)
    return plain(spec)


def changed_spec(
    spec: Mapping[str, Any],
    *,
    command: str | Sequence[object] | None = None,
    args: Sequence[object] | None = None,
    **fields: Any,
) -> Row:
    """Change the specification of a job that is to be submitted again.

    Parameters
    ----------
    command:
        In place of what runs.
    args:
        Of the script, or in place of the command.
    fields:
        As `override` takes them.
    """
    changed = {key: value for key, value in spec.items() if value is not None}
    if args is not None and changed.get("script"):
        changed["args"] = words(args)
    elif args is not None or command is not None:
        if changed.get("notebook"):
            raise UsageError("a notebook takes no command", remedy=_PARAMETERS)
        for key in RUNS:
            changed.pop(key, None)
        changed["command"] = _command(command) if command is not None else words(args or ())
    override(changed, **fields)
    return plain(changed)


def what_runs(
    target: str | os.PathLike[str] | None, args: Sequence[object], command: str | Sequence[object] | None
) -> Row:
    """Say in the specification's words what runs; nothing if nothing is given."""
    if target is not None and command is not None:
        raise UsageError("both a file and a command are given", remedy="give one of them")
    if target is None and args:
        raise UsageError("arguments are given, and no script", remedy="name the script before them")
    if command is not None:
        return {"command": _command(command)}
    return {} if target is None else _file(os.fspath(target), args)


def _command(command: str | Sequence[object]) -> str | list[str]:
    return command if isinstance(command, str) else words(command)


def _file(name: str, args: Sequence[object]) -> Row:
    path = absolute(name)
    suffix = Path(path).suffix
    if suffix == ".ipynb":
        if args:
            raise UsageError("a notebook takes no arguments", remedy=_PARAMETERS)
        return {"notebook": path}
    if suffix in (".py", ".sh"):
        return {"script": path, "args": words(args)}
    raise UsageError(
        f"{name!r} is no .ipynb, .py or .sh file",
        remedy=f"for a command, write: submit [options] -- {name} …; in Python: submit(command=…)",
    )


def words(values: Sequence[object]) -> list[str]:
    """Give the words of a command line as text: paths and numbers are welcome."""
    return [os.fspath(value) if isinstance(value, os.PathLike) else str(value) for value in values]


def override(
    spec: Row,
    *,
    env: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    grid: Mapping[str, Sequence[Any]] | None = None,
    working_dir: str | os.PathLike[str] | None = None,
    **fields: Any,
) -> None:
    """Set what is given; variables and parameters are added to those that are there.

    Parameters
    ----------
    grid:
        Values of parameters, of which a sweep is to be made: `grid` beside the fields of the specification.
    working_dir:
        Relative to this process's folder.
    fields:
        Others of the specification; None leaves them as they are.
    """
    for size, other in (("gpus", "instance_type"), ("instance_type", "gpus")):
        if fields.get(size) is not None:
            spec.pop(other, None)
    spec.update((name, value) for name, value in fields.items() if value is not None)
    if working_dir is not None:
        spec["working_dir"] = absolute(os.fspath(working_dir))
    if env:
        spec["env"] = _merged(spec.get("env") or {}, env)
    if parameters or grid:
        _set_parameters(spec, parameters or {}, grid or {})


def _set_parameters(spec: Row, single: Mapping[str, Any], grid: Mapping[str, Sequence[Any]]) -> None:
    """Give parameters one value or several, in place of those that they have."""
    for field, given, other in (("parameters", single, grid), ("grid", grid, single)):
        known = spec.get(field) or {}
        if isinstance(known, dict) and (known or given):  # what is wrong is refused by the service
            kept = {name: value for name, value in known.items() if name not in other}
            spec[field] = _merged(kept, given)


def _merged(known: Any, given: Any) -> Any:
    # what should be a mapping and is none is refused by the service, with whatever else is wrong
    return {**known, **given} if isinstance(known, Mapping) and isinstance(given, Mapping) else given


def absolute(path: str) -> str:
    """Make a path of this process's folder, or of the person's own, a whole one."""
    try:
        return os.path.abspath(os.path.expanduser(path))
    except FileNotFoundError as error:
        remedy = "change to another folder with cd, or give whole paths and a working folder"
        raise UsageError("the folder that this was started in was removed", remedy=remedy) from error


def plain(spec: Mapping[str, Any]) -> Row:
    """Make every value one that JSON has: paths are text, and numbers of NumPy's are Python's.

    Raises
    ------
    InvalidRequest
        Naming every field that can't be made so.
    """
    wrong: list[FieldError] = []
    found = {str(name): _plain(value, str(name), wrong) for name, value in spec.items()}
    if wrong:
        raise InvalidRequest(wrong)
    return found


def grid_of_lists(grid: Mapping[str, Any]) -> Row:
    """Make the values of a grid lists, whatever gives them; the service says which give none."""
    if not isinstance(grid, Mapping):
        raise UsageError("a grid is a mapping of names to values", remedy="write: grid={'lr': [0.1, 0.01]}")
    return {name: _several(values) for name, values in grid.items()}


def _several(values: Any) -> Any:
    one = isinstance(values, (str, bytes, Mapping))
    return list(values) if isinstance(values, Iterable) and not one else values


def _plain(value: Any, field: str, wrong: list[FieldError]) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one, f"{field}.{name}", wrong) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one, f"{field}.{index}", wrong) for index, one in enumerate(value)]
    try:
        return json.loads(json.dumps(value, allow_nan=False, default=_simpler))
    except (TypeError, ValueError, AttributeError):
        kind = type(value).__name__
        wrong.append(FieldError(field, f"{value!r:.80} ({kind}) is no JSON value", "give text or a number"))


def _simpler(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.tolist()  # arrays and numbers of NumPy, PyTorch and their like
