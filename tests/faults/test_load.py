"""The zero line: many writers and no fault."""

import threading

import pytest

from cluster.protocol.names import NodeName
from tests.harness.checker import check, observed
from tests.harness.writers import writing

pytestmark = pytest.mark.faults


def test_sixteen_writers_meet_no_error_and_leave_equal_nodes(cluster):
    with observed(cluster), writing(cluster, writers=16) as book:
        book.wait_for(600, timeout=30)
    check(cluster, book)
    repeated = {name: tries for name, tries in book.attempts.items() if tries > 1}
    assert repeated == {}


def test_additions_to_one_row_are_all_counted(cluster):
    """300 times +1 from ten sessions is +300 on every node."""
    cluster.connect("main").run("INSERT INTO test_counter VALUES (1, 0, '')")
    problems = []

    def add() -> None:
        session = cluster.connect("main", timeout=20)
        for _ in range(30):
            session.run("UPDATE test_counter SET value = value + 1 WHERE id = 1")

    threads = [threading.Thread(target=add) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    cluster.settle()
    values = [cluster.connect(name).rows("SELECT value FROM test_counter") for name in NodeName]
    assert (values, problems) == ([((300,),)] * 3, [])


def test_switchovers_under_load_lose_nothing(cluster, operator):
    """The way there and back, with clients that find the new primary by themselves."""
    with observed(cluster), writing(cluster) as book:
        for to in ("node_a", "main"):
            book.wait_for(40)
            done = operator.give_writes(to)
            assert done.pause is not None
            assert done.pause < 3
            book.wait_for(40)
    check(cluster, book)
