"""orphans: what the cluster did not keep is listed, shown, applied again or dismissed."""

import json

import pytest

from cluster.actions.failover.failover import promote_node_a
from cluster.actions.failover.recover import recover
from cluster.actions.operations.orphan_decisions import dismiss, listed, reapply, show, undo
from cluster.actions.steps.observe import observe
from cluster.actions.verification.verify import verify
from cluster.nodes.repair.deciding import DISMISSED, PENDING, REAPPLIED
from cluster.protocol.errors import NotAcknowledged, Refused
from cluster.protocol.names import NodeName

MAIN, NODE_A, NODE_B = NodeName


@pytest.fixture
def leave_orphans(cluster):
    """Return the ids of what Main wrote before it died and nobody else got; Node A takes the writes after that."""

    def leave_orphans(*transactions: list[str]) -> list[str]:
        main = cluster.connect(MAIN)
        main.many("INSERT INTO test_counter VALUES (%s, %s, 'first')", [(n, n * 10) for n in range(1, 6)])
        cluster.settle()
        cluster.replicator.stop()
        for number, statements in enumerate(transactions):
            main.run("SET @current_transaction_id = %s", (f"lost-{number}",))
            main.run("START TRANSACTION")
            for statement in statements:
                main.run(statement)
            main.run("COMMIT")
        cluster.kill(MAIN)
        lease = cluster.conf.lease_seconds
        promote_node_a(cluster.nodes, reason="a test", lease_seconds=lease)
        cluster.replicator.start()
        cluster.start(MAIN)
        cluster.nodes[MAIN].close()
        recover(cluster.nodes, MAIN, lease_seconds=lease, on_progress=lambda _: None)
        cluster.settle()
        return [orphan.id for orphan in listed(cluster.nodes, PENDING)[0]]

    return leave_orphans


@pytest.fixture
def acting(cluster):
    """Return the application's session on Node A."""
    return cluster.connect(NODE_A)


def update(number: int, value: int) -> str:
    return f"UPDATE test_counter SET value = {value} WHERE id = {number}"


def reapplied(cluster, *ids: str, force: bool = False):
    return reapply(cluster.nodes, ids, lease_seconds=cluster.conf.lease_seconds, force=force)


def dismissed(cluster, *ids: str, reason: str = "not needed"):
    return dismiss(cluster.nodes, ids, lease_seconds=cluster.conf.lease_seconds, reason=reason)


def counters(connection) -> dict[int, int]:
    return dict(connection.rows("SELECT id, value FROM test_counter"))


def statuses(cluster) -> dict[str, str]:
    return {orphan.id: orphan.status for orphan in listed(cluster.nodes, None)[0]}


def test_orphans_are_listed_the_oldest_first(cluster, leave_orphans):
    ids = leave_orphans([update(1, 11)], [update(2, 21), "DELETE FROM test_counter WHERE id = 3"])
    found, total = listed(cluster.nodes, PENDING, limit=2)
    assert total == 3
    assert [(orphan.id, orphan.record_id, orphan.operation_type) for orphan in found] == [
        (ids[0], "1", "UPDATE"),
        (ids[1], "2", "UPDATE"),
    ]
    assert listed(cluster.nodes, REAPPLIED) == ([], 0)


def test_show_has_the_three_images_side_by_side(cluster, leave_orphans, acting):
    ids = leave_orphans([update(1, 11), update(2, 21)])
    acting.run("UPDATE test_counter SET writer = 'second' WHERE id = 1")
    shown = show(cluster.nodes, ids[0])
    assert shown.together == [ids[1]]
    assert shown.node is NODE_A
    assert [(x.column, x.before, x.orphaned, x.now, x.by_it, x.since) for x in shown.lines] == [
        ("id", "1", "1", "1", False, False),
        ("value", "10", "11", "10", True, False),
        ("writer", "first", "first", "second", False, True),
    ]


