"""The SQL console and the commands say the same of a node whose disk may be older than it was."""

import random
from dataclasses import replace

from cluster.protocol.names import Mode, NodeName
from cluster.protocol.staleness import set_back
from cluster.protocol.view import NodeState
from tests.harness.peer_status import save


def some_state(r: random.Random, basis: NodeState, name: NodeName) -> NodeState:
    """Return a node that follows and holds no lease, as it may describe itself."""
    return replace(
        basis,
        name=name,
        mode=Mode.RECOVERING,
        lease=None,
        promised=r.choice((1, 1, 1, 2, 0, -1)),
        led=r.choice((1, 1, 2)),
        primary=r.choice((NodeName.MAIN, NodeName.NODE_A)),
        rounds={other: r.choice((0, 5, 9, 10, 14)) for other in NodeName},
        in_sync=r.random() < 0.3,
    )


def test_sql_and_python_agree(cluster):
    cluster.replicator.stop()
    root, r = cluster.connect("node_b", "root"), random.Random(1)
    basis = cluster.nodes[NodeName.NODE_A].state()
    found = 0
    for _ in range(150):
        seen = [some_state(r, basis, name) for name in NodeName if r.random() < 0.8]
        save(root, {state.name: state for state in seen})
        told = {name: root.row("SELECT why_set_back(%s)", (name.value,))[0] for name in NodeName}
        assert {name: reason for name, reason in told.items() if reason} == set_back(seen), seen
        found += bool(set_back(seen))
    assert 20 < found < 150
