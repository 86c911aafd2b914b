"""The watch as a loop; any number may run."""

import signal
import threading
import time

from cluster.actions.events import journal
from cluster.actions.failover.check_health import Watch
from cluster.actions.reports import observations
from cluster.actions.verification import background
from cluster.conf import conf
from cluster.management.verbs import VerbCommand


class Command(VerbCommand):
    """Runs until it is asked to end. Needs neither broker nor control database."""

    help = "Watch the nodes and fail over by itself, until stopped."

    def act(self, **options: object) -> None:
        """Make a tick each CLUSTER_PROBE_INTERVAL, sooner when a server lets go; says what changes."""
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        threading.Thread(target=compare, args=[over, journal.actor()], name="comparison", daemon=True).start()
        watch, interval, last = Watch.of_this_process(), conf().probe_interval, ""
        while not over.is_set():
            began = time.monotonic()
            tick = watch.tick()
            observations.keep(tick, watch.prober.seconds)
            sentence = tick.sentence
            if sentence != last:
                self.say(sentence)
            last = sentence
            watch.wait(interval - (time.monotonic() - began))
        watch.close()
        self.say("Stopped.")


def compare(over: threading.Event, actor: str) -> None:
    """Compare the nodes in the background, beside the watch and never in its way."""
    with journal.acting_as(actor):
        background.run(over)
