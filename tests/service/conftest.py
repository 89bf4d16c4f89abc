from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live import Live, live


@pytest.fixture(scope="module")
def service() -> Iterator[Live]:
    with live() as one:
        yield one
