"""The dashboard answers, in any state: who takes writes, whether data is at risk, what to do next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cluster.actions.failover.check_health import Tick
from cluster.actions.reports.observations import facts
from cluster.actions.reports.recent import Newest
from cluster.models import Observation
from cluster.protocol.decide import decide
from cluster.protocol.names import NodeName
from tests.harness.views import MAIN, NODE_A, NODE_B, POLICY, acting, leading, monitor_state, node, silent

pytestmark = pytest.mark.django_db(databases=["control"])
LIMIT = 150 * 1024
"""Bytes of a page."""


def seen(*nodes: Any, orphans: int = 0, age: float = 0.0) -> None:
    """Let a monitor see these nodes."""
    state = monitor_state(*nodes)
    told = facts(Tick(state, decide(state, POLICY)), dict.fromkeys(NodeName), Newest((), orphans))
    now = datetime.now(UTC) - timedelta(seconds=age)
    Observation.objects.create(watcher="test", seen_at=now, facts=told)


TWO = "2 orphaned transactions"
STATES: list[tuple[list[Any], dict[str, Any], tuple[str, str, str, str]]] = [
    ([leading(MAIN)], {}, ("Healthy", "Main", "none", "nothing to do")),
    (
        [leading(MAIN), silent(NODE_A)],
        {},
        ("Degraded", "Main", "none", "Start Node A, or restore its network"),
    ),
    (
        [leading(MAIN)],
        {"orphans": 2},
        ("Degraded", "Main", TWO, "Decide on orphaned"),
    ),
    ([silent(MAIN), *acting()], {}, ("Failed over", "Node A", "none", "Start Main, or restore its network")),
    ([node(MAIN, led=4), *acting()], {}, ("Failed over", "Node A", "none", "Recover node")),
    ([silent(MAIN)], {}, ("No primary", "no node", "none", "Fail over to Node A")),
    (
        [silent(MAIN), node(NODE_A), silent(NODE_B)],
        {},
        ("No primary", "no node", "none", "Start Main, or restore its network"),
    ),
    (
        [leading(MAIN)],
        {"age": 60.0},
        ("Unknown", "unknown", "unknown", "Start manage.py monitor, or a worker"),
    ),
]


@pytest.mark.parametrize(("nodes", "more", "answers"), STATES)
def test_it_answers_three_questions_in_any_state(admin_client, nodes, more, answers):
    seen(*nodes, **more)
    page = admin_client.get("/admin/")
    text = page.content.decode()
    state, writer, risk, step = answers
    assert f"<strong>{state}.</strong>" in text
    assert f"<dt>Takes writes</dt><dd>{writer}</dd>" in text
    assert f"<dt>Data at risk</dt><dd>{risk}</dd>" in text
    assert f"<dt>Next step</dt><dd>{step}" in text
    assert state in admin_client.get("/admin/badge/").content.decode()
    assert len(page.content) < LIMIT


def test_it_works_before_anything_was_seen(admin_client):
    text = admin_client.get("/admin/").content.decode()
    assert "No probe has run yet" in text
    assert "<strong>Unknown.</strong>" in text


def test_the_side_bar_counts_orphaned_transactions_and_has_no_actions(admin_client):
    seen(leading(MAIN), orphans=2)
    text = admin_client.get("/admin/failovers/").content.decode()
    assert "Orphaned transactions (2)" in text
    assert "/admin/verbs/" not in text
