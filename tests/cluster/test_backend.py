"""The database backend: every commit of ordinary Django is acknowledged, and reads pay nothing."""

import threading
import uuid
from collections.abc import Iterator

import pytest
from django.db import (
    IntegrityError,
    NotSupportedError,
    OperationalError,
    connections,
    transaction,
)

from cluster.backend import NotAcknowledged, NotWritable
from cluster.backend.base import DatabaseWrapper
from tests.harness.specimens.models import Counter, Shelf, Specimen
from tests.harness.sql import raw
from titles.models import Title


@pytest.fixture
def alone(cluster, main) -> Iterator[None]:
    """Nobody confirms what Main commits, and nobody waits for long."""
    cluster.connect("main", "cluster").run(
        "UPDATE node_config SET config_value = 0.3 WHERE config_key = 'ack_timeout'"
    )
    cluster.freeze("node_a")
    cluster.freeze("node_b")
    yield
    cluster.resume("node_a")
    cluster.resume("node_b")


def session_id(connection: DatabaseWrapper) -> str | None:
    """@current_transaction_id of the session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @current_transaction_id")
        return cursor.fetchone()[0]


# What is acknowledged


def many() -> None:
    with connections["default"].cursor() as cursor:
        cursor.executemany("INSERT INTO test_counter VALUES (%s, %s, '')", [(n, n) for n in (1, 2, 3)])


def by_hand() -> None:
    transaction.set_autocommit(False)
    Counter.objects.create(id=1)
    transaction.commit()
    transaction.set_autocommit(True)


def switched_on() -> None:
    transaction.set_autocommit(False)
    Counter.objects.create(id=1)
    transaction.set_autocommit(True)


def in_statements() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute("INSERT INTO test_counter VALUES (1, 1, '')")
        cursor.execute("INSERT INTO test_counter VALUES (2, 1, '')")
        cursor.execute("COMMIT")


def begun_twice() -> None:
    with connections["default"].cursor() as cursor:
        for number in (1, 2):
            cursor.execute("BEGIN")
            Counter.objects.create(id=number)
        cursor.execute("COMMIT")


def atomic() -> None:
    with transaction.atomic():
        Counter.objects.create(id=1)
        Counter.objects.create(id=2)


WRITES = {
    "create": (lambda: Counter.objects.create(id=1), 1),
    "generated key": (lambda: Shelf.objects.create(name="a"), 1),
    "bulk_create": (lambda: Counter.objects.bulk_create([Counter(id=1), Counter(id=2)]), 2),
    "upsert": (
        lambda: Counter.objects.bulk_create([Counter(id=1)], update_conflicts=True, update_fields=["value"]),
        1,
    ),
    "atomic": (atomic, 2),
    "raw": (lambda: raw("INSERT INTO test_counter VALUES (1, 1, %s)", "a; b -- c"), 1),
    "raw with a comment at its end": (lambda: raw("INSERT INTO test_counter VALUES (1, 1, '') -- so"), 1),
    "raw with a semicolon": (lambda: raw("INSERT INTO test_counter VALUES (1, 1, '');"), 1),
    "several in one": (
        lambda: raw("INSERT INTO test_counter VALUES (1, 1, ''); INSERT INTO test_counter VALUES (2, 1, '')"),
        2,
    ),
    "executemany": (many, 3),
    "autocommit off": (by_hand, 1),
    "autocommit on again": (switched_on, 1),
    "transaction in statements": (in_statements, 2),
    "a transaction that ends by the next one's beginning": (begun_twice, 2),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_commit_returns_when_a_second_node_has_it(main, arrived, name):
    work, entries = WRITES[name]
    work()
    assert len(arrived()) == entries
    assert session_id(main) is None, "an id was left behind for the next transaction"


@pytest.mark.parametrize("name", WRITES)
def test_a_commit_that_nobody_confirms_says_so(alone, main, name):
    with pytest.raises(NotAcknowledged, match="no second node confirmed it"):
        WRITES[name][0]()
    connections["default"].close()


def test_updates_and_deletes_are_acknowledged(main, arrived):
    Counter.objects.create(id=1)
    counter = Counter.objects.get(id=1)
    counter.value = 5
    counter.save()
    assert Counter.objects.filter(id=1).update(value=7) == 1
    assert Counter.objects.bulk_update([Counter(id=1, value=9)], ["value"]) == 1
    assert counter.delete() == (1, {"specimens.Counter": 1})
    assert [operation for _, operation, _ in arrived()] == ["INSERT", "UPDATE", "UPDATE", "UPDATE", "DELETE"]


def test_a_procedure_commits_and_answers_through_it(main, arrived):
    Title.objects.create(tconst="tt0000001", primary_title="One", num_votes=1, average_rating="8.0")
    with main.cursor() as cursor:
        cursor.execute("CALL distributed_addReviews('tt0000001', 2, '8.0')")
        ((transaction_id, sentence),) = cursor.fetchall()
        cursor.callproc("distributed_addReviews", ("tt0000001", "1", "8.0"))
        assert len(cursor.fetchall()) == 1
    assert sentence == "2 reviews are added to title tt0000001."
    assert transaction_id in {entry[0] for entry in arrived()}
    assert Title.objects.get().num_votes == 4


def test_a_refused_procedure_keeps_its_number(main):
    with pytest.raises(OperationalError) as refused, main.cursor() as cursor:
        cursor.execute("CALL distributed_addReviews('tt0000009', 1, '8.0')")
    assert refused.value.args[0] == 45004
    Counter.objects.create(id=1)


# Transactions and their ids


def test_each_transaction_has_an_id_of_its_own(main, arrived):
    atomic()
    Counter.objects.create(id=3)
    Counter.objects.filter(id=3).update(value=1)
    ids = [transaction_id for transaction_id, _, _ in arrived()]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(uuid.UUID(text) for text in ids)


@transaction.atomic
def twice_the_same() -> None:
    Counter.objects.create(id=1)
    Counter.objects.create(id=1)


def test_what_was_rolled_back_leaves_no_id(main, arrived):
    with pytest.raises(IntegrityError):
        twice_the_same()
    with transaction.atomic():
        Counter.objects.create(id=2)
        transaction.set_rollback(True)
    assert arrived() == []
    Counter.objects.create(id=3)
    assert [record for _, _, record in arrived()] == ["3"]


def test_a_savepoint_may_fail(main, arrived):
    with transaction.atomic():
        Counter.objects.create(id=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            Counter.objects.create(id=1)
        with transaction.atomic():
            Counter.objects.create(id=2)
    entries = arrived()
    assert [record for _, _, record in entries] == ["1", "2"]
    assert len({transaction_id for transaction_id, _, _ in entries}) == 1


def test_a_lock_taken_by_a_read_is_no_write(main, arrived):
    Counter.objects.create(id=1)
    with transaction.atomic(durable=True):
        assert Counter.objects.select_for_update().get(id=1).value == 0
        refused = threading.Thread(target=self_contained_update)
        refused.start()
        refused.join(0.3)
        assert refused.is_alive(), "the row is not locked"
    refused.join(10)
    assert len(arrived()) == 2


def self_contained_update() -> None:
    try:
        Counter.objects.filter(id=1).update(value=1)
    finally:
        connections.close_all()


def test_hooks_run_after_the_acknowledgement(main, arrived):
    seen = []
    with transaction.atomic():
        Counter.objects.create(id=1)
        transaction.on_commit(lambda: seen.append(len(arrived())))
    assert seen == [1]


def test_hooks_do_not_run_for_an_unknown_outcome(alone, main):
    seen = []

    @transaction.atomic
    def work() -> None:
        Counter.objects.create(id=1)
        transaction.on_commit(lambda: seen.append(1))

    with pytest.raises(NotAcknowledged) as unknown:
        work()
    assert seen == []
    assert unknown.value.args[0] == 45003
    assert unknown.value.node == "main"
    assert unknown.value.transaction_id in str(unknown.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SET @current_transaction_id = 'mine'",
        "START TRANSACTION; INSERT INTO test_counter VALUES (1, 1, ''); COMMIT",
    ],
)
def test_what_belongs_to_the_backend_is_refused(main, sql):
    with pytest.raises(NotSupportedError, match=r"transaction\.atomic and write_once"):
        raw(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SET autocommit = 0",
        "SET SESSION autocommit = 0",
        "SET @@autocommit = 0",
        "SET completion_type = CHAIN",
        "COMMIT AND CHAIN",
    ],
)
def test_what_moves_the_end_of_a_transaction_is_refused(main, arrived, sql):
    with pytest.raises(NotSupportedError, match=r"transaction\.set_autocommit"):
        raw(sql)
    Counter.objects.create(id=1)
    assert len(arrived()) == 1


def test_autocommit_that_was_turned_off_unseen_is_named_and_turned_on_again(main, arrived):
    raw("EXECUTE IMMEDIATE CONCAT('SET auto', 'commit = 0')")
    with pytest.raises(NotSupportedError, match=r"Call transaction\.set_autocommit\(True\)"):
        Counter.objects.create(id=1)
    transaction.set_autocommit(True)
    Counter.objects.create(id=2)
    assert [record for _, _, record in arrived()] == ["2"]


def test_an_atomic_block_ends_where_autocommit_was_turned_off_unseen(main, arrived):
    raw("EXECUTE IMMEDIATE CONCAT('SET auto', 'commit = 0')")
    atomic()
    Counter.objects.create(id=3)
    assert len(arrived()) == 3


def test_a_connection_that_is_opened_without_autocommit_gets_it(main, arrived):
    options = main.settings_dict["OPTIONS"]
    main.close()
    try:
        main.settings_dict["OPTIONS"] = options | {
            "init_command": "SET autocommit = 0, completion_type = CHAIN"
        }
        Counter.objects.create(id=1)
        atomic_of(2)
    finally:
        main.settings_dict["OPTIONS"] = options
        main.close()
    assert len(arrived()) == 2


@transaction.atomic
def atomic_of(number: int) -> None:
    Counter.objects.create(id=number)


@pytest.mark.parametrize("sql", ["SET SESSION TRANSACTION READ ONLY", "START TRANSACTION READ ONLY"])
def test_a_session_that_only_reads_says_so(main, arrived, sql):
    raw(sql)
    with pytest.raises(OperationalError, match="READ ONLY"):
        Counter.objects.create(id=1)
    raw("ROLLBACK")
    main.close()
    Counter.objects.create(id=2)
    assert [record for _, _, record in arrived()] == ["2"]


def test_a_node_that_takes_no_writes_says_who_does(cluster, main):
    with pytest.raises(NotWritable, match="Please use Main node for writes") as refused:
        Counter.objects.using("node_a").create(id=1)
    assert (refused.value.args[0], refused.value.node) == (45001, "node_a")
    Counter.objects.create(id=1)


# What it costs


@pytest.fixture
def sent(main) -> list[bytes]:
    """Return what goes to the server, one item a round trip; besides these only `SET autocommit` by the driver."""
    main.ensure_connection()
    texts: list[bytes] = []
    query = main.connection.query

    def counted(text: bytes) -> None:
        texts.append(bytes(text))
        query(text)

    main.connection.query = counted
    return texts


def test_reads_cost_what_they_cost(main, sent):
    assert not Counter.objects.filter(id=1).exists()
    with transaction.atomic():
        assert list(Counter.objects.all()) == []
        assert list(Counter.objects.select_for_update()) == []
    list(Shelf.objects.raw("WITH s AS (SELECT * FROM test_shelf) SELECT * FROM s"))
    # With autocommit off, the driver commits by a call of the protocol, not by a query.
    assert len(sent) == 4
    assert not [text for text in sent if b"transaction" in text]


def test_a_write_is_one_round_trip(main, sent):
    Counter.objects.create(id=1)
    Counter.objects.filter(id=1).update(value=2)
    Counter.objects.bulk_create([Counter(id=1)], update_conflicts=True, update_fields=["value"])
    assert len(sent) == 4, "bulk_create has a transaction of its own, and its end is a round trip"


def test_a_transaction_costs_no_round_trip_more(main, sent, django_assert_num_queries):
    with django_assert_num_queries(4, connection=main), transaction.atomic():
        Counter.objects.create(id=1)
        Counter.objects.create(id=2)
    assert [b"await_acknowledgement" in text for text in sent] == [False, False, True]
    assert sent[2].startswith(b"COMMIT")


def test_a_saved_title_is_three_round_trips(main, sent):
    """The statistics, the update that finds no row, the insert; then two for each further save."""
    title = Title(tconst="tt0000001", primary_title="One")
    title.save()
    sent.clear()
    title.save()
    assert len(sent) == 2


def test_a_specimen_of_every_column_makes_the_trip(main):
    Specimen.objects.create(slot=1, data={"a": [1, None]}, photo=b"\x00\xff;--", name="x; y -- z # /* */")
    kept = Specimen.objects.get(slot=1)
    assert (kept.data, bytes(kept.photo), kept.doubled) == ({"a": [1, None]}, b"\x00\xff;--", 2)
