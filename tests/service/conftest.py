from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.live import Live, live


@pytest.fixture(scope="module")
def service() -> Iterator[Live]:
    with live() as one:
        yield one


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Make a database, and answer the setting that names it."""
    if request.param == "sqlite":
        return lambda: ""
    cluster = request.getfixturevalue("postgresql")
    return lambda: f"\nc.JobsubService.database_url = {cluster.new_database()!r}\n"
