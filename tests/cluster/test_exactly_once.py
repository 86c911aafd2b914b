"""write_once: each write happens exactly once, whatever becomes of its answer."""

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, OperationalError, connections, transaction
from django.db.models import F

from cluster.backend import (
    NoPrimary,
    NotAcknowledged,
    NotWritable,
    call_once,
    transaction_id_for,
    write_once,
    writes_once,
)
from cluster.protocol.names import NodeName
from tests.harness.specimens.models import Counter, Shelf
from titles.models import Title


@pytest.fixture(autouse=True)
def counter(cluster) -> Counter:
    """One counter, at zero on every node."""
    cluster.settle()
    made = Counter.objects.create(id=1)
    yield made
    connections.close_all()


def add() -> int:
    """Return what is done twice if it is done twice."""
    return Counter.objects.filter(id=1).update(value=F("value") + 1)


def values(cluster) -> list[int]:
    """Return the counter on every node that answers, once they have caught up."""
    cluster.settle()
    return [cluster.connect(name).row("SELECT value FROM test_counter")[0] for name in cluster.log_prints()]


def in_threads(number: int, work: Callable[[int], object]) -> list[object]:
    """Run `work` in so many threads at the same time, each with connections of its own."""
    start = threading.Barrier(number)

    def run(turn: int) -> object:
        start.wait()
        try:
            return work(turn)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


# What it answers


def test_it_says_what_was_written_and_where():
    done = write_once(add)
    assert (done.value, done.node, done.epoch, done.repeated) == (1, NodeName.MAIN, 1, False)
    assert uuid.UUID(done.transaction_id)


def test_a_chosen_id_is_written_once(cluster):
    first = write_once(add, transaction_id="order-7")
    again = write_once(add, transaction_id="order-7")
    assert (first.value, first.repeated, first.transaction_id) == (1, False, "order-7")
    assert (again.value, again.repeated, again.epoch, again.node) == (None, True, 1, NodeName.MAIN)
    assert values(cluster) == [1, 1, 1]


def test_the_log_has_the_chosen_id(cluster):
    write_once(add, transaction_id="order-8")
    rows = cluster.connect("main").rows(
        "SELECT record_id FROM transaction_log WHERE transaction_id = 'order-8'"
    )
    assert rows == (("1",),)


def test_a_write_of_nothing_has_no_epoch_and_may_run_again():
    runs = []
    for _ in range(2):
        done = write_once(lambda: runs.append(Counter.objects.count()), transaction_id="nothing")
        assert (done.epoch, done.repeated) == (None, False)
    assert runs == [1, 1]


def test_a_decorated_function_is_written_once(cluster):
    @writes_once
    def add_some(number: int, *, to: int) -> int:
        """Add."""
        return Counter.objects.filter(id=to).update(value=F("value") + number)

    assert add_some(5, to=1) == 1
    assert add_some(5, to=1, transaction_id="decorated") == 1
    assert add_some(5, to=1, transaction_id="decorated") is None
    assert (add_some.__name__, add_some.__doc__) == ("add_some", "Add.")
    assert values(cluster) == [10, 10, 10]


def test_what_the_application_raises_passes_and_undoes(cluster):
    def refuse() -> None:
        add()
        raise LookupError("no such order")

    with pytest.raises(LookupError, match="no such order"):
        write_once(refuse, transaction_id="refused")
    assert values(cluster) == [0, 0, 0]
    assert write_once(add, transaction_id="refused").repeated is False


def test_an_error_of_the_rows_is_the_applications(cluster):
    with pytest.raises(IntegrityError):
        write_once(lambda: Counter.objects.create(id=1))


@pytest.mark.parametrize("wrong", ["a b", "-a", "x" * 65, "ä", "a'"])
def test_a_malformed_id_is_refused(wrong):
    with pytest.raises(ValueError, match="is no transaction id"):
        write_once(add, transaction_id=wrong)


def test_an_inner_write_is_part_of_the_outer_one(cluster):
    def outer() -> str:
        add()
        inner = write_once(add, transaction_id="inner")
        raise LookupError(inner.transaction_id)

    with pytest.raises(LookupError, match="outer"):
        write_once(outer, transaction_id="outer")
    assert values(cluster) == [0, 0, 0]


