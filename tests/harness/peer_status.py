"""States of nodes that a test made up, as the SQL console finds them in peer_status after a probe."""

import json
from collections.abc import Mapping

from cluster.nodes.connection import Connection
from cluster.protocol.names import NodeName
from cluster.protocol.view import NodeState

SEEN = "REPLACE INTO peer_status (peer, state, seen_at, failed_at) VALUES (%s, %s, UTC_TIMESTAMP(6), %s)"


def own_state(state: NodeState) -> str:
    """Return the state as sql/cluster/procedures/lease/own_state.sql puts it."""
    lease = state.lease.seconds if state.lease and state.lease.epoch == state.promised else None
    facts = {
        "mode": state.mode,
        "promised": state.promised,
        "led": state.led,
        "primary": state.primary or "",
        "failover_at": state.failover_at,
        "lease": lease,
        "restarted": int(lease is None),
        "consent": state.consent_seconds,
        "quarantined": state.quarantined,
        "defect": state.defect,
        "in_sync": int(state.in_sync),
        "automation": {
            "version": state.automation.version,
            "paused": state.automation.paused,
            "by": state.automation.by,
            "at": state.automation.at,
        },
    }
    return json.dumps(facts | {f"round_{name}": number for name, number in state.rounds.items()})


def save(connection: Connection, seen: Mapping[NodeName, NodeState], since: str = "2026-01-01") -> None:
    """Let the server have seen these nodes; who is missing failed at `since` (UTC)."""
    for name in NodeName:
        state = own_state(seen[name]) if name in seen else None
        connection.run(SEEN, (name.value, state, None if state else since))
