"""A writer that meets a dead primary asks for a round of the watch at once, beside its own waiting."""

import logging
import threading

from cluster.backend.view import SharedView
from cluster.conf import conf

log = logging.getLogger(__name__)

_looking = threading.Lock()


def raise_alarm(view: SharedView) -> None:
    """Let the watch look in a thread of its own if no node takes writes; one at a time in a process."""
    if view.current().primary is None and _looking.acquire(blocking=False):
        threading.Thread(target=look, args=(view,), name="alarm", daemon=True).start()


def look(view: SharedView) -> None:
    """One round of the watch, by the same rules as any other: where automation is off it changes nothing.

    Its connections are new, so they prove the end of no process; those of the view do.
    """
    # Imported late: the actions' journal has models, and Django loads a backend before any model.
    from cluster.actions.failover.check_health import Watch

    try:
        watch = Watch.configured(conf(), view.ended)
        log.info("A writer found no primary. %s", watch.tick().sentence)
        watch.close()
    finally:
        _looking.release()
