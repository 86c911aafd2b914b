"""What the watch saw, put where pages and machines read it: none of them then waits for a node.

Written by a thread of its own, which drops an observation when a newer one has come: the watch never waits for the
control database, and a database that is away costs nothing but pages that show how old their view is.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import DatabaseError, InterfaceError, connections, transaction

from cluster.actions.events import journal
from cluster.actions.failover.check_health import Tick
from cluster.actions.reports.downtime import DowntimeMeter
from cluster.actions.reports.recent import Newest, NewestReader
from cluster.actions.reports.refusals import refusals
from cluster.actions.reports.status import cluster_facts, remedy
from cluster.actions.reports.writes import counted
from cluster.background import PerProcess, WarnOnce
from cluster.conf import CONTROL_ALIAS, conf
from cluster.models import SLOT_SECONDS as SLOT
from cluster.models import Observation, Sample
from cluster.protocol.errors import ClusterError
from cluster.protocol.names import NodeName
from cluster.protocol.view import ClusterView

log = logging.getLogger(__name__)

KEPT_SECONDS: Final = 7 * 86_400
STALE_SECONDS: Final = 10.0
"""An observation that is older shows nothing of now."""

SAMPLED: Final = ("mode", "lag_entries", "probe_seconds", "entries", "writable")
"""What a sample keeps of a node."""

Seconds = Mapping[NodeName, float | None]


def keep(tick: Tick, seconds: Seconds) -> None:
    """Keep a round of the watch. Never waits, never raises."""
    of_this_process.get().take(tick, seconds)


def newest() -> Observation | None:
    """Return the newest observation of any watcher; one query on the control database."""
    return Observation.objects.order_by("-seen_at").first()


def facts(tick: Tick, seconds: Seconds, newest: Newest) -> dict[str, object]:
    """Return a round of the watch as pages read it: `cluster_status --json` and what only the watch knows."""
    view = tick.monitor_state.view
    found = cluster_facts(view, conf(), newest.orphans)
    for name in NodeName:
        found["nodes"][name.value] |= more(view, name, seconds.get(name))
    return found | {
        "decision": tick.decision.action.value,
        "sentence": tick.sentence,
        "alarm": tick.decision.alarm,
        "paused_by": view.automation.by if view.automation.paused else "",
        "recent": list(newest.recent),
        "durable": conf().durability == "quorum",
        "overtaken": bool(view.overtaken_by),
        "refusals": refusals(view),
        "remedy": remedy(view),
    }


def more(view: ClusterView, name: NodeName, seconds: float | None) -> dict[str, object]:
    """Return what a page shows of a node besides its status."""
    state = view.state(name)
    if state is None:
        return {"probe_seconds": None, "last_log_id": None, "commit_watermark": None, "led": None}
    return {
        "probe_seconds": None if seconds is None else round(seconds, 4),
        "last_log_id": state.last_log_id,
        "commit_watermark": state.watermark.log_id,
        "led": state.led,
        "consent_seconds": round(state.consent_seconds, 1),
    }


class Keeper:
    """Writes the observations of this process, the newest first and last."""

    def __init__(self) -> None:
        self._newest: deque[tuple[Tick, Seconds, str]] = deque(maxlen=1)
        self._come = threading.Event()
        self._reader, self._meter = NewestReader(), DowntimeMeter()
        self._slot = Slot()
        self._warnings = WarnOnce(
            log, "Pages will show an old view: what the watch sees cannot be written: %s"
        )
        threading.Thread(target=self._run, name="observations", daemon=True).start()

    def take(self, tick: Tick, seconds: Seconds) -> None:
        """Put an observation where the thread finds it, in place of an older one."""
        self._newest.append((tick, dict(seconds), journal.actor()))
        self._come.set()

    def _run(self) -> None:
        while True:
            self._come.wait()
            self._come.clear()
            try:
                self.store(*self._newest.pop())
                self._warnings.clear()
            except IndexError:
                continue
            except (DatabaseError, InterfaceError) as error:
                self._warnings.warn(error)
            except Exception:  # the next one is to be kept, whatever this one did
                log.exception("An observation of the watch was not kept")

    def store(self, tick: Tick, seconds: Seconds, watcher: str) -> None:
        """Write one observation. Raises DatabaseError."""
        view = tick.monitor_state.view
        found = facts(tick, seconds, self._reader.read(view))
        now = datetime.fromtimestamp(tick.monitor_state.now, UTC)
        sample = self._slot.add(found, tick.monitor_state.now)
        try:
            Observation.objects.update_or_create(watcher=watcher, defaults={"seen_at": now, "facts": found})
            if sample:
                slot, kept = sample
                self.store_sample(slot, kept | {"facts": kept["facts"] | {"writes": counted().facts()}})
            self.measure(view, tick.monitor_state.now)
        except (DatabaseError, InterfaceError):
            connections[CONTROL_ALIAS].close()
            raise
        if sample:  # connecting costs more than to write one; but the database may be another one by now
            connections[CONTROL_ALIAS].close()

    def measure(self, view: ClusterView, now: float) -> None:
        """Measure failovers whose first write has come. Raises DatabaseError."""
        if view.primary is None:
            return
        try:
            self._meter.measure(view, self._reader.node(view.primary.name), now)
        except ClusterError as error:
            log.debug("%s", error)

    @staticmethod
    def store_sample(slot: int, sample: dict[str, object]) -> None:
        """Write one row a slot, of whichever watcher comes first; remove observations older than a day."""
        with transaction.atomic(using=CONTROL_ALIAS):
            _, made = Sample.objects.get_or_create(slot=slot, defaults=sample)
            if made and slot % 60 == 0:
                Sample.objects.filter(slot__lt=slot - KEPT_SECONDS // SLOT).delete()
                gone = datetime.now(UTC) - timedelta(days=1)
                Observation.objects.filter(seen_at__lt=gone).delete()


class Slot:
    """Gathers the observations of one slot into a sample."""

    def __init__(self) -> None:
        self.number, self.rounds, self.writable = 0, 0, 0
        self.last: dict[str, object] = {}
        self.at = 0.0
        self.missed: Counter[str] = Counter()

    def add(self, found: dict[str, Any], now: float) -> tuple[int, dict[str, Any]] | None:
        """Count an observation; return the sample of the slot that it ends, if it ends one."""
        number, ended = int(now // SLOT), None
        if number != self.number:
            ended = (self.number, self.sample()) if self.rounds else None
            self.number, self.rounds, self.writable = number, 0, 0
            self.missed.clear()
        self.rounds += 1
        self.writable += found["primary"] is not None
        self.missed.update(name for name, node in found["nodes"].items() if not node["reachable"])
        self.last, self.at = found, now
        return ended

    def sample(self) -> dict[str, object]:
        """Return the slot in short."""
        facts = kept_facts(self.last, self.at)
        for name, node in facts["nodes"].items():
            node["missed"] = self.missed[name]
        return {"rounds": self.rounds, "writable": self.writable, "facts": facts}


def kept_facts(found: dict[str, Any], at: float) -> dict[str, Any]:
    """Return what a sample keeps of an observation."""
    nodes = {name: {key: node[key] for key in SAMPLED} for name, node in found["nodes"].items()}
    return {"nodes": nodes, "at": at}


def sample_of(observation: Observation) -> Sample:
    """Return the newest observation as the sample of a slot that is not over, not stored."""
    at, writable = observation.seen_at.timestamp(), observation.facts["primary"] is not None
    facts = kept_facts(observation.facts, at)
    return Sample(slot=int(at // SLOT), rounds=1, writable=int(writable), facts=facts)


of_this_process = PerProcess(Keeper)


def age(observation: Observation) -> float:
    """Return the seconds since an observation."""
    return max(time.time() - observation.seen_at.timestamp(), 0.0)
