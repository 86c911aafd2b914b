"""Fixtures of all tests: the control database, and a cluster of three real servers."""

from collections.abc import Iterator

import pytest
from django.test.utils import setup_databases, teardown_databases

from cluster.actions.events import journal
from cluster.actions.events.journal import EventRecord
from cluster.backend import counters
from cluster.conf import CONTROL_ALIAS
from cluster.local.scratch import memory
from tests.harness.cluster import Cluster
from tests.harness.operator import Operator
from tests.harness.servers import ScratchServers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take minutes: no worker is left alone with one of them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker) -> Iterator[None]:
    """Give the control database alone becomes a test database; the nodes are scratch servers of their own."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={CONTROL_ALIAS})
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="session")
def servers(django_db_setup, django_db_blocker) -> Iterator[ScratchServers]:
    """Three servers with the kernel and every replicated table, for the whole session."""
    with django_db_blocker.unblock():
        made = ScratchServers(memory())
    yield made
    made.close()


@pytest.fixture(autouse=True)
def recorded(monkeypatch) -> list[EventRecord]:
    """Return what the test's own process has recorded; rows and alerts have tests of their own."""
    kept: list[EventRecord] = []
    monkeypatch.setattr(journal, "record", kept.append)
    return kept


@pytest.fixture(autouse=True, scope="session")
def uncounted() -> Iterator[None]:
    """Let the tests' own process write no counters by itself: its thread would use a database that no test gave it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counters, "FLUSH_SECONDS", 86_400.0)
        yield


@pytest.fixture
def cluster(servers: ScratchServers, django_db_blocker) -> Iterator[Cluster]:
    """Give a cluster in its first state: Main takes writes, nothing is written, the replicator works.

    Django's settings name its nodes, and the ORM may use them. What a test leaves in the control database
    stays there.
    """
    with django_db_blocker.unblock(), servers.pointed() as conf:
        servers.reset()
        made = Cluster(servers, conf)
        try:
            made.begin()
            yield made
        finally:
            made.end()


@pytest.fixture
def operator(cluster: Cluster) -> Operator:
    """Somebody who runs the verbs."""
    return Operator(cluster)
