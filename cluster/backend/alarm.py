"""A writer that finds no primary starts a round of the monitor at once, beside its own waiting."""

import logging
import threading
import time

from cluster.backend.view import SharedView, shared
from cluster.conf import conf
from cluster.protocol.names import NodeName

log = logging.getLogger(__name__)

ALARM_AFTER = 0.2
"""Seconds that a writer waits for a primary before it asks for another round of the monitor."""

_running = threading.Lock()


def await_primary(deadline: float) -> NodeName | None:
    """Wait for the node that takes writes, and call the monitor meanwhile; None when there is none at the deadline."""
    view = shared()
    while True:
        found = view.await_primary(min(deadline, time.monotonic() + ALARM_AFTER))
        if found is not None:
            return found.name
        if time.monotonic() >= deadline:
            return None
        raise_alarm(view)


def raise_alarm(view: SharedView) -> None:
    """Start a round in a thread of its own if no node takes writes; one at a time in a process."""
    if view.current().primary is None and _running.acquire(blocking=False):
        threading.Thread(target=run_round, args=(view,), name="alarm", daemon=True).start()


def run_round(view: SharedView) -> None:
    """Probe, decide and act once, by the same rules as any monitor: where automation is off it changes nothing.

    Its connections are new, so they prove the end of no process; those of the view do.
    """
    # Imported late: the actions' journal has models, and Django loads a backend before any model.
    from cluster.actions.failover.check_health import Watch

    try:
        watch = Watch.configured(conf(), view.ended)
        log.info("A writer found no primary. %s", watch.tick().sentence)
        watch.close()
    finally:
        _running.release()
