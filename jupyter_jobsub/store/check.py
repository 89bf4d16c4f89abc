"""Looks whether a store can be used, and changes nothing of it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from ..errors import StoreError
from . import sqlite
from .migrations import refuse_other
from .postgresql import Postgresql


def check_sqlite(path: Path) -> str:
    """Read a store whole, whoever uses it meanwhile; answer what is good of it.

    Raises
    ------
    StoreError
        If it is damaged, read-only or made by a newer release, with what to do.
    """
    with sqlite.explained(str(path)):
        engine = create_engine("sqlite://", creator=lambda: _opened(path), poolclass=NullPool)
        with engine.connect() as connection:
            sqlite.refuse_damaged(connection, str(path))
            refuse_other(connection)
    for each in (path, path.parent):
        if not os.access(each, os.W_OK):
            raise StoreError(f"can't use the store {path}: {each} is read-only; run: chmod u+w {each}")
    return f"{path} is whole"


def check_postgresql(url: str) -> str:
    """Look at a database, whoever uses it meanwhile; answer what is good of it.

    Raises
    ------
    StoreError
        If it can't be reached or was made by a newer release, with what to do.
    """
    database = Postgresql(make_url(url))
    with database.looking() as connection:
        refuse_other(connection)
    return f"{database.where} can be reached"


def _opened(path: Path) -> sqlite3.Connection:
    # where nobody writes, nothing need be left beside it
    alone = "" if path.with_name(f"{path.name}-wal").exists() else "&immutable=1"
    return sqlite3.connect(f"file:{quote(os.fspath(path))}?mode=ro{alone}", uri=True)
