"""The verbs as an operator uses them in a test of faults, without the cost of a process each."""

from dataclasses import dataclass, field

from cluster.actions.failover.demote import demote_node_a
from cluster.actions.failover.failover import promote_node_a
from cluster.actions.failover.promote import Promotion
from cluster.actions.failover.recover import Recovery, recover
from cluster.actions.failover.switchover import Switchover, give_writes
from cluster.nodes.mariadb import MariaDBNode
from cluster.protocol.names import NodeName
from tests.harness.cluster import Cluster

REASON = "A test asked for it."


@dataclass
class Operator:
    """Calls actions, each with new connections as a command has them; keeps what was said."""

    cluster: Cluster
    said: list[str] = field(default_factory=list)

    @property
    def nodes(self) -> dict[NodeName, MariaDBNode]:
        """New connections to all nodes."""
        return self.cluster.fresh_nodes()

    @property
    def lease_seconds(self) -> float:
        """As configured."""
        return self.cluster.conf.lease_seconds

    def promote_node_a(self) -> Promotion:
        """As the command. Raises when Node A acts already."""
        done = promote_node_a(self.nodes, reason=REASON, lease_seconds=self.lease_seconds)
        assert done is not None
        return done

    def recover(self, name: NodeName | str) -> Recovery:
        """As recover_main and recover_node."""
        return recover(
            self.nodes, NodeName(name), lease_seconds=self.lease_seconds, on_progress=self.said.append
        )

    def demote_node_a(self) -> Switchover:
        """As the command. Raises when Node A does not act."""
        done = demote_node_a(self.nodes, reason=REASON, lease_seconds=self.lease_seconds, timeout=20.0)
        assert done is not None
        return done

    def give_writes(self, to: NodeName | str) -> Switchover:
        """As switchover --to: a failover when nobody takes writes."""
        return give_writes(
            self.nodes, NodeName(to), reason=REASON, lease_seconds=self.lease_seconds, timeout=20.0
        )
