"""Stop the watch from acting."""

from cluster.actions.failover.automation import PAUSED, pause
from cluster.conf import conf
from cluster.management.verbs import VerbCommand
from cluster.nodes.cluster import connect_all


class Command(VerbCommand):
    """The decision is kept by the nodes themselves, so it holds for every watcher."""

    help = "No automatic failover until resume; the watch goes on probing and says what it sees."

    def act(self, **options: object) -> None:
        """Order it and say so."""
        order = pause(connect_all(timeout=conf().probe_timeout), self.actor())
        self.say(PAUSED)
        self.result(automatic=not order.paused, by=order.by, at=order.at)
