"""Events become rows, alerts reach a real receiver, and neither holds up the cluster."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cluster.actions.events import journal
from cluster.actions.events.journal import EventRecord, Journal, Kind
from cluster.models import Event
from cluster.protocol.errors import Refused, StaleEpoch
from cluster.protocol.names import NodeName

ALARM = EventRecord(Kind.ALARM, "watch", "Main unreachable since 2026-01-01 10:00:00 UTC. Start it.")


class Receiver(ThreadingHTTPServer):
    """Takes what a webhook gets; answers 503 while `refusing`."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.asked, self.refusing = 0, False
        super().__init__(("127.0.0.1", 0), Hook)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/"


class Hook(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked += 1
        if not self.server.refusing:
            self.server.heard.append(body)
        self.send_response(503 if self.server.refusing else 200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    made = Receiver()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    settings.CLUSTER_ALERT_URLS = [made.url]
    yield made
    made.shutdown()
    made.server_close()


def wait_for(fits, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True, databases=["control"])
def test_an_event_becomes_a_row_with_all_that_is_known():
    book = Journal()
    with journal.acting_as("ada at desk, switchover"):
        book.record(
            EventRecord(
                Kind.TRANSITION,
                "switchover",
                "Node A took over.",
                "main",
                "node_a",
                7,
                0.031,
                {"orphaned": 2},
            )
        )
    assert book.finish(10)
    row = Event.objects.get()
    assert (row.kind, row.verb, row.sentence) == ("TRANSITION", "switchover", "Node A took over.")
    assert (row.old, row.new, row.epoch, row.seconds) == ("main", "node_a", 7, 0.031)
    assert (row.facts, row.actor) == ({"orphaned": 2}, "ada at desk, switchover")
    assert abs((datetime.now(UTC) - row.happened_at).total_seconds()) < 10


def test_an_attempt_that_is_refused_is_recorded_with_its_reason(recorded):
    with pytest.raises(Refused), journal.attempt("promote"):
        raise Refused("Main is healthy.")
    assert [(event.kind, event.verb, event.sentence) for event in recorded] == [
        (Kind.REFUSED, "promote", "Main is healthy.")
    ]


@pytest.mark.django_db(transaction=True, databases=["control"])
def test_the_same_alarm_is_told_once_however_often_and_by_whomever_it_is_raised(receiver):
    first, second = Journal(), Journal()
    for book, second_of_day in ((first, "01"), (second, "02"), (first, "03")):
        later = ALARM.sentence.replace("10:00:00", f"10:00:{second_of_day}")
        book.record(EventRecord(Kind.ALARM, "watch", later, facts={"gap_seconds": 1.5}))
    assert first.finish(10)
    assert second.finish(10)
    assert [heard["message"].splitlines()[1:] for heard in receiver.heard] == [["gap seconds: 1.5"]]
    assert Event.objects.count() == 1


def test_who_is_too_late_for_an_epoch_records_nothing_where_others_try_the_same(recorded):
    for rivals in (True, False):
        with pytest.raises(StaleEpoch), journal.attempt("promote", rivals=rivals):
            raise StaleEpoch(NodeName.NODE_A, 2, "taken")
    assert len(recorded) == 1


@pytest.mark.django_db(transaction=True, databases=["control"])
def test_an_alert_that_nobody_takes_is_tried_again_and_delays_no_row(receiver, monkeypatch):
    monkeypatch.setattr(journal, "RETRY_SECONDS", 0.05)
    receiver.refusing = True
    book = Journal()
    book.record(ALARM)
    assert book.filing.finish(10)
    wait_for(lambda: receiver.asked >= 2)
    assert receiver.heard == []
    receiver.refusing = False
    assert book.finish(10)
    assert len(receiver.heard) == 1


@pytest.mark.django_db(transaction=True, databases=["control"])
def test_decisions_and_refusals_alert_nobody(receiver):
    book = Journal()
    book.record(EventRecord(Kind.DECISION, "watch", "Main is healthy."))
    book.record(EventRecord(Kind.REFUSED, "promote", "Main is healthy."))
    assert book.finish(10)
    assert receiver.asked == 0


def test_without_its_database_a_verb_works_and_says_what_is_missing(cluster, tmp_path):
    nowhere = {
        "DJANGO_SETTINGS_MODULE": "mco2site.settings",
        "CONTROL_DATABASE_URL": f"sqlite:///{tmp_path}/no/where",
    }
    cluster.servers.variables = nowhere
    try:
        done = cluster.manage("pause", timeout=30)
    finally:
        cluster.servers.variables = {}
    assert done.returncode == 0
    assert done.stdout.startswith("Automation is paused.")
    assert "could not be written to the journal" in done.stderr