def test_a_transaction_is_reapplied_whole_and_reaches_every_node(cluster, leave_orphans, acting):
    ids = leave_orphans(
        [
            update(1, 11),
            "DELETE FROM test_counter WHERE id = 2",
            "INSERT INTO test_counter VALUES (9, 90, 'x')",
        ]
    )
    (outcome,) = reapplied(cluster, ids[1])
    assert outcome.done
    assert outcome.ids == tuple(ids)
    assert outcome.sentence == (
        f"{ids[0]} (test_counter 1) and 2 more of its transaction applied again as transaction "
        f"{outcome.reapplied_as}."
    )
    cluster.settle()
    for name in NodeName:
        assert counters(cluster.connect(name)) == {1: 11, 3: 30, 4: 40, 5: 50, 9: 90}
    assert set(statuses(cluster).values()) == {REAPPLIED}
    written = acting.rows(
        "SELECT table_name, operation_type, record_id FROM transaction_log WHERE transaction_id = %s"
        " ORDER BY log_id",
        (outcome.reapplied_as,),
    )
    assert list(written) == [
        ("test_counter", "UPDATE", "1"),
        ("test_counter", "DELETE", "2"),
        ("test_counter", "INSERT", "9"),
        *[("orphaned_transaction", "UPDATE", orphan) for orphan in ids],
    ]
    assert verify(cluster.nodes, observe(cluster.nodes), on_difference=lambda _: None).equal


def taken_back(cluster, *ids: str):
    return undo(cluster.nodes, ids, lease_seconds=cluster.conf.lease_seconds)


def test_a_reapplication_is_taken_back_whole(cluster, leave_orphans, acting):
    ids = leave_orphans(
        [
            update(1, 11),
            "DELETE FROM test_counter WHERE id = 2",
            "INSERT INTO test_counter VALUES (9, 90, 'x')",
        ]
    )
    before = acting.rows("SELECT * FROM test_counter ORDER BY id")
    reapplied(cluster, ids[0])
    (outcome,) = taken_back(cluster, ids[2])
    assert (
        outcome.sentence
        == f"{ids[0]} (test_counter 1) and 2 more of its transaction waits for a decision again."
    )
    assert acting.rows("SELECT * FROM test_counter ORDER BY id") == before
    assert set(statuses(cluster).values()) == {PENDING}
    (outcome,) = taken_back(cluster, ids[0])
    assert outcome.sentence == f"{ids[0]} waits for a decision, so there is nothing to take back."
    dismissed(cluster, ids[0])
    assert taken_back(cluster, ids[0])[0].done
    cluster.settle()
    assert verify(cluster.nodes, observe(cluster.nodes), on_difference=lambda _: None).equal


def test_a_reapplication_whose_row_has_changed_since_stays(cluster, leave_orphans, acting):
    ids = leave_orphans([update(1, 11), update(2, 21)])
    (made,) = reapplied(cluster, ids[0])
    acting.run("UPDATE test_counter SET value = 12 WHERE id = 1")
    (outcome,) = taken_back(cluster, ids[0])
    assert not outcome.done
    assert outcome.sentence == (
        f"{ids[0]} cannot be taken back: test_counter 1 has changed since it was reapplied as {made.reapplied_as}."
    )
    assert counters(acting)[2] == 21, "nothing of it was taken back"
    assert set(statuses(cluster).values()) == {REAPPLIED}


def test_scenario_42_a_row_that_changed_since_is_not_overwritten(cluster, leave_orphans, acting):
    (orphan,) = leave_orphans([update(1, 11)])
    acting.run(update(1, 12))
    (outcome,) = reapplied(cluster, orphan)
    assert not outcome.done
    assert outcome.sentence == (
        "test_counter 1 has changed since: value is 12, not 10. "
        f"See `orphans show {orphan}`; --force writes over it."
    )
    assert counters(acting)[1] == 12
    assert statuses(cluster) == {orphan: PENDING}
    (outcome,) = reapplied(cluster, orphan, force=True)
    assert outcome.done
    assert counters(acting)[1] == 11


