"""verify_consistency: what is on its way to a node is no difference."""

import threading

from cluster.protocol.names import NodeName
from tests.harness.comparison import ADD, Found, add

MAIN, NODE_A, NODE_B = NodeName


def test_lag_is_no_difference(cluster, main):
    add(main, 3)
    cluster.settle()
    cluster.replicator.stop()
    main.run("UPDATE test_counter SET value = 1 WHERE id = 1")
    main.run(ADD, (4,))
    main.run("DELETE FROM test_counter WHERE id = 2")
    found = Found(cluster, settle=0.2)
    assert found == []
    assert found.result.lag == {NODE_A: 3, NODE_B: 3}
    assert not found.result.equal
    assert "Node B lacks the last 3 log entries." in found.result.sentence
    cluster.replicator.start()
    cluster.settle()
    assert Found(cluster).result.equal


def test_damage_is_found_beside_lag(cluster, main, root):
    add(main, 3)
    cluster.settle()
    cluster.replicator.stop()
    main.run("UPDATE test_counter SET value = 1 WHERE id = 1")
    root(NODE_B).run("UPDATE test_counter SET value = 2 WHERE id = 1")
    found = Found(cluster, settle=0.2)
    assert found.sentences == ["test_counter 1 on Node B: different: value, against its own log"]


def test_nodes_are_equal_while_writes_go_on(cluster, main):
    add(main, 5)
    stop = threading.Event()

    def write(number: int) -> None:
        own = cluster.connect(MAIN)
        while not stop.is_set():
            own.run("UPDATE test_counter SET value = value + 1 WHERE id = %s", (number % 5 + 1,))
            own.run("REPLACE INTO test_word VALUES (%s, %s)", (f"w{number}", str(number)))
            own.run("DELETE FROM test_word WHERE word = %s", (f"w{number}",))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    try:
        results = [Found(cluster, settle=3.0) for _ in range(10)]
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert [found.result.sentence for found in results if not found.result.equal] == []
    assert results[-1].result.entries > results[0].result.entries
