"""What happened and why: every transition, refused attempt and alarm becomes a row, and an alert where one is due.

Nothing that the cluster does ever waits for it: rows and alerts are written by threads of their own, which
keep trying while the control database or a mail server is down.
"""

import contextvars
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import Full, Queue

from django.db import DatabaseError, InterfaceError, close_old_connections, connections, transaction

from cluster.actions.events import alerts
from cluster.background import PerProcess, WarnOnce
from cluster.conf import CONTROL_ALIAS
from cluster.models import Event
from cluster.protocol.errors import ClusterError, StaleEpoch

log = logging.getLogger(__name__)

Kind = Event.Kind

KEPT = 1_000
"""Events that wait while they cannot be written; more are only logged."""
RETRY_SECONDS = 2.0
SAME_AGAIN_SECONDS = 300.0
"""Seconds in which the same refusal or alarm is recorded once."""
WATCH = "watch"
"""The verb of what a watcher decides by itself."""
WATCHERS_PERIOD = timedelta(seconds=10)
"""The time in which all watchers come to a decision that one of them has come to."""
TIMES = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\b\d+(\.\d+)? s\b")
"""Parts of a sentence that differ from watcher to watcher and from probe to probe."""

_actor: contextvars.ContextVar[str] = contextvars.ContextVar("actor", default="")


def actor() -> str:
    """Return who is behind what is done here; empty when that is not known."""
    return _actor.get()


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event before it is a row; the fields are those of `cluster.models.Event`."""

    kind: Event.Kind
    verb: str
    sentence: str
    old: str = ""
    new: str = ""
    epoch: int | None = None
    seconds: float | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    actor: str = field(default_factory=actor)
    happened_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def key(self) -> str:
        """What makes it the same as another one: its sentence without times."""
        return TIMES.sub("...", f"{self.kind} {self.verb}: {self.sentence}")

    @property
    def alerts(self) -> bool:
        """Whether the operators get an alert."""
        return self.kind in (Kind.TRANSITION, Kind.ALARM)


@dataclass
class Attempt:
    """A verb on its way; `succeeded` records what it changed."""

    verb: str
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return round(time.monotonic() - self.began, 3)

    def succeeded(self, sentence: str, *, old: str, new: str, epoch: int | None, **facts: object) -> None:
        """Record that a transition took place."""
        record(EventRecord(Kind.TRANSITION, self.verb, sentence, old, new, epoch, self.seconds, facts))


@contextmanager
def acting_as(actor: str) -> Iterator[None]:
    """Name who is behind what is recorded in the block."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


@contextmanager
def attempt(verb: str, *, rivals: bool = False) -> Iterator[Attempt]:
    """Record what comes of a verb: its transition, or the reason why it was refused or failed.

    rivals: others attempt the same at this moment and one wins, so that to be too late is no event.
    """
    made = Attempt(verb)
    try:
        yield made
    except ClusterError as error:
        if rivals and isinstance(error, StaleEpoch):
            raise
        record(EventRecord(Kind.REFUSED, verb, str(error), seconds=made.seconds))
        raise


class EventWriter:
    """A thread that writes event records, one after the other."""

    def __init__(self, name: str, work: Callable[[EventRecord], None]) -> None:
        self._waiting: Queue[EventRecord] = Queue(KEPT)
        self._work = work
        self._warnings = WarnOnce(log, f"Tried again every {RETRY_SECONDS:g} s until it works: %s")
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def take(self, event: EventRecord) -> None:
        """Queue an event. Never waits."""
        try:
            self._waiting.put_nowait(event)
        except Full:
            log.error("Too much waits to be written; only logged: %s", event)

    def finish(self, seconds: float) -> bool:
        """Wait until the queue is empty, at most that long; return whether it is."""
        deadline = time.monotonic() + seconds
        while self._waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)
        return not self._waiting.unfinished_tasks

    def _run(self) -> None:
        while True:
            event = self._waiting.get()
            while not self._done(event):
                time.sleep(RETRY_SECONDS)
            self._warnings.clear()
            self._waiting.task_done()

    def _done(self, event: EventRecord) -> bool:
        try:
            self._work(event)
        except (DatabaseError, InterfaceError, alerts.NotSent) as error:
            self._warnings.warn(error)
            return False
        except Exception:  # a service's library may raise anything, and the next event is to be sent too
            log.exception("It will not be tried again: %s", event)
        return True


class Journal:
    """Records what happens in this process."""

    def __init__(self) -> None:
        self.filing = EventWriter("journal", store)
        self.alerting = EventWriter("alerts", alert)
        self._recorded: dict[str, float] = {}

    def record(self, event: EventRecord) -> None:
        """Queue an event, unless the same was recorded a moment ago."""
        if event.kind in (Kind.REFUSED, Kind.ALARM) and self.is_repeated(event.key):
            return
        log.debug("%s", event.sentence)
        self.filing.take(event)
        if event.alerts:
            self.alerting.take(event)

    def is_repeated(self, key: str) -> bool:
        """Return whether the key was recorded within the last minutes; from now on it was."""
        now = time.monotonic()
        self._recorded = {known: at for known, at in self._recorded.items() if now - at < SAME_AGAIN_SECONDS}
        known = key in self._recorded
        self._recorded.setdefault(key, now)
        return known

    def finish(self, seconds: float) -> bool:
        """Wait for what is on its way, at most that long; return whether all of it arrived."""
        return self.filing.finish(seconds) and self.alerting.finish(seconds)


of_this_process = PerProcess(Journal)


def record(event: EventRecord) -> None:
    """Record something in the journal of this process. Never waits, never raises."""
    of_this_process.get().record(event)


def finish(seconds: float) -> bool:
    """Wait for what this process recorded to be written and sent, at most that long; return whether it was."""
    made = of_this_process.existing()
    return made is None or made.finish(seconds)


def store(event: EventRecord) -> None:
    """Write the row, unless another watcher has just decided the same. Raises DatabaseError."""
    close_old_connections()
    try:
        with transaction.atomic(using=CONTROL_ALIAS):
            if event.verb == WATCH and not alerts.claim(f"row {event.key}", WATCHERS_PERIOD):
                return
            Event.objects.create(
                kind=event.kind,
                verb=event.verb,
                sentence=event.sentence,
                old=event.old,
                new=event.new,
                epoch=event.epoch,
                seconds=event.seconds,
                facts=dict(event.facts),
                actor=event.actor,
                happened_at=event.happened_at,
            )
    finally:
        connections[CONTROL_ALIAS].close()


def alert(event: EventRecord) -> None:
    """Alert the operators. Raises NotSent."""
    alerts.send(event.key, event.sentence, event.facts, event.actor)
