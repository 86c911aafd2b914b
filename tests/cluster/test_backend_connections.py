"""The database backend: a connection that breaks or falls silent is left, work and locks are waited for."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connections, transaction
from django.db.transaction import TransactionManagementError

from cluster.backend import NotAcknowledged
from cluster.backend.base import DatabaseWrapper
from cluster.protocol.names import NodeName
from tests.harness.specimens.models import Counter
from tests.harness.sql import raw

# Connections that break


def end_session(cluster, connection: DatabaseWrapper) -> None:
    """As a network or a server that lets go."""
    cluster.connect("main", "root").run(f"KILL CONNECTION {connection.connection.thread_id()}")


def test_an_idle_connection_that_broke_is_replaced(cluster, main):
    Counter.objects.create(id=1)
    end_session(cluster, main)
    Counter.objects.filter(id=1).update(value=2)
    end_session(cluster, main)
    with transaction.atomic():
        Counter.objects.filter(id=1).update(value=3)
    end_session(cluster, main)
    assert Counter.objects.get().value == 3


@transaction.atomic
def broken_after(cluster, *later: int, caught: bool = False) -> None:
    """Break a transaction's connection after its first write, then write `later`."""
    Counter.objects.create(id=1)
    end_session(cluster, connections["default"])
    for number in later:
        try:
            Counter.objects.create(id=number)
        except OperationalError:
            if not caught:
                raise


def test_a_connection_that_breaks_in_a_transaction_undoes_it(cluster, main):
    with pytest.raises(OperationalError) as broken:
        broken_after(cluster, 2)
    assert not isinstance(broken.value, NotAcknowledged)
    assert Counter.objects.count() == 0


def test_a_connection_that_breaks_at_commit_leaves_the_outcome_unknown(cluster, main):
    with pytest.raises(NotAcknowledged, match="the connection broke"):
        broken_after(cluster)
    assert Counter.objects.count() == 0


def test_a_broken_connection_is_not_used_further_in_its_transaction(cluster, main):
    with pytest.raises(TransactionManagementError):
        broken_after(cluster, 2, 3, caught=True)
    assert Counter.objects.count() == 0


# Deadlines on silence, not on work


@pytest.fixture
def hasty(cluster, main, monkeypatch) -> None:
    """Wait one second for a silent node."""
    main.close()
    monkeypatch.setattr(main, "given_options", main.given_options | {"read_timeout": 1})


@pytest.fixture
def occupied(cluster, main) -> Iterator[Callable[[float], threading.Timer]]:
    """Counter 1, whose row another session holds; called, it lets go after that many seconds."""
    Counter.objects.create(id=1)
    other = cluster.connect("main", "root")
    other.run("BEGIN")
    other.row("SELECT * FROM test_counter WHERE id = 1 FOR UPDATE")
    release = threading.Event()

    def let_go_after(seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, release_row)
        timer.start()
        return timer

    def release_row() -> None:
        other.run("ROLLBACK")
        release.set()

    yield let_go_after
    assert release.wait(5)


def test_work_may_take_longer_than_silence(main, arrived, hasty):
    raw("INSERT INTO test_counter SELECT 1, SLEEP(2.5), ''")
    assert len(arrived()) == 1


def test_a_row_that_somebody_holds_is_waited_for(main, arrived, hasty, occupied):
    occupied(2.5)
    assert Counter.objects.filter(id=1).update(value=1) == 1
    assert len(arrived()) == 2


def test_a_row_that_stays_held_is_said_as_that(main, arrived, hasty, occupied):
    raw("SET innodb_lock_wait_timeout = 2")
    with pytest.raises(OperationalError) as held:
        Counter.objects.filter(id=1).update(value=1)
    assert held.value.args[0] == 1205
    occupied(0)
    assert len(arrived()) == 1


def test_a_statement_has_a_longest_time_of_its_own(main, hasty):
    main.given_options["statement_timeout"] = 2
    with pytest.raises(OperationalError) as over:
        raw("SELECT SLEEP(5)")
    assert over.value.args[0] == 2013


@pytest.mark.parametrize("sql", ["SELECT SLEEP(20)", "INSERT INTO test_counter SELECT 1, SLEEP(20), ''"])
def test_a_node_that_falls_silent_is_left(cluster, main, hasty, sql):
    main.ensure_connection()
    threading.Timer(0.5, cluster.freeze, ["main"]).start()
    began = time.monotonic()
    with pytest.raises(OperationalError):
        raw(sql)
    assert 1 < time.monotonic() - began < 5.5
    raw("SELECT 1")  # of one that answers
    assert main.node is not NodeName.MAIN
    assert time.monotonic() - began < 8
    cluster.resume("main")
