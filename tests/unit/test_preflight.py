"""The ticks of a verb's dialog are what the verb itself refuses."""

import pytest

from cluster.actions.operations.verbs import VERBS
from cluster.actions.reports.refusals import CHECKS, refusals
from cluster.actions.reports.status import cluster_facts, remedy, sentence
from cluster.conf import conf
from cluster.protocol.names import NodeName
from cluster.protocol.view import NEARLY_CAUGHT_UP, ClusterView
from cluster.views.preflight import blocked
from cluster.views.seen import Seen
from tests.harness.views import EPOCH, acting, leading, node, silent

MAIN, NODE_A, NODE_B = NodeName
ENTRIES = 5_000


def reason(verb: str, name: NodeName | None, *nodes) -> str:
    """Why a page disables a verb when the nodes look like this."""
    view = ClusterView(dict(zip(NodeName, nodes, strict=True)))
    seen = Seen(cluster_facts(view, conf(), 0) | {"refusals": refusals(view)}, 0.0)
    return blocked(VERBS[verb], seen, name)


def test_every_verb_about_nodes_has_a_check_for_each_of_them():
    assert VERBS.keys() - CHECKS.keys() == {"pause", "resume"}, (
        "they ask for a majority when they have its answers"
    )
    assert {verb: nodes for verb, (_, nodes) in CHECKS.items() if set(VERBS[verb].nodes) - set(nodes)} == {}


@pytest.mark.parametrize(
    ("lag", "led", "holds"),
    [(0, 0, True), (NEARLY_CAUGHT_UP, 0, True), (NEARLY_CAUGHT_UP + 1, 0, False), (1, -1, False)],
)
def test_a_demotion_is_offered_where_it_is_allowed(lag, led, holds):
    main = node(MAIN, led=EPOCH + led, entries=ENTRIES - lag)
    others = leading(NODE_A, entries=ENTRIES), node(NODE_B, entries=ENTRIES, primary=NODE_A)
    found = reason("demote", None, main, *others)
    assert found == "" if holds else "run recover_main first" in found


@pytest.mark.parametrize(("promised", "words"), [(EPOCH, "Main is the primary already"), (EPOCH + 1, "")])
def test_a_primary_that_was_overtaken_may_begin_a_new_epoch(promised, words):
    """The status says: run switchover --to main."""
    assert reason("switchover", MAIN, leading(MAIN), node(NODE_A, promised=promised), node(NODE_B)) == words


@pytest.mark.parametrize(
    ("verb", "name", "nodes"),
    [
        ("demote", None, [node(MAIN, quarantined=1), *acting()]),
        ("switchover", MAIN, [node(MAIN, quarantined=1), *acting()]),
        ("promote", None, [silent(MAIN), node(NODE_A, quarantined=1), node(NODE_B)]),
    ],
)
def test_an_unfit_node_is_not_offered(verb, name, nodes):
    assert "1 row is quarantined" in reason(verb, name, *nodes)


def test_a_vote_that_proves_nothing_is_named_and_may_be_overruled():
    old = node(NODE_B, in_sync=False, rounds={NODE_A: 3})
    nodes = silent(MAIN), node(NODE_A, rounds={NODE_B: 4}), old
    assert "Node B" in reason("promote", None, *nodes)
    assert reason("force", None, *nodes) == ""


@pytest.mark.parametrize(
    ("verb", "name", "words"),
    [
        ("promote", None, "Main is healthy and takes the writes"),
        ("force", None, "A majority of the nodes answers"),
        ("demote", None, "Node A is already in VICE mode"),
        ("recover", MAIN, "Main takes the writes itself"),
        ("rebuild", MAIN, "Main takes the writes itself"),
        ("recover", NODE_A, ""),
        ("switchover", NODE_A, ""),
    ],
)
def test_with_all_well(verb, name, words):
    found = reason(verb, name, leading(MAIN), node(NODE_A), node(NODE_B))
    assert words in found if words else found == ""


def test_a_node_that_lost_its_data_has_to_be_rebuilt():
    """The page offered to recover it, which the verb refuses."""
    nodes = leading(MAIN), node(NODE_A, promised=0, led=0), node(NODE_B)
    assert "Run rebuild_node node_a instead" in reason("recover", NODE_A, *nodes)


@pytest.mark.parametrize(
    ("nodes", "found"),
    [
        ([silent(MAIN), node(NODE_A), node(NODE_B)], ("promote", NODE_A)),
        ([node(MAIN), node(NODE_A), node(NODE_B)], ("switchover", MAIN)),
        ([node(MAIN, primary=NODE_A), silent(NODE_A), node(NODE_B, primary=NODE_A)], ("switchover", MAIN)),
        ([leading(MAIN), node(NODE_A), node(NODE_B)], None),
        ([node(name, led=0, primary=None) for name in NodeName], None),
    ],
    ids=["died", "answers", "acting died", "all well", "never led"],
)
def test_the_verb_that_helps_is_that_of_the_sentence(nodes, found):
    """The page offered to promote Node A where the sentence says to let Main go on."""
    view = ClusterView(dict(zip(NodeName, nodes, strict=True)))
    assert remedy(view) == found
    words = {"promote": "promote_node_a", "switchover": f"switchover --to {found[1]}" if found else ""}
    assert found is None or words[found[0]] in sentence(view)
