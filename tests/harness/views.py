"""Nodes and the monitor's state, as a test of a decision describes them."""

from dataclasses import replace
from typing import Any

from cluster.protocol.errors import NodeUnreachable
from cluster.protocol.monitor_state import MonitorState, Reachability
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.policy import Automation, Policy
from cluster.protocol.view import ClusterView, Lease, NodeState, Watermark

MAIN, NODE_A, NODE_B = NodeName
NOW = 1_800_000_000.0
SINCE = NOW - 2
AT = "2027-01-15 07:59:58 UTC"
EPOCH = 5
PAUSED = Automation(3, paused=True, by="ada", at="2027-01-15 07:00:00 UTC")
POLICY = Policy(threshold=2, cooldown=60.0)

FOLLOWER = NodeState(
    name=MAIN, mode=Mode.VICE, promised=EPOCH, led=EPOCH, primary=MAIN, lease=None, consent_epoch=EPOCH,
    consent_seconds=2.0, watermark=Watermark(10, 10), last_log_id=12, entries=12, last_entry_at=NOW - 1, clock=NOW,
)  # fmt: skip


def node(name: NodeName, **facts: Any) -> NodeState:
    """Return a follower of Main without lag in the present epoch, but for these facts."""
    return replace(FOLLOWER, **{"name": name, "mode": name.following_mode} | facts)


def leading(name: NodeName, **facts: Any) -> NodeState:
    """Return the primary of the present epoch."""
    lease = {"mode": name.writing_mode, "lease": Lease(EPOCH, 2.0), "primary": name}
    return node(name, **lease | facts)


def silent(name: NodeName, *, gone: bool = False, ended: bool = False) -> NodeUnreachable:
    """Return a node that does not answer; gone: it refuses connections. ended: it closed one that was open."""
    reason = "connection refused at it" if gone else "no answer within 0.8 s"
    return NodeUnreachable(name, reason, gone=gone, ended=EPOCH if ended else None)


def monitor_state(
    *seen: NodeState | NodeUnreachable,
    failures: int = 2,
    reachability: tuple[Reachability, Reachability] = (Reachability.SILENT, Reachability.SILENT),
    answers: int = 0,
) -> MonitorState:
    """Return Main, Node A, Node B as they are seen; who is missing follows Main. reachability: those of the others."""
    states = dict(zip(NodeName, [*seen, *(node(name) for name in list(NodeName)[len(seen) :])], strict=True))
    view = ClusterView(states)
    away = [name for name in NodeName if view.state(name) is None]
    last = view.last_primary
    observers = [name for name in (last.others if last else []) if view.state(name)]
    asked = last in away and failures >= POLICY.threshold
    return MonitorState(
        view,
        NOW,
        failures={name: failures if name in away else 0 for name in NodeName},
        answers={name: 0 if name in away else answers for name in NodeName},
        since=dict.fromkeys(away, SINCE),
        reachability=dict(zip(observers, reachability, strict=False)) if asked else {},
    )


def acting() -> list[NodeState]:
    """Node A acts, Node B follows it."""
    return [leading(NODE_A), node(NODE_B, primary=NODE_A)]
