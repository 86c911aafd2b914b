"""The comparison in the background: what differs is found without anybody asking, shown, and alarmed once."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from cluster.actions.events.journal import Kind
from cluster.actions.verification import background, compare_tables, position, proof
from cluster.models import Comparison
from cluster.protocol.names import NodeName
from tests.harness.waiting import wait_for

MAIN, NODE_A, NODE_B = NodeName
AT_ONCE = 1e9
"""The share of the time with which the next step is due at once."""


@pytest.fixture
def a_pass(cluster, monkeypatch) -> Iterator[Callable[[], proof.Proof]]:
    """Give a function that takes steps to the end of a pass."""
    monkeypatch.setattr(background, "AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(background, "SETTLE", 0.5)
    Comparison.objects.all().delete()
    now = datetime.now(UTC)
    Comparison.objects.create(pk=background.ROW, due_at=now, began_at=now)

    def whole() -> proof.Proof:
        began = Comparison.objects.get().began_at
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert background.step(cluster.nodes, share=AT_ONCE)
            row = Comparison.objects.get()
            if row.began_at != began:
                return proof.proof()
        raise AssertionError(f"The pass does not end: {Comparison.objects.values().get()}")

    yield whole
    Comparison.objects.all().delete()


def add(cluster, count: int) -> None:
    rows = [(number,) for number in range(1, count + 1)]
    cluster.connect(MAIN).many("INSERT INTO test_counter VALUES (%s, 0, '')", rows)
    cluster.settle()


def past_the_log(cluster, name: NodeName, sql: str) -> None:
    """Run a statement that neither guard nor log sees."""
    root = cluster.connect(name, "root")
    root.run("SET @federated_operation = (SELECT secret FROM apply_secret)")
    root.run(sql)


def alarms(recorded) -> list[str]:
    return [event.sentence for event in recorded if event.kind is Kind.ALARM and event.verb == "compare"]


def test_a_byte_behind_the_triggers_is_found_shown_and_alarmed_once(cluster, a_pass, recorded):
    add(cluster, 30)
    assert a_pass().sentence == "All tables were proven equal less than a minute ago."
    past_the_log(cluster, NODE_B, "UPDATE test_counter SET writer = 'x' WHERE id = 7")
    found = "test_counter 7 on Node B: different: writer, against its own log"
    for _ in range(2):
        assert a_pass().found == (found,)
        assert alarms(recorded) == [f"The nodes differ: {found}"]
    assert found in page()
    status = json.loads(cluster_status())
    assert status["comparison"]["differences"] == 1
    assert f"The nodes differ: {found}." in status["comparison"]["sentence"]
    assert b"mco2_differences 1.0" in Client().get("/metrics").content
    past_the_log(cluster, NODE_B, "UPDATE test_counter SET writer = '' WHERE id = 7")
    assert a_pass().sentence == "All tables were proven equal less than a minute ago."
    assert "All tables were proven equal" in page()


def page() -> str:
    """Return the dashboard as an operator sees it."""
    users, client = get_user_model().objects, Client()
    user = users.filter(username="comparer").first() or users.create_superuser("comparer")
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client.get(reverse("admin:now")).content.decode()


def cluster_status() -> bytes:
    """Return what machines are answered."""
    return Client().get("/cluster/status.json").content


def test_a_forged_entry_of_the_log_is_found(cluster, a_pass, recorded):
    add(cluster, 5)
    root = cluster.connect(NODE_A, "root")
    cluster.replicator.stop()  # which has the last word on the watermark
    for name in NodeName:
        cluster.connect(name, "root").run(
            "UPDATE node_config SET config_value = 6 WHERE config_key = 'commit_watermark'"
        )
    root.run("UPDATE transaction_log SET record_id = '9' WHERE record_id = '3'")
    assert any("transaction_log" in sentence for sentence in a_pass().found)


def test_a_trigger_that_was_dropped_on_one_node_is_found(cluster, a_pass, recorded):
    add(cluster, 1)
    a_pass()
    cluster.connect(NODE_B, "root").run("DROP TRIGGER test_counter_log_update")
    Comparison.objects.update(objects_at=datetime.now(UTC) - timedelta(hours=1))
    told = "Node B: trigger test_counter_log_update is MISSING; run setup_nodes."
    try:
        assert a_pass().found == (told,)
        assert alarms(recorded) == [f"The nodes differ: {told}"]
    finally:
        cluster.manage("setup_nodes")
    Comparison.objects.update(objects_at=None)
    assert a_pass().found == ()


def test_a_pass_goes_on_where_it_was_and_each_step_is_bounded(cluster, a_pass, monkeypatch):
    add(cluster, 30)
    monkeypatch.setattr(compare_tables, "ROWS", 10)
    positions = []
    while not (positions and positions[-1] == ("test_counter", [20])):
        nodes = cluster.fresh_nodes()  # as another process would
        assert background.step(nodes, share=AT_ONCE, seconds=0.0)
        row = Comparison.objects.get()
        assert not row.waiting
        positions.append((row.table, row.after))
        assert len(positions) < 100
    assert ("test_counter", [10]) in positions
    assert row.proven_at is None
    assert "Comparing: " in proof.proof().sentence


def test_writes_that_go_on_are_no_difference(cluster, a_pass, recorded):
    add(cluster, 50)
    over = threading.Event()

    def write() -> None:
        main = cluster.connect(MAIN)
        while not over.is_set():
            main.run("UPDATE test_counter SET value = value + 1 WHERE id BETWEEN 1 AND 50")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            assert a_pass().found == ()
    finally:
        over.set()
        writer.join()
    assert alarms(recorded) == []


def test_one_of_several_processes_takes_a_step(cluster, a_pass):
    add(cluster, 1)
    a_pass()
    now = datetime.now(UTC)
    assert background.claim(now) is not None
    assert background.claim(now) is None
    assert not background.step(cluster.nodes)
    later = background.claim(now + background.CLAIM)  # the first one has died
    assert later is not None
    stale = Comparison.objects.get()
    stale.waiting = "too late"
    background.keep(stale, now + background.CLAIM)
    assert Comparison.objects.get().waiting == ""


def test_the_next_step_is_due_when_the_share_is_kept(cluster, a_pass):
    add(cluster, 1)
    a_pass()
    before = Comparison.objects.get().work_seconds
    began = datetime.now(UTC)
    assert background.step(cluster.nodes)
    row = Comparison.objects.get()
    took = row.work_seconds - before if row.table else (datetime.now(UTC) - began).total_seconds()
    assert (row.due_at - began).total_seconds() >= min(90 * took, 10.0) * 0.9


def test_nothing_is_proven_while_a_node_is_away(cluster, a_pass):
    add(cluster, 1)
    a_pass()
    proven = Comparison.objects.get().proven_at
    cluster.kill(NODE_B)
    assert background.step(cluster.fresh_nodes(), share=AT_ONCE)
    assert "The comparison waits: Node B is not compared" in proof.proof().sentence
    assert Comparison.objects.get().proven_at == proven


@pytest.mark.slow
def test_the_monitor_compares_beside_its_watch(cluster):
    # What an earlier monitor has left in the database of the programs is not what this one finds.
    forget = "from cluster.models import Comparison; Comparison.objects.all().delete()"
    assert cluster.manage("shell", "--verbosity", "0", "--command", forget).returncode == 0
    add(cluster, 3)
    cluster.popen("monitor")

    def compared() -> bool:
        told = json.loads(cluster.manage("cluster_status", "--json").stdout)["comparison"]
        return "Comparing: " in told["sentence"] or "proven equal" in told["sentence"]

    wait_for(compared, 60)


@pytest.mark.parametrize("key", [(1,), ("a", 2**63), (b"\x00\xff",), (Decimal("1.50"), "x"), None], ids=repr)
def test_a_position_is_read_as_it_was_written(key):
    assert position.read(json.loads(json.dumps(position.written(key)))) == key