def test_it_refuses_to_be_part_of_another_transaction():
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        write_once(add)


def test_everything_inside_stays_on_one_node(cluster, operator_elsewhere):
    """The view changes while the work runs: what is left of it is refused and run again on the new primary."""
    runs = []

    def work() -> None:
        add()
        runs.append(connections["default"].in_atomic_block)
        if len(runs) == 1:
            operator_elsewhere.start()
            time.sleep(0.5)
        Shelf.objects.create(name="one")

    done = write_once(work)
    operator_elsewhere.join()
    assert (done.node, runs) in ((NodeName.MAIN, [True]), (NodeName.NODE_A, [True, False]))
    assert values(cluster) == [1, 1, 1]
    assert Shelf.objects.count() == 1


@pytest.fixture
def operator_elsewhere(cluster) -> threading.Thread:
    """Somebody who hands the writes over to Node A, at the same time."""
    return threading.Thread(target=cluster.manage, args=("switchover", "--to", "node_a"))


# Hooks


def test_hooks_run_outside_and_write_transactions_of_their_own(cluster):
    def work() -> None:
        add()
        transaction.on_commit(lambda: write_once(add, transaction_id="hook"))

    assert write_once(work, transaction_id="work").repeated is False
    assert values(cluster) == [2, 2, 2]
    ids = cluster.connect("main").rows(
        "SELECT transaction_id FROM transaction_log WHERE operation_type = 'UPDATE' ORDER BY log_id"
    )
    assert ids == (("work",), ("hook",))


def test_hooks_of_a_write_that_was_confirmed_late_run(cluster):
    """The first try times out, the second finds it in the log."""
    hooks = []

    def work() -> str:
        add()
        transaction.on_commit(lambda: hooks.append(1))
        return "done"

    cluster.freeze("node_a")
    cluster.freeze("node_b")
    threading.Timer(2.2, cluster.resume, ["node_a"]).start()
    done = write_once(work, deadline=20)
    assert (done.value, done.repeated, hooks) == ("done", True, [1])
    cluster.resume("node_b")
    assert values(cluster) == [1, 1, 1]


# Answers that are lost


def test_main_dies_before_the_write(cluster):
    cluster.kill("main")
    began = time.monotonic()
    done = write_once(add)
    assert time.monotonic() - began < 5, "the writer asks for a round of the watch by himself"
    assert (done.value, done.node, done.epoch) == (1, NodeName.NODE_A, 2)
    assert values(cluster) == [1, 1]


@pytest.mark.parametrize("rest", [1, 0], ids=["in the middle of the work", "between the work and its commit"])
def test_main_dies_before_the_commit(cluster, rest):
    runs = []

    def work() -> None:
        add()
        runs.append(1)
        if len(runs) == 1:
            cluster.servers.local[NodeName.MAIN].kill()
        for _ in range(rest):
            add()

    assert write_once(work).node == NodeName.NODE_A
    assert values(cluster) == [1 + rest, 1 + rest]


def test_a_commit_whose_answer_was_lost_is_found_and_not_repeated(cluster):
    """The connection breaks while the committed transaction waits for its acknowledgement."""
    cluster.replicator.stop()
    session = connections["default"].connection.thread_id()
    broken = threading.Timer(0.5, cluster.connect("main", "root").run, [f"KILL CONNECTION {session}"])
    later = threading.Timer(0.8, cluster.replicator.start)
    for timer in (broken, later):
        timer.start()
    done = write_once(add, deadline=30)
    assert (done.repeated, done.value) == (True, 1)
    assert values(cluster) == [1, 1, 1]


def test_an_outcome_that_stays_unknown_is_told_at_the_deadline(cluster):
    cluster.freeze("node_a")
    cluster.freeze("node_b")
    began = time.monotonic()
    with pytest.raises(NotAcknowledged) as unknown:
        write_once(add, transaction_id="unknown", deadline=2.5)
    assert time.monotonic() - began < 6
    assert (unknown.value.transaction_id, unknown.value.node) == ("unknown", NodeName.MAIN)
    cluster.resume("node_a")
    cluster.resume("node_b")
    assert write_once(add, transaction_id="unknown", deadline=20).repeated
    assert values(cluster) == [1, 1, 1]


