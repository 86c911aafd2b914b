"""The loop that carries the log; any number may run, one works."""

import signal

from cluster.actions.failover.check_health import Watch
from cluster.actions.replication.replicate import Replicator
from cluster.conf import conf
from cluster.management.verbs import VerbCommand
from cluster.nodes.cluster import connect


class Command(VerbCommand):
    """Runs until it is asked to end."""

    help = "Carry the primary's log to the other nodes and keep its lease, until stopped."

    def act(self, **options: object) -> None:
        """Work until SIGTERM or Ctrl+C."""
        worker = Replicator(
            lambda name, timeout: connect(name, timeout=timeout),
            lease_seconds=conf().lease_seconds,
            alarm=tick,
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stopping.set())
        worker.run()
        self.say("Stopped.")


def tick() -> None:
    """Make one round of the watch. A new watcher each time: what one remembers of the last loss is of no use."""
    watch = Watch.configured(conf())
    watch.tick()
    watch.close()
