"""Let the watch act again."""

from cluster.actions.failover.automation import RESUMED, resume
from cluster.conf import conf
from cluster.management.verbs import VerbCommand
from cluster.nodes.cluster import connect_all


class Command(VerbCommand):
    """The decision is kept by the nodes themselves, so it holds for every watcher."""

    help = "Automatic failover again, after pause."

    def act(self, **options: object) -> None:
        """Order it and say so."""
        order = resume(connect_all(timeout=conf().probe_timeout), self.actor())
        self.say(RESUMED)
        self.result(automatic=not order.paused, by=order.by, at=order.at)
