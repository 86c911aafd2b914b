"""What an operator wants to know first: who takes writes, who is behind, what is wrong."""

import time
from collections.abc import Mapping
from typing import Any

from cluster.actions.failover.check_health import policy
from cluster.actions.failover.promote import REPORTED_SECONDS
from cluster.actions.steps.observe import observe
from cluster.conf import ClusterConf
from cluster.nodes.log.orphan import PENDING
from cluster.nodes.mariadb import MariaDBNode
from cluster.nodes.repair import deciding
from cluster.protocol.decide import (
    full,
    joined,
    paused,
    replacement,
    solo_warning,
    verb,
    wait_or_force,
    with_primary,
    without_quorum,
    without_votes,
)
from cluster.protocol.errors import ClusterError
from cluster.protocol.health import health, readiness
from cluster.protocol.names import MAJORITY, NodeName
from cluster.protocol.staleness import set_back
from cluster.protocol.view import ClusterView


def node_facts(view: ClusterView, name: NodeName) -> dict[str, object]:
    """Return one node as cluster_status shows it; seconds and entries."""
    state, error = view.state(name), view.error(name)
    if state is None:
        return {
            "reachable": False, "mode": "UNKNOWN", "epoch": 0, "writable": False, "lease_seconds": None,
            "entries": 0, "lag_entries": None, "lag_seconds": None, "last_contact": None,
            "orphans_unfiled": 0, "quarantined": 0, "unfit": "", "set_back": "",
            "error": error.reason if error else None,
        }  # fmt: skip
    return {
        "reachable": True,
        "mode": state.mode.value,
        "epoch": state.promised,
        "writable": state.writable,
        "lease_seconds": round(state.lease.seconds, 3) if state.lease else None,
        "entries": state.entries,
        "lag_entries": view.lag_entries(name),
        "lag_seconds": rounded(view.lag_seconds(name)),
        "last_contact": state.last_main_contact,
        "orphans_unfiled": state.orphaned,
        "quarantined": state.quarantined,
        "unfit": state.unfit,
        "set_back": set_back(view.reachable).get(name, ""),
        "error": None,
    }


def rounded(seconds: float | None) -> float | None:
    """Round to the millisecond."""
    return None if seconds is None else round(seconds, 3)


def status(nodes: Mapping[NodeName, MariaDBNode], conf: ClusterConf) -> dict[str, object]:
    """Return the cluster as the nodes answer now."""
    view = observe(nodes)
    reference = view.reference
    return cluster_facts(view, conf, pending_orphans(nodes[reference.name]) if reference else None)


def pending_orphans(node: MariaDBNode) -> int | None:
    """Orphaned transactions that wait for a decision; None when the node cannot tell."""
    try:
        return deciding.count_transactions(node.connection, PENDING)
    except ClusterError:
        return None


def cluster_facts(view: ClusterView, conf: ClusterConf, orphans: int | None) -> dict[str, Any]:
    """Return the cluster as `cluster_status --json` prints it. orphans: transactions that wait; None: not known."""
    primary, rules, now = view.primary, policy(conf), time.time()
    ready = readiness(view, rules, now)
    return {
        "state": health(view, rules, now, orphans=orphans or 0).value,
        "successor": ready.successor.value if ready and ready.successor else None,
        "blockers": ready.blockers if ready else "",
        "orphans": orphans,
        "primary": primary.name.value if primary else None,
        "epoch": view.epoch,
        "automatic": conf.automatic and not view.automation.paused,
        "quorum": view.quorum,
        "durability": conf.durability,
        "sentence": sentence(view),
        "nodes": {name.value: node_facts(view, name) for name in NodeName},
    }


def sentence(view: ClusterView) -> str:
    """Return the state of the cluster in words, the worst first, with the verb that helps."""
    return joined(standing(view), paused(view))


def standing(view: ClusterView) -> str:
    """Return how things stand now; what is done about it, the watch decides."""
    if not view.quorum:
        return solo_warning(view) if view.primary else without_quorum(view)
    return with_primary(view) if view.primary else without_primary(view)


def without_primary(view: ClusterView) -> str:
    """Return why nobody takes writes and what helps."""
    last = view.last_primary
    if last is None:
        return "This cluster never had a primary. Run setup_nodes."
    state = view.state(last)
    error = view.error(last)
    if error is not None and error.full:
        return joined(full(last), f"{error.reason}.")
    older = set_back(view.reachable)
    if len(view.reachable) - len(older) < MAJORITY:
        lack = without_votes(view, last) if state is not None and last not in older else ""
        return joined(
            "No node takes writes.", lack or joined(*older.values(), wait_or_force(replacement(last)))
        )
    if state is None:
        return (
            f"No node takes writes: {last.label} was the primary and does not answer. "
            f"Run {verb(replacement(last))}.{rest(view)}"
        )
    lack = f"is in {state.mode} mode" if state.lease else "holds no lease"
    return f"No node takes writes: {last.label} {lack}. Run switchover --to {last} to resume."


def remedy(view: ClusterView) -> tuple[str, NodeName] | None:
    """Return the page's verb, and its node, that `without_primary` names; None where no verb helps."""
    last = view.last_primary
    if view.primary is not None or last is None:
        return None
    if view.state(last) is not None:
        return "switchover", last
    return ("promote" if replacement(last) is NodeName.NODE_A else "switchover"), replacement(last)


def rest(view: ClusterView) -> str:
    """Name how long a promotion waits for the consents to the last primary's lease; empty when not long."""
    seconds = max((state.consent_seconds for state in view.reachable), default=0.0)
    return (
        f" It waits {seconds:.1f} s for the lease that may still run." if seconds > REPORTED_SECONDS else ""
    )
