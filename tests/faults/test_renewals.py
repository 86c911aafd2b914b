"""The rhythm of renewals, with a primary that is slow to commit."""

import threading
import time

import pytest

from cluster.actions.replication.replicate import RENEWAL_PAUSE, Replicator
from cluster.nodes.cluster import connect
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.names import NodeName

pytestmark = [pytest.mark.faults, pytest.mark.timeout(60)]

LEASE = 1.5
RENEWALS = 3


class Pauses(threading.Event):
    """Set after some pauses, whose seconds it keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.seconds.append(timeout)
        if len(self.seconds) == RENEWALS:
            self.set()
        return self.is_set()


def slow(seconds: float):
    """Connect nodes that take so long to commit a heartbeat."""

    def dial(name: NodeName, timeout: float) -> MariaDBNode:
        node = connect(name, timeout=timeout)
        beat = node.beat

        def late() -> float:
            time.sleep(seconds)
            return beat()

        node.beat = late
        return node

    return dial


@pytest.mark.parametrize(
    ("commit_seconds", "longest"), [(0.0, LEASE / 3), (0.3, LEASE / 3 - 0.3), (LEASE / 3, RENEWAL_PAUSE)]
)
def test_a_slow_commit_does_not_make_the_next_renewal_late(cluster, commit_seconds, longest):
    said: list[str] = []
    replicator = Replicator(slow(commit_seconds), lease_seconds=LEASE, on_progress=said.append)
    pauses = Pauses()
    replicator.keep_lease(cluster.nodes[NodeName.MAIN].state(), NodeName.NODE_A, pauses)
    assert len(pauses.seconds) == RENEWALS
    assert all(RENEWAL_PAUSE <= seconds <= longest for seconds in pauses.seconds)
    assert said == []
