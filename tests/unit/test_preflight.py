"""The ticks of a verb's dialog agree with what the verb itself refuses."""

import pytest

from cluster.actions.switchover import NEARLY_LEVEL
from cluster.protocol.names import NodeName
from cluster.views.preflight import demoting
from cluster.views.seen import Seen


@pytest.mark.parametrize(
    ("lag", "led", "holds"),
    [(0, 2, True), (NEARLY_LEVEL, 2, True), (NEARLY_LEVEL + 1, 2, False), (1, 1, False), (None, 2, False)],
)
def test_a_demotion_is_offered_where_it_is_allowed(lag, led, holds):
    main = {"mode": "RECOVERING", "reachable": True, "lag_entries": lag, "led": led}
    acting = {"mode": "ACTING_MASTER", "reachable": True, "lag_entries": 0, "led": 2}
    seen = Seen(
        {"primary": "node_a", "epoch": 2, "nodes": {NodeName.MAIN: main, NodeName.NODE_A: acting}}, 0.0
    )
    assert demoting(seen, None)[-1].holds is holds