@pytest.mark.parametrize(
    ("lost", "since", "reason"),
    [
        (update(1, 11), "DELETE FROM test_counter WHERE id = 1", "test_counter 1 is gone."),
        (
            "INSERT INTO test_counter VALUES (9, 90, 'x')",
            "INSERT INTO test_counter VALUES (9, 91, 'y')",
            "test_counter 9 exists by now.",
        ),
        ("DELETE FROM test_counter WHERE id = 1", update(1, 12), "value is 12, not 10"),
    ],
)
def test_a_row_that_came_or_went_since_is_not_overwritten(
    cluster, leave_orphans, acting, lost, since, reason
):
    (orphan,) = leave_orphans([lost])
    acting.run(since)
    (outcome,) = reapplied(cluster, orphan)
    assert reason in outcome.sentence
    (outcome,) = reapplied(cluster, orphan, force=True)
    assert outcome.done
    assert counters(acting).get(9 if "9" in lost else 1) == {"U": 11, "I": 90, "D": None}[lost[0]]


def test_half_a_transaction_is_never_reapplied(cluster, leave_orphans, acting):
    ids = leave_orphans([update(1, 11), update(2, 21)])
    acting.run(update(2, 22))
    (outcome,) = reapplied(cluster, ids[0])
    assert not outcome.done
    assert counters(acting)[1] == 10
    assert set(statuses(cluster).values()) == {PENDING}


def test_a_row_that_a_transaction_changed_twice_is_reapplied(cluster, leave_orphans, acting):
    ids = leave_orphans([update(1, 11), update(1, 12)])
    (outcome,) = reapplied(cluster, *ids)
    assert outcome.done
    assert counters(acting)[1] == 12


def test_several_transactions_one_refused(cluster, leave_orphans, acting):
    ids = leave_orphans([update(1, 11)], [update(2, 21)], [update(3, 31)])
    acting.run(update(2, 22))
    outcomes = reapplied(cluster, *reversed(ids))
    assert [outcome.done for outcome in outcomes] == [True, False, True]
    assert [counters(acting)[number] for number in (1, 2, 3)] == [11, 22, 31]


def test_transactions_that_build_on_one_another_are_reapplied_in_their_order(cluster, leave_orphans, acting):
    ids = leave_orphans([update(1, 11)], [update(1, 12)])
    assert [outcome.done for outcome in reapplied(cluster, ids[1], ids[0])] == [True, True]
    assert counters(acting)[1] == 12


def test_what_is_decided_is_not_decided_again(cluster, leave_orphans):
    ids = leave_orphans([update(1, 11)], [update(2, 21)])
    (done,) = reapplied(cluster, ids[0])
    assert reapplied(cluster, ids[0])[0].sentence == (
        f"{ids[0]} was reapplied already, as transaction {done.reapplied_as}."
    )
    assert dismissed(cluster, ids[1], reason="a test title")[0].sentence == (
        f"{ids[1]} (test_counter 2) dismissed."
    )
    assert reapplied(cluster, ids[1])[0].sentence == f"{ids[1]} was dismissed: a test title"
    assert statuses(cluster) == {ids[0]: REAPPLIED, ids[1]: DISMISSED}


def test_a_row_with_every_type_is_reapplied_exactly(cluster, leave_orphans, acting):
    ids = leave_orphans(
        [
            "INSERT INTO test_specimen (id, price, found_at, weight, single, bits, data, photo, name, serial)"
            " VALUES (7, 1.0000000001, '2020-02-29 12:00:00.000001', 0.30000000000000004, 0.1, b'101',"
            " '{\"a\":  1}', x'00FF', 'a''b \U0001f600 ', 18446744073709551615)"
        ]
    )
    orphaned = show(cluster.nodes, ids[0]).orphaned
    reapplied(cluster, *ids)
    assert show(cluster.nodes, ids[0]).now == orphaned


