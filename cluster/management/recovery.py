"""What recover_main and recover_node share."""

from dataclasses import asdict

from cluster.actions.failover.recover import recover
from cluster.actions.steps.observe import observe
from cluster.conf import conf
from cluster.management.verbs import VerbCommand
from cluster.nodes.cluster import connect_all
from cluster.protocol.names import NodeName


class RecoveryCommand(VerbCommand):
    """Shows how far a recovery is and what it did."""

    def recover(self, name: NodeName) -> None:
        """Recover one node from the primary."""
        nodes = connect_all()
        with self.progress(f"{name.label} catches up", observe(nodes).lag_entries(name)) as tick:
            done = recover(
                nodes, name, lease_seconds=conf().lease_seconds, on_progress=self.say, progress=tick
            )
        self.say(done.sentence)
        if done.orphaned:
            self.say(f"{done.orphaned} entries that only {name.label} had were orphaned; see `orphans list`.")
        self.result(**asdict(done))
