"""The alias of the cluster follows the primary between two transactions, never inside one."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.models import CharField, Subquery
from django.db.models.functions import Cast
from django.utils.functional import SimpleLazyObject

from cluster.backend import NoPrimary, NotWritable, view
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
    """Give a block that ends with an error."""
    with suppress(LookupError), transaction.atomic():
        yield
        raise LookupError


def values(cluster) -> list[object]:
    """Return what counter 1 has on each node."""
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


def test_the_next_primary_is_met_after_a_death(cluster):
    Counter.objects.create(id=1)
    cluster.kill("main")
    cluster.manage("promote_node_a").check_returncode()
    Counter.objects.update(value=1)
    assert connection.node is NODE_A


@pytest.fixture
def lost(cluster) -> None:
    """Let Main be dead and nobody take over, while this process reads from a replica; counter 1 is there."""
    Counter.objects.create(id=1)
    cluster.settle()
    cluster.manage("pause").check_returncode()
    cluster.kill("main")
    assert Counter.objects.get().id == 1
    assert connection.node is not MAIN


@pytest.fixture
def promotion(cluster, lost) -> Iterator[None]:
    """Begins now: what is written meanwhile waits for it."""
    promoting = cluster.popen("promote_node_a")
    yield
    promoting.communicate(timeout=30)
    assert promoting.returncode == 0


def test_without_a_primary_it_reads_on(lost, settings):
    settings.CLUSTER_WRITE_DEADLINE = 0.5
    view.forget()
    for write in (Counter.objects.update, transaction.atomic(Counter.objects.update)):
        with pytest.raises(NoPrimary):
            write(value=1)
    with transaction.atomic():
        assert Counter.objects.get().value == 0
        with pytest.raises(NotWritable), transaction.atomic():
            Counter.objects.update(value=1)


@pytest.mark.parametrize("block", [False, True], ids=["alone", "in a block"])
def test_without_a_primary_no_replica_is_asked_what_matches(lost, settings, block):
    """It may lack the very row: no trigger would run there, and nothing be refused."""
    settings.CLUSTER_WRITE_DEADLINE = 0.5
    view.forget()
    with pytest.raises(NoPrimary), transaction.atomic() if block else nullcontext():
        Counter.objects.filter(id=99).update(value=1)


def test_a_write_of_its_own_waits_for_the_new_primary(promotion):
    Counter.objects.filter(id=1).update(value=1)
    assert connection.node is NODE_A
    assert Counter.objects.get().value == 1


def test_several_rows_of_one_call_wait_for_the_new_primary(promotion):
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE test_counter SET value = value + %s WHERE id = 1", [(1,), (2,)])
    assert (connection.node, Counter.objects.get().value) == (NODE_A, 3)


@pytest.mark.parametrize("outer", [False, True], ids=["alone", "in another block"])
def test_a_block_that_begins_with_a_write_waits_for_the_new_primary(promotion, outer):
    ran: list[int] = []
    with transaction.atomic(), transaction.atomic() if outer else nullcontext():
        transaction.on_commit(lambda: ran.append(1))
        Counter.objects.filter(id=1).update(value=1)
        with undone():
            Counter.objects.create(id=2)
    assert transaction.get_autocommit()
    assert list(Counter.objects.values_list("id", "value")) == [(1, 1)]
    assert ran == [1]
    with undone():
        Counter.objects.update(value=2)
    assert Counter.objects.get().value == 1


def test_who_commits_by_hand_waits_for_the_new_primary(promotion):
    transaction.set_autocommit(False)
    try:
        Counter.objects.filter(id=1).update(value=1)
        assert not transaction.get_autocommit()
        transaction.rollback()
        Counter.objects.filter(id=1).update(value=2)
        transaction.commit()
    finally:
        transaction.set_autocommit(True)
    assert (connection.node, Counter.objects.get().value) == (NODE_A, 2)


def test_many_rows_of_one_call_wait_for_the_new_primary(promotion):
    Counter.objects.bulk_create([Counter(id=number) for number in range(2, 5)])
    assert Counter.objects.update_or_create(id=2, defaults={"value": 2})[0].value == 2
    assert (connection.node, Counter.objects.count()) == (NODE_A, 4)


def test_rows_are_locked_on_the_new_primary(promotion):
    with transaction.atomic():
        row = Counter.objects.select_for_update().get(id=1)
        assert connection.node is NODE_A
        row.value += 1
        row.save()
    assert Counter.objects.get().value == 1


def test_a_procedure_waits_for_the_new_primary(promotion):
    with connection.cursor() as cursor:
        cursor.execute("CALL distributed_insert('tt0000001', 'One', 1, 1.0, 1, 2000)")
    assert connection.node is NODE_A


def test_a_primary_that_was_distrusted_is_probed_before_another_is_asked(cluster):
    Counter.objects.create(id=1)
    for value in range(20):
        view.distrust(MAIN)
        assert Counter.objects.update(value=value) == 1
        assert connection.node is MAIN


def test_rows_refer_to_each_other_whatever_alias_they_came_by():
    made = Shelf.objects.create(name="one")
    Specimen.objects.create(slot=1, shelf=Shelf.objects.using("main").get(pk=made.pk))
    assert Specimen.objects.get().shelf == made


def test_a_row_refers_to_one_that_is_fetched_when_it_is_needed():
    """As `request.user` is."""
    made = Shelf.objects.create(name="one")
    Specimen.objects.create(slot=1, shelf=SimpleLazyObject(lambda: Shelf.objects.get(pk=made.pk)))
    assert Specimen.objects.get().shelf == made


def test_a_fixture_for_a_node_that_takes_no_writes_is_refused_with_the_reason(tmp_path):
    path = tmp_path / "all.json"
    path.write_text('[{"model": "specimens.counter", "pk": 1, "fields": {"value": 1}}]')
    with pytest.raises(NotWritable, match="Please use Main node for writes"):
        call_command("loaddata", str(path), database="node_a", verbosity=0)


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
