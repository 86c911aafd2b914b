"""The alias of the cluster follows the primary between two transactions, never inside one."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction
from django.db.models import CharField, Subquery
from django.db.models.functions import Cast

from cluster.backend import NotWritable, view
from cluster.protocol.names import NodeName
from tests.harness.specimens.models import Counter, Shelf, Specimen

MAIN, NODE_A, NODE_B = NodeName


@pytest.fixture(autouse=True)
def settled(cluster):
    """Nothing is on its way; no connection outlives the test."""
    cluster.settle()
    yield
    connections.close_all()


@pytest.fixture
def hand_over(cluster) -> Callable[[str], None]:
    """Hands the writes over, and waits until this process has seen it."""

    def switch(to: str) -> None:
        cluster.manage("switchover", "--to", to).check_returncode()
        deadline = time.monotonic() + 5
        while view.shared().primary() != to:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    return switch


@contextmanager
def undone() -> Iterator[None]:
    """A block that ends with an error."""
    with suppress(LookupError), transaction.atomic():
        yield
        raise LookupError


def values(cluster) -> list[object]:
    """What counter 1 has on each node."""
    cluster.settle()
    return [cluster.connect(name).rows("SELECT value FROM test_counter WHERE id = 1") for name in NodeName]


def test_a_bare_block_is_whole_or_not_at_all():
    with undone():
        Counter.objects.create(id=1)
        Shelf.objects.create(name="one")
    assert (Counter.objects.count(), Shelf.objects.count()) == (0, 0)


def test_a_hook_runs_after_the_commit_and_not_after_a_rollback():
    ran = []
    with undone():
        Counter.objects.create(id=1)
        transaction.on_commit(lambda: ran.append(1))
    with transaction.atomic():
        Counter.objects.create(id=2)
        transaction.on_commit(lambda: ran.append(2))
        assert ran == []
    assert ran == [2]


def test_rows_can_be_locked_and_savepoints_undone():
    Counter.objects.create(id=1)
    with transaction.atomic():
        row = Counter.objects.select_for_update().get(id=1)
        row.value = 1
        row.save()
        with undone():
            Counter.objects.update(value=2)
    assert Counter.objects.get().value == 1


def test_the_next_transaction_meets_the_new_primary(cluster, hand_over):
    Counter.objects.create(id=1)
    assert connection.node is MAIN
    hand_over("node_a")
    Counter.objects.update(value=1)
    assert connection.node is NODE_A
    assert connection.settings_dict["NAME"] == connections["node_a"].settings_dict["NAME"]
    hand_over("main")
    Counter.objects.update(value=2)
    assert values(cluster) == [((2,),)] * 3


def test_a_transaction_never_moves(cluster, hand_over):
    """What it still reads comes from the old primary, and what it writes there is refused, not done elsewhere."""
    Counter.objects.create(id=1)
    with transaction.atomic():
        assert Counter.objects.get().value == 0
        hand_over("node_a")
        assert Counter.objects.get().value == 0
        assert connection.node is MAIN
        with pytest.raises(NotWritable), transaction.atomic():
            Counter.objects.update(value=2)
    Counter.objects.update(value=3)
    assert values(cluster) == [((3,),)] * 3


def test_who_commits_by_hand_moves_between_two_transactions(cluster, hand_over):
    transaction.set_autocommit(False)
    try:
        Counter.objects.create(id=1)
        transaction.commit()
        hand_over("node_a")
        Counter.objects.update(value=1)
        assert connection.node is NODE_A
        assert not transaction.get_autocommit()
        transaction.rollback()
        Counter.objects.update(value=2)
        transaction.commit()
    finally:
        transaction.set_autocommit(True)
    assert values(cluster) == [((2,),)] * 3


def test_a_session_that_began_by_a_statement_stays(cluster, hand_over):
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT COUNT(*) FROM test_counter")
        hand_over("node_a")
        cursor.execute("SELECT COUNT(*) FROM test_counter")
        assert connection.node is MAIN
        with pytest.raises(NotWritable):
            cursor.execute("INSERT INTO test_counter VALUES (1, 0, '')")
        cursor.execute("ROLLBACK")
    Counter.objects.create(id=1)
    assert connection.node is NODE_A


def test_a_dead_primary_costs_an_error_and_the_next_one_takes_over(cluster):
    Counter.objects.create(id=1)
    cluster.manage("check_main_health", "--json")  # the watch has seen Main alive
    cluster.kill("main")
    cluster.manage("promote_node_a").check_returncode()
    view.shared().await_primary(time.monotonic() + 10)
    Counter.objects.update(value=1)
    assert connection.node is NODE_A


def test_without_a_primary_it_reads_on(cluster):
    Counter.objects.create(id=1)
    cluster.settle()
    cluster.kill("main")
    view.forget()
    assert Counter.objects.get().id == 1
    with pytest.raises(OperationalError):
        Counter.objects.update(value=1)


def test_rows_refer_to_each_other_whatever_alias_they_came_by():
    made = Shelf.objects.create(name="one")
    Specimen.objects.create(slot=1, shelf=Shelf.objects.using("main").get(pk=made.pk))
    assert Specimen.objects.get().shelf == made


def test_fixtures_go_in_and_out(tmp_path):
    Shelf.objects.create(name="one")
    path = tmp_path / "all.json"
    call_command("dumpdata", "specimens.Shelf", output=str(path), verbosity=0)
    Shelf.objects.all().delete()
    call_command("loaddata", str(path), verbosity=0)
    assert Shelf.objects.get().name == "one"


def test_the_asynchronous_interface_works():
    async def work() -> int:
        await Counter.objects.acreate(id=1)
        return await Counter.objects.acount()

    with ThreadPoolExecutor(1) as elsewhere:  # the tests' own thread may run an event loop for a browser
        assert elsewhere.submit(async_to_sync(work)).result(30) == 1
        elsewhere.submit(connections.close_all).result(30)


def test_what_a_statement_computes_compares_with_columns():
    """A cast has the collation of the connection, a column that of the database."""
    Shelf.objects.create(name="1")
    Counter.objects.create(id=1)
    named = Counter.objects.annotate(word=Cast("id", CharField()))
    assert Shelf.objects.filter(name__in=named.values("word")).exists()
    assert Shelf.objects.filter(name=Subquery(named.values("word")[:1])).exists()
