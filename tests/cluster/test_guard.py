"""The guard: which node takes a write at which moment, enforced by the server itself."""

import threading
import time

import pytest

from cluster.nodes.cluster import connect
from cluster.protocol.errors import StaleEpoch, WritersBusy
from cluster.protocol.names import Mode, NodeName
from tests.harness.sql import refusal, row_entries

INSERT = "INSERT INTO test_word (word, meaning) VALUES (%s, '')"
NO_LEASE = (
    "Main is in PRIMARY mode but holds no valid write lease. Try again in a moment; an operator sees the "
    "reason with cluster_status."
)
FOLLOWERS = {
    "node_a": "Node A is in VICE mode. Please use Main node for writes.",
    "node_b": "Node B is in REPLICA mode. Please use Main node for writes.",
}


def leases(cluster, name="main") -> list[tuple[object, ...]]:
    return list(cluster.connect(name, "cluster").rows("SELECT epoch FROM write_lease"))


def expire(cluster, name="main") -> None:
    """Let the lease run out now; nobody renews it."""
    cluster.replicator.stop()
    cluster.connect(name, "cluster").run("UPDATE write_lease SET expires_at = UNIX_TIMESTAMP(SYSDATE(6))")


@pytest.mark.parametrize(("name", "sentence"), FOLLOWERS.items(), ids=list(FOLLOWERS))
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO test_word VALUES ('b', '')",
        "REPLACE INTO test_word VALUES ('a', 'other')",
        "UPDATE test_word SET meaning = 'other'",
        "UPDATE test_word, test_counter SET meaning = 'other'",
        "DELETE FROM test_word",
        "INSERT INTO test_word VALUES ('a', '') ON DUPLICATE KEY UPDATE meaning = 'other'",
    ],
)
def test_a_follower_refuses_every_kind_of_write(cluster, name, sentence, sql):
    main = cluster.connect("main")
    main.run(INSERT, ("a",))
    main.run("INSERT INTO test_counter VALUES (1, 0, '')")
    cluster.settle()
    follower = cluster.connect(name)
    assert refusal(follower, sql) == sentence
    assert follower.rows("SELECT * FROM test_word") == (("a", ""),)
    assert len(row_entries(follower)) == 2


def test_a_restarted_primary_has_no_lease_and_gets_none_by_renewing(cluster):
    cluster.kill("main")
    cluster.start("main")
    main = cluster.connect("main")
    assert leases(cluster) == []
    assert refusal(main, INSERT, ("a",)) == NO_LEASE
    node = cluster.fresh_nodes()[NodeName.MAIN]
    state = node.state()
    assert (state.mode, state.writable) == (Mode.PRIMARY, False)
    with pytest.raises(StaleEpoch, match="no lease to renew"):
        node.renew_lease(state.promised, node.clock() + 60)


def test_a_lease_that_ran_out_refuses(cluster):
    main = cluster.connect("main")
    main.run(INSERT, ("a",))
    expire(cluster)
    assert refusal(main, INSERT, ("b",)) == NO_LEASE


def test_a_lease_runs_out_by_itself_when_nobody_renews_it(cluster):
    cluster.replicator.stop()
    main = cluster.connect("main", "cluster")
    main.run("UPDATE write_lease SET expires_at = UNIX_TIMESTAMP(SYSDATE(6)) + 0.5")
    main.run(INSERT, ("a",))
    time.sleep(0.6)
    assert refusal(main, INSERT, ("b",)) == NO_LEASE


def test_a_transaction_begun_under_a_lease_may_not_go_on_without(cluster):
    main = cluster.connect("main")
    main.run("START TRANSACTION")
    main.run(INSERT, ("a",))
    expire(cluster)
    assert refusal(main, INSERT, ("b",)) == NO_LEASE


@pytest.mark.parametrize(
    "setting",
    [
        "SET timestamp = 1",
        "SET timestamp = 2147483647",
        "SET time_zone = '-12:00'",
        "SET time_zone = '+13:00'",
        "SET @@session.sql_mode = ''",
        "SET tx_isolation = 'SERIALIZABLE'",
        "SET tx_isolation = 'READ-UNCOMMITTED'",
    ],
)
def test_no_setting_of_a_session_extends_a_lease(cluster, setting):
    main = cluster.connect("main")
    main.run(setting)
    main.run(INSERT, ("a",))
    expire(cluster)
    assert refusal(main, INSERT, ("b",)) == NO_LEASE


def test_the_mode_alone_does_not_permit(cluster):
    """An operator who writes a mode by hand has given no lease."""
    cluster.connect("node_a", "root").run(
        "UPDATE node_config SET config_value = 'ACTING_MASTER' WHERE config_key = 'node_mode'"
    )
    sentence = refusal(cluster.connect("node_a"), INSERT, ("a",))
    assert sentence.startswith("Node A is in ACTING_MASTER mode but holds no valid write lease.")


