"""Rebuilds of a node, as tests begin, cut and check them."""

import time
from collections.abc import Callable
from contextlib import suppress

from cluster.actions.maintenance.rebuild import Rebuilt, rebuild
from cluster.actions.steps.observe import observe
from cluster.actions.verification.verify import Verification, verify
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import NodeName

MAIN = NodeName.MAIN
ADD = "INSERT INTO test_counter VALUES (%s, 0, '')"


class Cut(Exception):
    """The process that rebuilt a node is gone."""


def add(main, count: int, first: int = 1) -> None:
    main.many(ADD, [(number,) for number in range(first, first + count)])


def rebuilt(cluster, name: NodeName, **more) -> Rebuilt:
    return rebuild(cluster.nodes, name, lease_seconds=cluster.conf.lease_seconds, **more)


def compared(cluster) -> Verification:
    return verify(cluster.nodes, observe(cluster.nodes), on_difference=lambda _: None, settle=5.0)


def cut_after(ticks: int) -> Callable[[int], None]:
    """Return a progress in which the process dies."""
    left = iter(range(ticks))

    def progress(_count: int) -> None:
        if next(left, None) is None:
            raise Cut

    return progress


def wait_for_answer(seen: Callable[[], object], timeout: float = 20.0) -> None:
    """Wait until `seen` answers with something; a table that is not there yet is nothing."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        with suppress(NodeFailed):
            if seen():
                return
        time.sleep(0.01)
    raise TimeoutError(f"Not seen within {timeout} s.")
