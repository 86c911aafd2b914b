"""The log and the orphaned transactions as operators read them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from cluster.models import SavedView
from cluster.nodes.log import browsing
from cluster.nodes.log.browsing import Wanted
from cluster.protocol.names import NodeName
from tests.harness.long_log import FILL, reading_at_most
from tests.harness.orphans import come_back, leave_orphans

ENTRIES = 100_000


@pytest.fixture
def long_log(cluster):
    """Return Main with a log of 100,000 entries and one that is unlike the others at its beginning."""
    cluster.connect("main").run("INSERT INTO test_word VALUES ('first', '')")
    cluster.settle()
    cluster.replicator.stop()
    root = cluster.connect("main", "root", timeout=30.0)
    root.run(FILL)
    return cluster.nodes[NodeName.MAIN].connection


def test_pages_follow_one_another_to_the_beginning(long_log):
    found, before = [], None
    while True:
        page = browsing.page(long_log, Wanted(record="7", table="test_counter", before=before))
        found += [entry.log_id for entry in page.entries]
        before = page.older
        if before is None:
            break
    assert len(found) == len(set(found)) == ENTRIES // 500
    assert found == sorted(found, reverse=True)


STRETCH = 2 * browsing.STRETCH + 1_000
BY_INDEX = 2 * browsing.PAGE + 20


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Wanted(), STRETCH),
        (Wanted(operation="INSERT"), STRETCH),
        (Wanted(source="NODE_A_ACTING", epoch=7), STRETCH),
        (Wanted(until=datetime(2020, 1, 1, tzinfo=UTC)), STRETCH),
        (Wanted(transaction="filler-77"), BY_INDEX),
        (Wanted(table="test_counter", record="3"), BY_INDEX),
        (Wanted(table="test_counter", record="3", before=90_003), BY_INDEX),
    ],
)
def test_a_page_reads_a_bounded_stretch(long_log, wanted, rows):
    browsing.page(long_log, wanted)
    with reading_at_most(long_log, rows):
        browsing.page(long_log, wanted)


def test_what_is_rare_is_found_stretch_by_stretch(long_log):
    wanted, looked = Wanted(operation="INSERT", table="test_word"), 0
    page = browsing.page(long_log, wanted)
    while not page.entries and page.older:
        looked += 1
        page = browsing.page(long_log, Wanted(operation="INSERT", table="test_word", before=page.older))
    assert [entry.record_id for entry in page.entries] == ["first"]
    assert looked >= ENTRIES // browsing.STRETCH - 1


def test_a_moment_is_found_by_halving(cluster):
    app = cluster.connect("main")
    app.run("INSERT INTO test_word VALUES ('before', '')")
    (moment,) = app.row("SELECT UTC_TIMESTAMP(6)")
    app.run("INSERT INTO test_word VALUES ('after', '')")
    page = browsing.page(app, Wanted(until=moment.replace(tzinfo=UTC)))
    assert page.entries[0].record_id == "before"
    page = browsing.page(app, Wanted(until=datetime.now(UTC) + timedelta(hours=1)))
    assert page.entries[0].record_id == "after"


def test_a_transaction_shows_what_changed_and_where_it_is(cluster, officer):
    app = cluster.connect("main")
    app.run("INSERT INTO test_word VALUES ('word', 'old meaning')")
    app.run("SET @current_transaction_id = 'told'")
    app.run("UPDATE test_word SET meaning = 'new meaning'")
    cluster.settle()
    cluster.kill("node_b")
    page = officer.get("/admin/transactions/told/").content.decode()
    for words in (
        "old meaning",
        '<td class="changed"><ins>new meaning</ins></td>',
        'data-copy="told"',
        "Node A has it",
        "Node B does not answer",
    ):
        assert words in page


def test_filters_stay_and_are_saved_under_a_name(cluster, officer):
    app = cluster.connect("main")
    app.run("INSERT INTO test_word VALUES ('word', 'old meaning')")
    app.run("UPDATE test_word SET meaning = 'new meaning'")
    asked = {"table": "test_word", "operation": "UPDATE", "before": "99999", "node": "main", "foreign": "x"}
    page = officer.get("/admin/log/", asked).content.decode()
    assert "<del>old meaning</del> <ins>new meaning</ins>" in page
    kept = "node=main&operation=UPDATE&table=test_word"
    assert officer.get("/admin/log/").headers["Location"] == f"?{kept}"
    said = officer.post("/admin/log/views/", {"name": "Meanings", "query": kept}, follow=True)
    assert "View Meanings is saved." in said.content.decode()
    (view,) = SavedView.objects.all()
    assert view.query == kept
    assert officer.get("/admin/log/", {"node": ""}).status_code == 200
    assert officer.get("/admin/log/").status_code == 200, "cleared"
    assert 'aria-label="Remove view Meanings"' in officer.get("/admin/log/").content.decode()
    officer.post(f"/admin/log/views/{view.pk}/remove/")
    assert not SavedView.objects.exists()
    said = officer.post("/admin/log/views/", {"name": "All", "query": "foreign=x"}, follow=True)
    assert "Choose a filter first" in said.content.decode()


def test_a_node_that_is_dead_is_a_sentence(cluster, officer):
    cluster.kill("main")
    page = officer.get("/admin/log/", {"node": "main"})
    assert page.status_code == 200
    assert "Main does not answer" in page.content.decode()
    assert "test_word" in officer.get("/admin/log/", {"node": "node_a"}).content.decode()


def test_orphans_are_looked_at_and_decided_on(cluster, operator, officer):
    cluster.connect("main").run("INSERT INTO test_word VALUES ('kept', 'a')")
    leave_orphans(
        cluster,
        "UPDATE test_word SET meaning = 'orphaned' WHERE word = 'kept'",
        "INSERT INTO test_word VALUES ('new', 'b')",
    )
    assert come_back(cluster, operator).orphaned == 2
    inbox = officer.get("/admin/orphans/").content.decode()
    (first, _second) = sorted(set(part.split('"')[0] for part in inbox.split('name="ids" value="')[1:]))
    shown = officer.get(f"/admin/orphans/{first}/").content.decode()
    assert "Now on Node A" in shown
    assert "changed by it" in shown
    decide = "/admin/orphans/decide/"
    said = officer.post(decide, {"ids": first, "verb": "dismiss"}, follow=True).content.decode()
    assert "Say why" in said
    said = officer.post(
        decide, {"ids": first, "verb": "dismiss", "reason": "old"}, follow=True
    ).content.decode()
    assert "and 1 more of its transaction dismissed." in said
    said = officer.post(decide, {"ids": first, "verb": "reopen"}, follow=True).content.decode()
    assert "waits for a decision again." in said
    assert officer.get("/admin/orphans/queue/").headers["Location"] == f"/admin/orphans/{first}/"
    assert "1 of 1" in shown, "its entries are decided together"
    queued = {"ids": first, "queue": "-"}
    answer = officer.post(decide, queued | {"verb": "dismiss", "reason": "old"})
    assert answer.headers["Location"] == f"/admin/orphans/?undo={first}"
    assert 'value="undo"' in officer.get(answer.headers["Location"]).content.decode()
    answer = officer.post(decide, queued | {"verb": "undo"})
    assert answer.headers["Location"] == f"/admin/orphans/{first}/"
    said = officer.post(decide, {"ids": first, "verb": "reapply"}, follow=True).content.decode()
    assert "applied again as transaction" in said
    rows = cluster.connect("node_a").rows("SELECT word, meaning FROM test_word ORDER BY word")
    assert rows == (("kept", "orphaned"), ("new", "b"))
    assert "There is no orphaned transaction" in officer.get("/admin/orphans/9-9/").content.decode()


def test_an_orphan_is_edited_and_applied(cluster, operator, officer):
    cluster.connect("main").run("INSERT INTO test_word VALUES ('kept', 'a')")
    leave_orphans(cluster, "UPDATE test_word SET meaning = 'orphaned' WHERE word = 'kept'")
    come_back(cluster, operator)
    inbox = officer.get("/admin/orphans/").content.decode()
    (one,) = {part.split('"')[0] for part in inbox.split('name="ids" value="')[1:]}
    assert "Reapply as edited" in officer.get(f"/admin/orphans/{one}/").content.decode()
    typed = {"ids": one, "verb": "edit", "column-meaning": "edited", "shown-meaning": "orphaned"}
    said = officer.post("/admin/orphans/decide/", typed, follow=True).content.decode()
    assert "applied again as transaction" in said
    assert cluster.connect("node_a").rows("SELECT * FROM test_word") == (("kept", "edited"),)
    told = officer.get("/admin/orphans/", {"status": "REAPPLIED"}).content.decode()
    assert "Edited before it was applied." in told


@pytest.mark.parametrize("address", ["/admin/log/", "/admin/orphans/", "/admin/transactions/x/"])
def test_who_may_not_look_is_told_so(cluster, address):
    users = get_user_model().objects
    somebody = users.filter(username="stranger").first() or users.create_user("stranger", is_staff=True)
    client = Client()
    client.force_login(somebody)
    assert client.get(address).status_code == 403