def test_the_lease_alone_does_not_permit(cluster):
    cluster.connect("node_a", "root").run(
        "INSERT INTO write_lease VALUES (1, UNIX_TIMESTAMP(SYSDATE(6)) + 60, 'NODE_A_ACTING')"
    )
    assert refusal(cluster.connect("node_a"), INSERT, ("a",)) == FOLLOWERS["node_a"]


def test_a_raised_promise_takes_the_lease(cluster):
    cluster.replicator.stop()
    main = cluster.connect("main")
    main.run(INSERT, ("a",))
    cluster.nodes[NodeName.MAIN].follow(2)
    assert leases(cluster) == []
    assert refusal(main, INSERT, ("b",)) == NO_LEASE


def test_a_claim_takes_the_lease(cluster):
    cluster.replicator.stop()
    cluster.nodes[NodeName.MAIN].claim(2)
    assert leases(cluster) == []
    assert refusal(cluster.connect("main"), INSERT, ("b",)) == NO_LEASE


class TestBarrier:
    """A mode change waits for open write transactions, and later ones see it."""

    @pytest.fixture
    def main(self, cluster):
        """A patient hand on Main's mode; nobody renews its lease meanwhile."""
        cluster.replicator.stop()
        node = connect(NodeName.MAIN, timeout=10, lock_wait=8)
        yield node
        node.close()

    def test_it_waits_for_an_open_write_and_includes_it(self, cluster, main):
        writer = cluster.connect("main")
        writer.run("START TRANSACTION")
        writer.run(INSERT, ("a",))
        change = threading.Thread(target=main.close_writes, args=(Mode.RECOVERING,))
        change.start()
        change.join(0.3)
        assert change.is_alive()
        writer.commit()
        change.join(5)
        assert not change.is_alive()
        assert main.state().mode is Mode.RECOVERING
        assert [record for *_, record in row_entries(writer)] == ["a"]
        assert refusal(writer, INSERT, ("b",)) == (
            "Main is in RECOVERING mode. No node takes writes now; try again in a moment."
        )

    def test_a_write_that_comes_while_it_waits_is_refused(self, cluster, main):
        first, second = cluster.connect("main"), cluster.connect("main")
        first.run("START TRANSACTION")
        first.run(INSERT, ("a",))
        change = threading.Thread(target=main.close_writes, args=(Mode.RECOVERING,))
        change.start()
        wait_for_lock(cluster)
        sentences = []
        late = threading.Thread(target=lambda: sentences.append(refusal(second, INSERT, ("b",))))
        late.start()
        late.join(0.3)
        assert late.is_alive()
        first.commit()
        for thread in (change, late):
            thread.join(5)
        assert sentences == ["Main is in RECOVERING mode. No node takes writes now; try again in a moment."]
        assert [record for *_, record in row_entries(first)] == ["a"]

    def test_a_claim_waits_too(self, cluster, main):
        writer = cluster.connect("main")
        writer.run("START TRANSACTION")
        writer.run(INSERT, ("a",))
        claim = threading.Thread(target=main.claim, args=(2,))
        claim.start()
        claim.join(0.3)
        assert claim.is_alive()
        writer.commit()
        claim.join(5)
        assert main.state().promised == 2
        assert refusal(writer, INSERT, ("b",)) == NO_LEASE

    @pytest.mark.parametrize("verb", ["close_writes", "claim", "follow"])
    def test_a_write_that_does_not_end_is_given_up_with_nothing_changed(self, cluster, verb):
        writer = cluster.connect("main")
        writer.run("START TRANSACTION")
        writer.run(INSERT, ("a",))
        hasty = connect(NodeName.MAIN, timeout=5, lock_wait=1)
        before = hasty.state()
        argument = Mode.RECOVERING if verb == "close_writes" else before.promised + 1
        with pytest.raises(WritersBusy, match="did not end within 1 s"):
            getattr(hasty, verb)(argument)
        after = hasty.state()
        hasty.close()
        assert (after.mode, after.promised, after.writable) == (before.mode, before.promised, True)
        writer.run(INSERT, ("b",))
        writer.commit()

    def test_a_reader_is_not_waited_for(self, cluster, main):
        reader = cluster.connect("main")
        reader.run("START TRANSACTION")
        reader.rows("SELECT * FROM test_word, node_config")
        began = time.monotonic()
        main.close_writes(Mode.RECOVERING)
        assert time.monotonic() - began < 1


def wait_for_lock(cluster) -> None:
    """Until somebody waits for a row lock on Main."""
    watcher = cluster.connect("main", "root")
    deadline = time.monotonic() + 5
    while True:
        time.sleep(0.12)  # the server renews its answer when nobody asked for 0.1 s
        if watcher.rows("SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'"):
            return
        assert time.monotonic() < deadline, "nobody waits for a lock"
