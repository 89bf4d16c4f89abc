"""The cluster that these tests run on: $JOBSUB_TEST_KUBECONFIG's, or one of their own."""

from __future__ import annotations

import contextlib
import itertools
import os
import uuid
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes import namespaces
from tests.kubernetes.cluster import Cluster, images, program
from tests.kubernetes.cluster import session as runs
from tests.kubernetes.cluster.access import Access

STACK = contextlib.ExitStack()  # what the run has open, until it ends
FOLDER = pytest.StashKey[Path]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where no cluster comes up, one test says so for all that need it."""
    if os.getuid():
        left_out = list(filter(_needs_root, items))[1:]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to build what is needed while other tests run."""
    if os.getuid() or session.config.option.collectonly:
        return
    if any(map(_needs_build, session.items)):
        run = getattr(session.config, "workerinput", {}).get("testrunuid") or uuid.uuid4().hex
        session.config.stash[FOLDER] = STACK.enter_context(runs.joined(run[:8]))


def pytest_sessionfinish() -> None:
    """Leave: the last to do so ends the cluster, even if the tests were interrupted."""
    STACK.close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Wait for the build outside of a test's time limit; why it failed is told by the fixture."""
    if os.getuid() == 0 and _needs_build(item):
        with contextlib.suppress(RuntimeError):
            program.programs()
            images.tars()
    return (yield)


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Access:
    """The cluster that all tests share; those that break something have one of their own."""
    if given := os.environ.get(runs.GIVEN):
        return Access(Path(given))
    _skip_unless_root()
    return runs.shared(pytestconfig.stash[FOLDER])


@pytest.fixture
def root() -> None:
    """What only root can try."""
    _skip_unless_root()


@pytest.fixture(scope="module")
def namespace(
    cluster: Access, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[namespaces.Namespace]:
    """A namespace of the module's, with the account of the project's manifests."""
    title = Path(request.module.__file__).stem
    with namespaces.made(cluster, title, tmp_path_factory.mktemp("namespace")) as made:
        yield made


@pytest.fixture
def private_cluster(pytestconfig: pytest.Config) -> Iterator[Callable[..., Cluster]]:
    """Brings up clusters whose parts a test may stop, start and set as it likes."""
    _skip_unless_root()
    numbers = itertools.count(1)
    test = uuid.uuid4().hex[:4]
    with contextlib.ExitStack() as stack:

        def bring_up(**options: Any) -> Cluster:
            folder = pytestconfig.stash[FOLDER] / f"p-{test}-{next(numbers)}"
            made = Cluster.up(folder, **options)
            stack.callback(made.down)
            return made

        yield bring_up


def _needs_root(item: pytest.Item) -> bool:
    return _needs_build(item) or "root" in _fixtures(item)


def _needs_build(item: pytest.Item) -> bool:
    own = {"private_cluster"} if os.environ.get(runs.GIVEN) else {"cluster", "private_cluster"}
    return not own.isdisjoint(_fixtures(item))


def _fixtures(item: pytest.Item) -> Collection[str]:
    return getattr(item, "fixturenames", ())


def _skip_unless_root() -> None:
    if os.getuid():
        pytest.skip(runs.HOW)
