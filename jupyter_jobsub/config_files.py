"""The configuration's files: which are read, what is in them, and where in them a setting is written."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from jupyter_core.paths import jupyter_config_path
from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, JSONFileConfigLoader, PyFileConfigLoader

from .errors import FieldError

NAME = "jupyter_jobsub_config"
SECTION = "JobsubService"

Place: TypeAlias = tuple[int, int]  # characters of a setting's path that were not found, and the line


def config_files() -> list[Path]:
    """The files that are read, the most important last."""
    folders = [Path(folder) for folder in reversed(jupyter_config_path())]
    return [p for f in folders for end in ("py", "json") if (p := f / f"{NAME}.{end}").is_file()]


def read_files() -> tuple[Config, list[FieldError]]:
    """Read and merge them; answer also what is wrong with those that can't be read."""
    config, wrong = Config(), []
    for path in config_files():
        try:
            config.merge(_read(path))
        except SyntaxError as error:
            wrong.append(_unread(f"{path}, line {error.lineno}", error.msg))
        except ConfigFileNotFound as error:
            wrong.append(_unread(str(path), f"can't be read: {error}"))
        except (Exception, SystemExit) as error:  # the file is a program: it may raise anything
            wrong.append(_unread(f"{path}{_line_in(error, path)}", f"{type(error).__name__}: {error}"))
    return config, wrong


def _read(path: Path) -> Config:
    loader: Any = JSONFileConfigLoader if path.suffix == ".json" else PyFileConfigLoader
    return Config(loader(path.name, str(path.parent)).load_config())


def _unread(place: str, message: str) -> FieldError:
    return FieldError(place, message, "correct the file there")


def _line_in(error: BaseException, path: Path) -> str:
    if line := getattr(error, "lineno", None):  # of JSON
        return f", line {line}"
    trace, line = error.__traceback__, None
    while trace:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f", line {line}" if line else ""


def written_at(setting: str) -> str:
    """Say in which file and line a setting such as ``groups.lab.quota.cpu`` is written.

    The line of the innermost part that is found: a value may be computed. Without one, the files.
    """
    for path in reversed(config_files()):
        if line := _line_of(f"{SECTION}.{setting}", path):
            return f"{path}, line {line}"
    return ", ".join(str(path) for path in config_files())


def _line_of(setting: str, path: Path) -> int | None:
    try:
        found = list(_places_in(path, setting))
    except (SyntaxError, ValueError, OSError, RecursionError):
        return None
    _, line = min(found, key=lambda place: (place[0], -place[1]), default=(0, None))
    return line


def _places_in(path: Path, setting: str) -> Iterator[Place]:
    text = path.read_text()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes that only JSON knows
        if path.suffix == ".json":  # is nearly Python, and all of it that matters here
            yield from _places(setting, ast.parse(f"({text})", mode="eval").body, {})
            return
        tree = ast.parse(text)
    variables: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        for target in node.targets if isinstance(node, ast.Assign) else ():
            assert isinstance(node, ast.Assign)
            if isinstance(target, ast.Name):
                variables[target.id] = node.value
            elif (left := _after(setting, _keys(target))) is not None:
                yield len(left), node.lineno
                yield from _places(left, node.value, variables)


def _keys(target: ast.expr) -> list[object]:
    """The parts of ``c.JobsubService.groups["lab"]`` after the first."""
    if isinstance(target, ast.Attribute):
        return [*_keys(target.value), target.attr]
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return [*_keys(target.value), target.slice.value]
    return []


def _places(setting: str, node: ast.expr, variables: Mapping[str, ast.expr]) -> Iterator[Place]:
    """Where the parts of a path are written in a literal, the outermost first."""
    value = variables.get(node.id, node) if isinstance(node, ast.Name) else node
    rows: list[tuple[object, ast.expr, ast.expr]] = []
    if isinstance(value, ast.Dict):
        pairs = zip(value.keys, value.values, strict=True)
        rows = [(key.value, key, inner) for key, inner in pairs if isinstance(key, ast.Constant)]
    elif isinstance(value, ast.List):
        rows = [(place, inner, inner) for place, inner in enumerate(value.elts)]
    for key, at, inner in rows:
        if setting and (left := _after(setting, [key])) is not None:
            yield len(left), at.lineno
            yield from _places(left, inner, variables)


def _after(setting: str, keys: Sequence[object]) -> str | None:
    """What is left of a dotted path after some keys, which may have dots; None if they are not on it."""
    for key in keys:
        if setting != str(key) and not setting.startswith(f"{key}."):
            return None
        setting = setting[len(str(key)) + 1 :]
    return setting
