"""What would hinder the service, found without starting it; one line of JSON for each finding."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..config import load_config, read_config
from ..config_files import config_files
from ..engines.kubernetes.images import parse_images
from ..engines.kubernetes.settings import parse_settings
from ..errors import ConfigError, EngineError, StoreError
from ..store.check import check_postgresql, check_sqlite
from .engines import look_at_cluster, try_config
from .host_local import STORE

ROOM = 1 << 20  # bytes that must fit


def check(folder: Path) -> None:
    """Print what is found: level (ok, fail), check, text and remedy."""
    with contextlib.redirect_stdout(sys.stderr):  # the configuration is a program, and may print
        found = [*_configuration(folder), *_cluster(), *_room(folder), *_store(folder)]
    for level, what, text, remedy in found:
        print(json.dumps({"level": level, "check": what, "text": text, "remedy": remedy}))


def namespace() -> str:
    """Name the namespace that is configured for jobs; "" where none is.

    Raises
    ------
    ConfigError
        If the configuration can't be read.
    """
    with contextlib.redirect_stdout(sys.stderr):
        return parse_settings(load_config().kubernetes).namespace or ""


def _configuration(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    try:
        try_config(folder)
    except ConfigError as error:
        yield from (("fail", "configuration", f"{e.field}: {e.message}", e.remedy) for e in error.errors)
    else:
        files = ", ".join(str(path) for path in config_files())
        yield "ok", "configuration", files or "none, everything is at its default", ""


def _cluster() -> Iterator[tuple[str, str, str, str]]:
    config = read_config()
    if config.engine != "kubernetes":
        return
    try:
        yield "ok", "cluster", asyncio.run(look_at_cluster(config)), ""
    except EngineError as error:
        text, _, remedy = str(error).partition(". ")
        yield "fail", "cluster", text, remedy
    except ConfigError:  # the client is missing, as was said of the configuration
        return
    images = parse_images(config.images).values()
    yield "ok", "images", ", ".join(f"{image.name} ({image.reference})" for image in images), ""


def _room(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    if not folder.exists():
        return
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(ROOM))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        text = f"nothing can be written to {folder}: {error.strerror}"
        yield "fail", "room", text, "free some space, or make its file system writable"


def _store(folder: Path) -> Iterator[tuple[str, str, str, str]]:
    url, path = read_config().database_url, folder / STORE
    if not url and not path.exists():
        yield "ok", "store", f"{path} (made on first use)", ""
        return
    try:
        text = check_postgresql(url) if url else check_sqlite(path)
    except StoreError as error:
        text, _, remedy = str(error).rpartition("; ")
        yield "fail", "store", text or remedy, remedy if text else ""
    else:
        yield "ok", "store", text, ""
