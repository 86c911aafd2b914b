"""What the replicator says of followers that do not keep up."""

from cluster.actions.replication.lag import LagReport
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView, NodeState
from tests.harness.views import leading, node, silent

MAIN, NODE_A, NODE_B = NodeName


def view(held: int, a: int, b: int | None) -> ClusterView:
    """How many entries each node holds; None: Node B does not answer."""
    last = silent(NODE_B) if b is None else node(NODE_B, entries=b)
    return ClusterView({MAIN: leading(MAIN, entries=held), NODE_A: node(NODE_A, entries=a), NODE_B: last})


def said(*looks: ClusterView, every: float = 10.0) -> list[list[str]]:
    """Return what is said after each round."""
    report = LagReport()
    return [report.sentences(look, turn * every) for turn, look in enumerate(looks)]


def test_entries_that_are_under_way_are_no_lag():
    assert said(view(100, 100, 90), view(200, 190, 100), view(300, 200, 299)) == [[], [], []]


def test_a_lag_is_told_when_it_begins_and_when_it_ends():
    assert said(view(2000, 2000, 0), view(2100, 2100, 500), view(2200, 2200, 2100)) == [
        [],
        ["Node B lags by 1,600 entries for more than 10 s."],
        ["Node B keeps up again."],
    ]


def test_a_lag_that_goes_on_is_told_once_a_minute():
    assert sum(map(bool, said(*[view(100, 100, 0)] * 14))) == 3


def test_a_node_that_does_not_answer_is_told_of_by_its_feed():
    assert said(view(100, 100, 0), view(100, 100, None), view(100, 100, 0)) == [
        [],
        [],
        ["Node B lags by 100 entries for more than 10 s."],
    ]


def test_without_a_primary_nothing_is_known():
    nobody = ClusterView({name: node(name) for name in NodeName})
    assert isinstance(nobody.state(MAIN), NodeState)
    assert said(nobody) == [[]]
