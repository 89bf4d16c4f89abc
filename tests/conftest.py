"""What every test shares: the fast ones run first, those on a cluster last, which is built meanwhile.

Of those the slow ones begin, so that the others run beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.postgresql import Cluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> tuple[bool, bool]:
        clustered = _on_a_cluster(item)
        return clustered, (item.get_closest_marker("slow") is not None) != clustered

    items.sort(key=place)


def _on_a_cluster(item: pytest.Item) -> bool:
    return not {"cluster", "private_cluster"}.isdisjoint(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL server, started for the first test that asks and ended with the last."""
    from tests.postgresql import running  # most tests need neither it nor its driver

    with running() as cluster:
        yield cluster
