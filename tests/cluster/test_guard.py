"""The guard: which node takes a write at which moment, enforced by the server itself."""

import threading
import time

import pytest

from cluster.nodes.cluster import connect
from cluster.protocol.errors import NodeFailed, StaleEpoch, WritersBusy
from cluster.protocol.names import Mode, NodeName
from tests.harness.sql import refusal, row_entries

INSERT = "INSERT INTO test_word (word, meaning) VALUES (%s, '')"
COUNT = "UPDATE test_counter SET value = value + 1 WHERE id = %s"
NO_LEASE = (
    "Main is in PRIMARY mode but holds no valid write lease. Try again in a moment; an operator sees the "
    "reason with cluster_status."
)
FOLLOWERS = {
    "node_a": "Node A is in VICE mode. Please use Main node for writes.",
    "node_b": "Node B is in REPLICA mode. Please use Main node for writes.",
}


def leases(cluster, name="main") -> list[tuple[object, ...]]:
    return list(cluster.connect(name, "cluster").rows("SELECT epoch FROM lease"))


def expire(cluster, seconds: float = 0.0) -> None:
    """Let Main's lease run out in `seconds`; nobody renews it."""
    cluster.replicator.stop()
    root = cluster.connect("main", "root")
    (until,) = root.row(
        "SELECT CAST((1 << 42) + FLOOR(1000 * (UNIX_TIMESTAMP(SYSDATE(6)) + %s)) AS INT)", (seconds,)
    )
    root.run(f"ALTER SEQUENCE lease_end RESTART WITH {until}")


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
        node.renew_lease(state.promised, node.beat(), 60)


def test_a_lease_that_ran_out_refuses(cluster):
    main = cluster.connect("main")
    main.run(INSERT, ("a",))
    expire(cluster)
    assert refusal(main, INSERT, ("b",)) == NO_LEASE


def test_a_lease_runs_out_by_itself_when_nobody_renews_it(cluster):
    main = cluster.connect("main")
    expire(cluster, 0.5)
    main.run(INSERT, ("a",))
    time.sleep(0.6)
    assert refusal(main, INSERT, ("b",)) == NO_LEASE


def test_a_transaction_begun_under_a_lease_may_not_go_on_without(cluster):
    main = cluster.connect("main")
    expire(cluster, 0.5)
    main.run("START TRANSACTION")
    main.run(INSERT, ("a",))
    time.sleep(0.6)
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
    root = cluster.connect("node_a", "root")
    root.run("INSERT INTO write_lease VALUES (1, 'NODE_A_ACTING')")
    root.run("CALL raise_lease_end(1, 4398046511102)")
    assert refusal(cluster.connect("node_a"), INSERT, ("a",)) == FOLLOWERS["node_a"]


def test_the_end_of_a_lease_only_grows(cluster):
    """Who renews late, with a claim or a longer renewal before it, changes nothing."""
    cluster.replicator.stop()
    node = cluster.nodes[NodeName.MAIN]
    node.renew_lease(1, node.beat(), 60)
    node.renew_lease(1, node.beat(), 1)
    lease = node.state().lease
    assert lease is not None
    assert 59 < lease.seconds < 60


def test_a_lease_given_up_is_not_renewed(cluster):
    cluster.replicator.stop()
    node = cluster.nodes[NodeName.MAIN]
    node.close_writes()
    with pytest.raises(StaleEpoch, match="no lease to renew"):
        node.renew_lease(1, node.beat(), 60)
    assert refusal(cluster.connect("main"), INSERT, ("a",)) == NO_LEASE


def test_an_older_lease_is_not_given_again(cluster):
    """A coordinator that comes late with the end of its promotion finds the epoch over."""
    cluster.replicator.stop()
    node = cluster.nodes[NodeName.MAIN]
    node.claim(2)
    with pytest.raises(StaleEpoch):
        node.open_writes(1, Mode.PRIMARY, node.beat(), 60)
    assert refusal(cluster.connect("main"), INSERT, ("a",)) == NO_LEASE


@pytest.mark.parametrize("isolation", ["READ-COMMITTED", "REPEATABLE-READ", "SERIALIZABLE"])
def test_a_renewal_waits_for_no_writer(cluster, isolation):
    """Neither for an open transaction nor for a long statement; and that one sees the renewal."""
    cluster.replicator.stop()
    node = cluster.nodes[NodeName.MAIN]
    writer, blocker = cluster.connect("main", timeout=20), cluster.connect("main")
    blocker.run(INSERT, ("held",))
    blocker.run("START TRANSACTION")
    blocker.run("UPDATE test_word SET meaning = 'x' WHERE word = 'held'")
    writer.run(f"SET tx_isolation = '{isolation}', innodb_lock_wait_timeout = 10")
    writer.run("START TRANSACTION")
    writer.run(INSERT, ("a",))
    waiting = threading.Thread(target=writer.run, args=("UPDATE test_word SET meaning = 'y'",))
    waiting.start()
    wait_for_lock(cluster)
    for seconds in (4, 5, 6):
        began = time.monotonic()
        node.renew_lease(1, node.beat(), seconds)
        assert time.monotonic() - began < 0.5
    time.sleep(3)  # the lease under which the statement began has run out
    blocker.commit()
    waiting.join(5)
    writer.commit()
    assert writer.rows("SELECT meaning FROM test_word") == (("y",), ("y",))


def test_writers_that_wait_for_one_another_and_a_renewal_do_not_block(cluster):
    """Transactions of two statements on one row, while the lease is renewed all the time."""
    cluster.connect("main").run(
        "INSERT INTO test_counter VALUES (0, 0, ''), (1, 0, ''), (2, 0, ''), (3, 0, '')"
    )
    node, over, slowest = cluster.fresh_nodes()[NodeName.MAIN], threading.Event(), []

    def write(number: int) -> None:
        session = cluster.connect("main", timeout=20)
        while not over.is_set():
            began = time.monotonic()
            session.run("START TRANSACTION")
            for record in (0, number):
                session.run("UPDATE test_counter SET value = value + 1 WHERE id = %s", (record,))
            session.commit()
            slowest.append(time.monotonic() - began)

    threads = [threading.Thread(target=write, args=(number,)) for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        node.renew_lease(1, node.beat(), 3)
    over.set()
    for thread in threads:
        thread.join(15)
    assert max(slowest) < 1


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
        """Give a patient hand on Main's mode; nobody renews its lease meanwhile."""
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

    @pytest.mark.parametrize("verb", ["close_writes", "claim", "follow"])
    def test_under_a_stream_of_writes_it_is_quick(self, cluster, main, verb):
        """Writers that queue up behind the mode change hold nothing that it needs."""
        over, sentences = threading.Event(), []

        def write(number: int) -> None:
            session = cluster.connect("main", timeout=20)
            while not over.is_set():
                try:
                    session.run(COUNT, (number,))
                except NodeFailed as error:
                    sentences.append(str(error))
                    return

        cluster.connect("main").many("INSERT INTO test_counter VALUES (%s, 0, '')", [(n,) for n in range(8)])
        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        began = time.monotonic()
        getattr(main, verb)(None if verb == "close_writes" else 2)
        seconds = time.monotonic() - began
        for thread in threads:
            thread.join(15)
        over.set()
        assert len(sentences) == 8
        assert all("45001" in sentence for sentence in sentences)
        assert seconds < 1

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
