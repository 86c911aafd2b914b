"""The ticks of a verb's dialog agree with what the verb itself refuses."""

import pytest

from cluster.protocol.names import NodeName
from cluster.protocol.view import NEARLY_CAUGHT_UP
from cluster.views.preflight import demoting, forcing, promoting, switching
from cluster.views.seen import Seen


@pytest.mark.parametrize(
    ("lag", "led", "holds"),
    [
        (0, 2, True),
        (NEARLY_CAUGHT_UP, 2, True),
        (NEARLY_CAUGHT_UP + 1, 2, False),
        (1, 1, False),
        (None, 2, False),
    ],
)
def test_a_demotion_is_offered_where_it_is_allowed(lag, led, holds):
    main = {"mode": "RECOVERING", "reachable": True, "lag_entries": lag, "led": led}
    acting = {"mode": "ACTING_MASTER", "reachable": True, "lag_entries": 0, "led": 2}
    seen = Seen(
        {"primary": "node_a", "epoch": 2, "nodes": {NodeName.MAIN: main, NodeName.NODE_A: acting}}, 0.0
    )
    assert demoting(seen, None)[-1].holds is holds


@pytest.mark.parametrize(("promised", "holds"), [(2, False), (3, True)])
def test_a_primary_that_was_overtaken_may_begin_a_new_epoch(promised, holds):
    """The status says: run switchover --to main."""
    nodes = {
        NodeName.MAIN: {"mode": "PRIMARY", "reachable": True, "epoch": 2},
        NodeName.NODE_A: {"mode": "VICE", "reachable": True, "epoch": promised},
    }
    seen = Seen({"primary": "main", "epoch": 2, "nodes": nodes}, 0.0)
    assert all(tick.holds for tick in switching(seen, NodeName.MAIN)) is holds


@pytest.mark.parametrize(
    ("ticks", "node"),
    [(demoting, NodeName.MAIN), (switching, NodeName.MAIN), (promoting, NodeName.NODE_A)],
)
def test_an_unfit_node_is_not_offered(ticks, node):
    unfit = {"reachable": True, "lag_entries": 0, "led": 2, "unfit": "1 row is quarantined."}
    seen = Seen({"primary": None, "epoch": 2, "nodes": {node: unfit}}, 0.0)
    assert "1 row is quarantined." in [
        tick.words for tick in ticks(seen, node) if tick.needed and not tick.holds
    ]


def test_a_vote_that_proves_nothing_is_told_and_may_be_overruled():
    old = {"mode": "REPLICA", "reachable": True, "set_back": "The data of Node B is older than it was."}
    nodes = {NodeName.NODE_A: {"mode": "VICE", "reachable": True}, NodeName.NODE_B: old}
    seen = Seen({"primary": None, "epoch": 2, "nodes": nodes}, 0.0)
    assert [tick.words for tick in promoting(seen, None) if not tick.holds] == [old["set_back"]]
    assert all(tick.holds for tick in forcing(seen, None))
