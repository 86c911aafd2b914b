"""One round of the watch by hand."""

import time

from cluster.actions.failover.check_health import Watch
from cluster.conf import conf
from cluster.management.verbs import VerbCommand
from cluster.protocol.decide import Action


class Command(VerbCommand):
    """Probes, decides and acts as the monitor does; probes again until a failure is certain."""

    help = "Probe all nodes once, act as the monitor would, and say why."

    def act(self, **options: object) -> None:
        """Make one decision."""
        watch = Watch.configured(conf())
        tick = watch.tick()
        while tick.decision.action is Action.WAIT:
            time.sleep(conf().probe_interval)
            tick = watch.tick()
        watch.close()
        self.say(tick.sentence)
        self.result(
            action=tick.decision.action.value,
            sentence=tick.decision.sentence,
            outcome=tick.outcome,
            failed=tick.failed,
        )
