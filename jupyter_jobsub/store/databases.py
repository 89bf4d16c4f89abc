"""Which database a URL names."""

from __future__ import annotations

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from .database import Database
from .postgresql import Postgresql
from .sqlite import Sqlite

_KINDS: dict[str, type[Sqlite] | type[Postgresql]] = {
    "sqlite": Sqlite,
    "postgresql": Postgresql,
    "postgres": Postgresql,
}


def database_at(url: str) -> Database:
    """Make the database of a URL, not yet opened.

    Raises
    ------
    ValueError
        If it is none that is known. The text has no part of the URL, which may have a password.
    """
    try:
        parsed = make_url(url)
        kind = _KINDS[parsed.drivername.partition("+")[0]]
    except (ArgumentError, ValueError, KeyError):
        raise ValueError(
            "it can't be used; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
            "with @, / and % in the password as %40, %2F and %25"
        ) from None
    return kind(parsed)
