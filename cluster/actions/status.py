"""What an operator wants to know first: who takes writes, who is behind, what is wrong."""

from typing import Any

from cluster.conf import ClusterConf
from cluster.protocol.names import Mode, NodeName
from cluster.protocol.view import ClusterView


def node_facts(view: ClusterView, name: NodeName) -> dict[str, Any]:
    """One node as cluster_status shows it; seconds and entries."""
    state, error = view.state(name), view.error(name)
    if state is None:
        return {
            "reachable": False, "mode": "UNKNOWN", "epoch": 0, "writable": False, "lease_seconds": None,
            "entries": 0, "lag_entries": None, "lag_seconds": None, "last_contact": None,
            "orphans_unfiled": 0, "error": error.reason if error else None,
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
        "orphans_unfiled": state.stranded,
        "error": None,
    }


def rounded(seconds: float | None) -> float | None:
    """To the millisecond."""
    return None if seconds is None else round(seconds, 3)


def cluster_facts(view: ClusterView, conf: ClusterConf) -> dict[str, Any]:
    """The cluster as `cluster_status --json` prints it."""
    primary = view.primary
    return {
        "primary": primary.name.value if primary else None,
        "epoch": view.epoch,
        "automatic": conf.automatic,
        "quorum": view.quorum,
        "durability": conf.durability,
        "sentence": sentence(view),
        "nodes": {name.value: node_facts(view, name) for name in NodeName},
    }


def sentence(view: ClusterView) -> str:
    """The state of the cluster in words, the worst first, with the verb that helps."""
    if not view.quorum:
        return (
            f"Only {len(view.reachable)} of 3 nodes answer; 2 are needed to take writes. {view.missing()}"
        ).strip()
    primary, main = view.primary, view.state(NodeName.MAIN)
    if primary is None:
        return without_primary(view)
    if primary.name is NodeName.MAIN:
        behind = [name.label for name in NodeName if name is not NodeName.MAIN and troubled(view, name)]
        if not behind:
            return "Main is healthy. Node A remains in VICE mode."
        return (
            f"Main takes the writes. Not level: {', '.join(behind)}. {view.missing()} {empty(view)}".strip()
        )
    if main is None:
        return "Main still down. Node A continues as ACTING_MASTER."
    return "Main is back online. Node A should demote after synchronization."


def empty(view: ClusterView) -> str:
    """The nodes that have to be rebuilt, in a sentence; nothing when there are none."""
    return " ".join(
        f"{state.name.label} is new or was not rebuilt to the end: run rebuild_node {state.name}."
        for state in view.reachable
        if state.blank or state.withdrawn
    )


def without_primary(view: ClusterView) -> str:
    """Why nobody takes writes and what helps."""
    last = view.last_primary
    if last is None:
        return "This cluster never had a primary. Run setup_nodes."
    if view.state(last) is None:
        return f"No node takes writes: {last.label} was the primary and does not answer. Run promote_node_a."
    return f"No node takes writes: {last.label} holds no lease. Run switchover --to {last} to resume."


def troubled(view: ClusterView, name: NodeName) -> bool:
    """Whether a follower does not answer or has not joined the present epoch."""
    state, primary = view.state(name), view.primary
    if state is None or primary is None:
        return True
    return state.led != primary.led or state.mode is Mode.RECOVERING or state.mode.takes_writes
