"""The SQL console and the commands decide alike: both are given states that a generator made up."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cluster.nodes.connection import Connection
from cluster.nodes.log import reading
from cluster.protocol.decide import Action, Decision, automation_blocked_reason, cooled_down_at, decide
from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.monitor_state import MonitorState
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.policy import Automation, Policy
from cluster.protocol.times import format_utc
from cluster.protocol.view import ClusterView, Lease, NodeState
from tests.harness.peer_status import own_state, save

ROUNDS = 2_000
ACTIONS = ("nothing", "renew", "resume", "wait", "fail over")
PAUSED = Automation(3, paused=True, by="ada", at="2027-01-15 07:00:00 UTC")
RESUMED = Automation(4, paused=False, by="ada", at="2027-01-15 07:01:00 UTC")
PROMOTIONS = {1: NodeName.MAIN, 2: NodeName.NODE_A, 3: NodeName.MAIN}
"""Whom each epoch made the primary: who knows of an epoch knows that."""
UNFIT = "lacks its triggers, so what is written there is in no log. Run setup_nodes"


def some_state(r: random.Random, basis: NodeState, name: NodeName, failover_at: float) -> NodeState:
    """Return a node as it may describe itself."""
    led = r.choice((1, 2, 2, 3))
    promised = r.choice((led, led, led, led + 1, 0, -1))
    mode = r.choice((name.writing_mode or Mode.REPLICA, name.following_mode, Mode.RECOVERING))
    holds = mode.takes_writes and PROMOTIONS[led] is name and promised == led and r.random() < 0.7
    return replace(
        basis,
        name=name,
        mode=mode,
        led=led if promised else 0,
        promised=promised,
        primary=PROMOTIONS[led] if promised else None,
        lease=Lease(promised, 2.0) if holds else None,
        consent_seconds=r.choice((0.0, 0.0, 1.5)),
        failover_at=failover_at if promised and led > 1 else None,
        automation=r.choice((PAUSED, RESUMED, Automation())) if r.random() < 0.3 else Automation(),
        quarantined=r.choice((0, 0, 0, 1, 7)),
        defect=r.choice(("", "", "", f"title_ft {UNFIT} {name}.")),
        rounds={other: r.choice((9, 10, 10)) for other in NodeName},
        in_sync=r.random() < 0.8,
    )


def some_states(r: random.Random, basis: NodeState, failover_at: float) -> dict[NodeName, NodeState]:
    """Return the nodes that answer Node A, which always does."""
    seen = {
        name: some_state(r, basis, name, failover_at)
        for name in NodeName
        if name is NodeName.NODE_A or r.random() < 0.75
    }
    newest = max(state.led for state in seen.values())
    # Invariant (b): an epoch begins once no lease of an older one runs.
    return {n: state if state.led == newest else replace(state, lease=None) for n, state in seen.items()}


def monitor_state(seen: Mapping[NodeName, NodeState], policy: Policy, now: float) -> MonitorState:
    """Return what a watcher knows that has seen the same long enough."""
    silent = {name: NodeUnreachable(name, "no answer within 0.8 s") for name in NodeName if name not in seen}
    failures = dict.fromkeys(silent, policy.threshold)
    since = dict.fromkeys(silent, now - 60)
    return MonitorState(ClusterView({**seen, **silent}), now, failures=failures, since=since)


def blocking(decision: Decision, state: MonitorState, policy: Policy) -> str:
    """Return why the watch may not act although it could, in the words of the decision; empty when it may."""
    reason = automation_blocked_reason(state.view, policy)
    again = f"no other before {format_utc(cooled_down_at(state, policy))}."
    return next((words for words in (reason, again) if words and words in decision.sentence), "")


def expected(decision: Decision, state: MonitorState, policy: Policy) -> set[tuple[str, str | None]]:
    """Return the actions of the SQL console, with their nodes, that do what the decision says."""
    view = state.view
    if decision.action is Action.RESUME:
        return {("resume", decision.target)}
    if decision.action is Action.FAIL_OVER and decision.target is NodeName.NODE_A:
        # The console does not wait for a consent to end: it is called again.
        return (
            {("wait", NodeName.NODE_A), ("nothing", None)}
            if state.may_hold_lease
            else {("fail over", NodeName.NODE_A)}
        )
    if decision.action is Action.FAIL_OVER or blocking(decision, state, policy) or view.last_primary is None:
        return {("nothing", None)}
    holder = view.primary.name if view.primary else decision.target
    if holder is not None:
        return {("renew" if holder is NodeName.NODE_A else "nothing", holder)}
    # Without a majority, or with an unfit candidate: promote_node refuses it.
    return {
        ("nothing", None),
        ("wait", NodeName.NODE_A),
        ("fail over", NodeName.NODE_A),
        ("resume", view.last_primary),
    }


@pytest.fixture
def root(cluster):
    cluster.replicator.stop()
    return cluster.connect("node_a", "root")


def policy_of(root: Any, automatic: bool) -> Policy:
    """Set the policy that set-up has stored on the node, and return it."""
    root.run("UPDATE node_config SET config_value = %s WHERE config_key = 'automatic'", (int(automatic),))
    (cooldown,) = root.row("SELECT config_value FROM node_config WHERE config_key = 'cooldown'")
    return Policy(cooldown=float(cooldown), automatic=automatic)


def test_sql_and_python_decide_alike(cluster, root):
    r, counts, wrong = random.Random(1), {}, []
    basis = cluster.nodes[NodeName.NODE_A].state()
    for number in range(ROUNDS):
        policy = policy_of(root, automatic=number % 10 != 0)
        now = float(root.row("SELECT UNIX_TIMESTAMP(SYSDATE(6))")[0])
        failover_at = now - policy.cooldown * r.choice((0.5, 10, 10))
        seen = some_states(r, basis, failover_at)
        save(root, seen)
        answer = json.loads(root.row("SELECT decide()")[0])
        state = monitor_state(seen, policy, now)
        decision = decide(state, policy)
        given = (answer["action"], answer.get("node"))
        if given not in expected(decision, state, policy):
            wrong.append((decision, given, answer.get("sentence"), seen))
        if given[0] == "resume" and decision.action is Action.RESUME and not state.view.overtaken_by:
            assert answer["sentence"] == decision.sentence, seen
        if reason := state.view.last_primary and blocking(decision, state, policy):
            assert reason in answer["sentence"], seen
        counts[given[0]] = counts.get(given[0], 0) + 1
    assert wrong == [], f"{len(wrong)} of {ROUNDS}: {wrong[0]}"
    assert min(counts.get(action, 0) for action in ACTIONS) > 10, counts


def test_sql_and_python_agree_on_who_is_unfit(cluster, root):
    r = random.Random(2)
    basis = cluster.nodes[NodeName.NODE_A].state()
    for _ in range(200):
        seen = some_states(r, basis, 0.0)
        save(root, seen)
        for name in (NodeName.MAIN, NodeName.NODE_A):
            state = seen.get(name)
            unfit = state.unfit if state and state.primary is not name else ""
            assert (root.row("SELECT why_unfit(%s)", (name.value,))[0] or "") == unfit, state


def describe_itself(r: random.Random, root: Connection) -> None:
    """Give the node a configuration and a promotion as it may have them."""
    decision = json.dumps(
        {"version": 3, "paused": r.random() < 0.5, "by": "a" * 40, "at": "2027-01-15 07:00:00 UTC"}
    )
    config = {
        "node_mode": r.choice(list(Mode)).value,
        "epoch": r.choice((-1, 0, 2, 3)),
        "durability": r.choice(("quorum", "local")),
        "followed_epoch": r.choice((0, 2, 3)),
        "consent_until": float(root.row("SELECT UNIX_TIMESTAMP(SYSDATE(6))")[0]) + r.choice((-5, 2, 60)),
        "consent_seconds": 3.3,
        "automation": r.choice(("", decision)),
        "defect": r.choice(("", f"title_ft {UNFIT} node_b.", "x" * 255)),
        "round_main": r.choice((0, 7)),
        "round_node_b": r.choice((0, 12)),
    }
    for key, value in config.items():
        root.run("UPDATE node_config SET config_value = %s WHERE config_key = %s", (value, key))
    facts = {
        "node": r.choice(("main", "node_a")),
        "failover_at": r.choice((None, 1_800_000_000.5)),
        "forced": r.choice((0, 1)),
    }
    root.run("UPDATE transaction_log SET new_value = %s WHERE record_id = 'PROMOTION'", (json.dumps(facts),))


def facts_of(state: NodeState) -> dict[str, Any]:
    """Return what the SQL console knows of a node, out of what Python read."""
    return json.loads(own_state(state)) | {
        "node": state.name,
        "solo": state.solo,
        "watermark": state.watermark.log_id,
        "entries": state.entries,
        "last_log_id": state.last_log_id,
    }


def plain(fact: Any) -> str:
    """Return a fact as text: the server writes some numbers so."""
    return "" if fact is None else str(int(fact) if isinstance(fact, bool) else fact)


def test_a_node_describes_itself_alike(cluster, root):
    r = random.Random(3)
    for _ in range(100):
        describe_itself(r, root)
        told = json.loads(root.row("SELECT own_state()")[0])
        facts = facts_of(reading.state(root))
        assert told.pop("consent") == pytest.approx(facts.pop("consent"), abs=0.5)
        paused = told.pop("automation") or {"version": 0, "paused": False, "by": "", "at": ""}
        assert paused | {"paused": paused["paused"] in ("1", "true", True)} == facts.pop("automation")
        del told["last_entry_at"], told["restarted"], facts["restarted"], told["lease"], facts["lease"]
        assert told.keys() >= {"solo", "round_main"}
        assert {key: plain(facts.get(key)) for key in told} == {
            key: plain(fact) for key, fact in told.items()
        }