def test_without_any_primary_it_says_when_to_ask_again(cluster):
    cluster.replicator.stop()
    for name in NodeName:
        cluster.freeze(name)
    with pytest.raises(NoPrimary, match="No node takes writes now") as nobody:
        write_once(add, deadline=1)
    assert nobody.value.retry_after >= 1
    for name in NodeName:
        cluster.resume(name)


def test_a_deadlock_is_tried_again(cluster):
    """Two writers take two rows in opposite orders; the server undoes one of them."""
    Counter.objects.create(id=2)
    meet = threading.Barrier(2)

    def cross(turn: int) -> object:
        first, second = (1, 2) if turn == 0 else (2, 1)
        runs = []

        def work() -> None:
            runs.append(1)
            Counter.objects.filter(id=first).update(value=F("value") + 1)
            if len(runs) == 1:
                meet.wait(10)
            Counter.objects.filter(id=second).update(value=F("value") + 1)

        write_once(work)
        return len(runs)

    assert sorted(in_threads(2, cross)) == [1, 2]
    assert set(Counter.objects.values_list("value", flat=True)) == {2}


# Several at once


def test_two_with_the_same_id_at_the_same_time_write_once(cluster):
    def work() -> int:
        done = add()
        time.sleep(0.2)
        return done

    results = in_threads(6, lambda turn: write_once(work, transaction_id="same"))
    assert sorted(done.repeated for done in results) == [False] + [True] * 5
    assert values(cluster) == [1, 1, 1]


def test_the_same_id_in_sql_and_in_django_writes_once(cluster):
    Title.objects.create(tconst="tt0000001", primary_title="One", num_votes=1, average_rating="8.0")
    first = call_once("distributed_addReviews", "tt0000001", 1, "8.0", transaction_id="review")
    again = call_once("distributed_addReviews", "tt0000001", 1, "8.0", transaction_id="review")
    assert first.value == [("review", "1 review is added to title tt0000001.")]
    assert again.value == [("review", "This transaction was done before; nothing was written again.")]
    assert write_once(add, transaction_id="review").repeated
    assert Title.objects.get().num_votes == 2
    with pytest.raises(OperationalError) as refused:
        call_once("distributed_addReviews", "tt0000009", 1, "8.0")
    assert refused.value.args[0] == 45004


def test_three_hundred_reviews_in_parallel_are_three_hundred(cluster):
    Title.objects.create(tconst="tt0000001", primary_title="One", num_votes=0)

    def review(turn: int) -> None:
        for _ in range(30):
            write_once(lambda: Title.objects.filter(pk="tt0000001").update(num_votes=F("num_votes") + 1))

    in_threads(10, review)
    cluster.settle()
    votes = [cluster.connect(name).row("SELECT numVotes FROM title_ft")[0] for name in NodeName]
    assert votes == [300, 300, 300]


# Idempotency keys


def test_a_key_belongs_to_its_user():
    anna, berta, nobody = (SimpleNamespace(pk=pk) for pk in (1, 11, None))
    keys = [
        transaction_id_for(user, key)
        for user in (anna, berta, nobody)
        for key in ("1", "11", "1:1", "a b", "ü")
    ]
    assert len(set(keys)) == len(keys)
    assert transaction_id_for(anna, "1") == keys[0]
    with pytest.raises(ValueError, match="empty"):
        transaction_id_for(anna, " ")


def test_a_refusal_of_a_plain_save_is_told_at_once(cluster):
    """Without write_once: nobody waits, nobody repeats, and the next write goes to the new primary."""
    cluster.manage("switchover", "--to", "node_a")
    with pytest.raises(NotWritable, match="use Node A"):
        Counter.objects.using("main").filter(id=1).update(value=3)
    cluster.wait_for_primary("node_a")
    deadline = time.monotonic() + 3
    while Counter.objects.db != "node_a" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert Counter.objects.filter(id=1).update(value=4) == 1