def test_a_value_that_another_row_has_taken_is_refused(cluster, leave_orphans, acting):
    (orphan,) = leave_orphans(["INSERT INTO test_specimen (id, slot) VALUES (1, 5)"])
    acting.run("INSERT INTO test_specimen (id, slot) VALUES (2, 5)")
    (outcome,) = reapplied(cluster, orphan, force=True)
    assert "Duplicate entry '5'" in outcome.sentence
    assert acting.rows("SELECT id, slot FROM test_specimen") == ((2, 5),)


def test_an_unknown_id_is_refused_before_anything_is_done(cluster, leave_orphans, acting):
    (orphan,) = leave_orphans([update(1, 11)])
    with pytest.raises(Refused, match="There is no orphaned transaction 9-9"):
        reapplied(cluster, orphan, "9-9")
    assert statuses(cluster) == {orphan: PENDING}


def test_nothing_is_decided_without_a_primary(cluster, leave_orphans):
    (orphan,) = leave_orphans([update(1, 11)])
    cluster.replicator.stop()
    cluster.kill(NODE_A)
    with pytest.raises(Refused, match="no node takes writes now"):
        reapplied(cluster, orphan)
    assert show(cluster.nodes, orphan).orphaned is not None


def test_a_decision_that_nobody_confirms_is_not_reported_as_done(cluster, leave_orphans):
    (orphan,) = leave_orphans([update(1, 11)])
    cluster.replicator.stop()
    with pytest.raises(NotAcknowledged, match="Node A, but no second node confirmed it"):
        dismissed(cluster, orphan)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 256])
def test_a_dismissal_needs_a_reason(cluster, reason):
    with pytest.raises(Refused, match="1 to 255 characters"):
        dismissed(cluster, "1-1", reason=reason)


# The command


def test_the_command_from_list_to_dismiss(cluster, leave_orphans, acting):
    first, second, third = leave_orphans(
        [update(1, 11)], [update(2, 21)], ["DELETE FROM test_counter WHERE id = 3"]
    )
    acting.run("UPDATE test_counter SET writer = '[bold]x[/bold]' WHERE id = 2")

    listing = cluster.manage("orphans", "list")
    assert listing.stdout.splitlines()[-1] == "3 pending orphaned entries."
    assert all(orphan in listing.stdout for orphan in (first, second, third))

    shown = cluster.manage("orphans", "show", second).stdout
    assert "UPDATE of test_counter 2, written by MAIN in epoch 1" in shown
    assert "changed by it" in shown
    assert "[bold]x[/bold]" in shown

    done = cluster.manage("orphans", "reapply", first, second, "--yes")
    assert done.returncode == 1
    assert done.stdout.startswith(f"{first} (test_counter 1) applied again as transaction ")
    assert "test_counter 2 has changed since: writer is '[bold]x[/bold]', not 'first'." in done.stderr

    assert cluster.manage("orphans", "reapply", second, "--force", "--yes").returncode == 0
    done = cluster.manage("orphans", "dismiss", third, "--reason", "a duplicate", "--yes", "--json")
    assert json.loads(done.stdout)["transactions"][0]["ids"] == [third]
    assert cluster.manage("orphans", "list").stdout == "0 pending orphaned entries.\n"
    listed_all = json.loads(cluster.manage("orphans", "list", "--status", "all", "--json").stdout)
    assert [item["status"] for item in listed_all["orphans"]] == [REAPPLIED, REAPPLIED, DISMISSED]
    answer = json.loads(cluster.manage("orphans", "show", third, "--json").stdout)
    assert answer["orphaned"] is None
    assert answer["now"] == {"id": "3", "value": "30", "writer": "first"}
    assert answer["decision"] == "a duplicate"


def test_the_command_asks_and_ends_with_2_for_wrong_usage(cluster):
    assert "Nothing was done." in cluster.manage("orphans", "reapply", "1-1", input="n\n").stderr
    for wrong in (["orphans"], ["orphans", "dismiss", "1-1"], ["orphans", "reapply", "1-1", "--json"]):
        assert cluster.manage(*wrong).returncode == 2
    done = cluster.manage("orphans", "show", "1-1")
    assert (done.returncode, "There is no orphaned transaction 1-1" in done.stderr) == (1, True)
