"""The operators' pages: what they tell with nodes dead, who may do what, and verbs from asking to done."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connections
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from cluster.actions.events import journal
from cluster.actions.failover.check_health import Watch
from cluster.actions.operations import verbs
from cluster.actions.operations.verbs import VERBS
from cluster.actions.reports import observations
from cluster.actions.reports.failovers import all_failovers
from cluster.conf import conf
from cluster.models import Event, Job, Observation, OrphanedTransaction, Sample
from cluster.protocol.names import NodeName
from cluster.views import dashboard, problems
from cluster.views.failovers import report
from cluster.views.seen import seen
from tests.harness.commands import write
from tests.harness.waiting import wait_for

PASSWORD = "correct horse battery staple"


def person(*permissions: str) -> Client:
    """Return a browser of somebody who may see the admin and use these verbs."""
    name = "-".join(("somebody", *permissions))
    users = get_user_model().objects
    user = users.filter(username=name).first() or users.create_user(name, password=PASSWORD, is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=permissions, content_type__app_label="cluster")
    )
    client = Client()
    assert client.login(username=name, password=PASSWORD)
    return client


@pytest.fixture
def watch(cluster):
    """Give a watcher whose rounds are kept at once; `watch()` is a round."""
    cluster.settle()
    forget()
    made, keeper = Watch.configured(conf()), observations.Keeper()

    def look() -> None:
        keeper.store(made.tick(), made.prober.seconds, "test")

    yield look
    made.close()
    forget()


def forget() -> None:
    """Nothing was seen, done or asked for."""
    for model in (Observation, Sample, Job, Event):
        model.objects.all().delete()


def ask(client: Client, verb: str, node: str = "", **fields: str) -> Job:
    """Ask for a verb and wait for its end."""
    address = f"/admin/verbs/{verb}/{node}/" if node else f"/admin/verbs/{verb}/"
    answer = client.post(address, {"reason": "a test"} | fields)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    pk = int(answer["Location"].rstrip("/").rsplit("/", 1)[-1])
    wait_for(lambda: Job.objects.get(pk=pk).state in (Job.State.DONE, Job.State.FAILED), 20)
    return Job.objects.get(pk=pk)


def test_a_part_asks_no_node_and_few_rows(watch):
    watch()
    request = RequestFactory().get("/admin/now/")
    request.user = person().get("/admin/").wsgi_request.user
    with CaptureQueriesContext(connections["control"]) as asked:
        began = time.perf_counter()
        dashboard.now_context(request)
        assert time.perf_counter() - began < 1.0
    assert len(asked) <= 8, "a few rows of the control database, and two for the user's rights"
    client = person()
    for name in NodeName:
        connections[name].close()
    assert client.get("/admin/now/").status_code == 200
    assert all(connections[name].connection is None for name in NodeName)


def test_the_dashboard_tells_who_takes_writes_and_who_would(watch):
    watch()
    page = person().get("/admin/").content.decode()
    for words in ("Main is healthy", "Failover readiness", "Node A", "None."):
        assert words in page
    told = problems.forecast(seen())
    assert told is not None
    assert (told.successor, told.blockers) == ("Node A", "")


def test_every_place_shows_the_state_that_was_decided(cluster, watch):
    """With Node A down nothing can take over: neither the badge nor the banner calls that healthy."""
    client = person()
    watch()
    assert "Main · epoch 1 · Healthy" in client.get("/admin/badge/").content.decode()
    cluster.kill("node_a")
    watch()
    assert "Main · epoch 1 · Degraded" in client.get("/admin/badge/").content.decode()
    page = client.get("/admin/now/").content.decode()
    assert '<div class="said warning">' in page
    assert "No node can take over" in page
    assert "Only 1 of 3 nodes answer" in page
    for facts in (client.get("/cluster/status.json").json(), Observation.objects.get().facts):
        assert (facts["state"], facts["successor"]) == ("Degraded", None)
    assert "State: Degraded." in cluster.manage("cluster_status").stdout
    Observation.objects.update(seen_at=datetime.now(UTC) - timedelta(minutes=3))
    assert "Unknown" in client.get("/admin/badge/").content.decode()


def test_the_feed_shows_where_each_transaction_is(cluster, watch):
    """What was acknowledged is on the node that wrote it and on a second one, and the page says so at once."""
    write(cluster, "main", 1)
    cluster.settle()
    watch()
    newest = seen().facts["recent"][0]
    assert newest["has"] == {"main": True, "node_a": True, "node_b": True}
    cluster.kill("node_b")
    write(cluster, "main", 2)
    watch()
    newest = seen().facts["recent"][0]
    assert newest["has"] == {"main": True, "node_a": True, "node_b": None}


def test_orphaned_transactions_are_counted_until_somebody_decides(cluster, watch):
    now = datetime.now(UTC)
    for log_id in (7, 8):
        OrphanedTransaction.objects.create(
            id=f"1-{log_id}", log_id=log_id, epoch=1, transaction_id="lost", log_sequence=log_id, table_name="x",
            operation_type="INSERT", record_id="1", source_node="MAIN", written_at=now, found_on="main", found_at=now,
        )  # fmt: skip
    watch()
    assert (seen().orphans, seen().state) == (1, "Degraded")
    assert "1 orphaned transaction to decide on." in person().get("/admin/now/").content.decode()


def test_with_two_nodes_dead_it_says_so_and_works(cluster, watch):
    watch()
    cluster.kill("main")
    cluster.kill("node_b")
    for _ in range(3):
        watch()
    page = person().get("/admin/").content.decode()
    assert "Main does not answer" in page
    assert "Node B does not answer" in page
    for address in ("/admin/now/", "/admin/hour/", "/admin/nodes/main/", "/admin/nodes/main/server/"):
        began = time.monotonic()
        assert person().get(address).status_code == 200
        assert time.monotonic() - began < 4.0


def test_an_old_view_is_called_old(watch):
    watch()
    Observation.objects.update(seen_at=datetime.now(UTC) - timedelta(minutes=3))
    page = person().get("/admin/now/").content.decode()
    assert "Last probe" in page
    assert "No probe for" in page


def test_a_sample_is_kept_for_each_slot_and_old_ones_go(watch):
    slot = observations.Slot()
    watch()
    told = Observation.objects.get().facts
    assert slot.add(told, 1000.0) is None
    assert slot.add(told | {"primary": None}, 1009.0) is None
    number, sample = slot.add(told, 1010.0) or (0, {})
    assert (number, sample["rounds"], sample["writable"]) == (100, 2, 1)
    for _ in range(2):
        observations.Keeper.store_sample(number, sample)
    assert Sample.objects.count() == 1
    observations.Keeper.store_sample(20_000 * 60, sample)
    assert [row.slot for row in Sample.objects.all()] == [20_000 * 60]


@pytest.mark.parametrize("name", sorted(VERBS))
def test_each_verb_wants_its_permission(watch, name):
    watch()
    address = f"/admin/verbs/{name}/"
    assert person().get(address).status_code == 403
    assert person().post(address, {"reason": "x"}).status_code == 403
    assert person(VERBS[name].permission).get(address).status_code == 200
    assert Client().get(address).status_code == 302


def test_the_whole_story_by_verbs(cluster, watch):
    """Main dies, Node A is promoted, Main recovers and gets the writes back; every act has a name and a reason."""
    client = person("promote", "recover", "demote")
    cluster.kill("main")
    done = ask(client, "promote")
    assert (done.state, done.steps[-1][1]) == (Job.State.DONE, verbs.PROMOTED)
    told = [sentence for _, sentence in done.steps]
    assert "Epoch 2 is claimed at Node A and Node B: nobody else may write now." in told
    assert "Node A takes writes." in told
    cluster.start("main")
    done = ask(client, "recover", "main")
    assert done.state == Job.State.DONE
    assert done.steps[-1][1].endswith(verbs.NEXT_VERB)
    assert "Fetching missed transactions from Node A..." in [sentence for _, sentence in done.steps]
    assert ask(client, "demote").steps[-1][1] == verbs.DEMOTED
    assert cluster.primary() is NodeName.MAIN


def test_a_failover_has_a_report(cluster, watch, recorded):
    """From the first look that missed Main to the writes that it got back."""
    client = person("promote", "recover", "demote", "view_event")
    write(cluster, "main", 1)
    cluster.kill("main")
    for _ in range(3):
        watch()
    write(cluster, "node_a", 2)
    for event in recorded:
        journal.store(event)
    watch()
    recorded.clear()
    cluster.start("main")
    ask(client, "recover", "main")
    ask(client, "demote")
    for event in recorded:
        journal.store(event)
    failover = all_failovers().get()
    entries = cluster.nodes[NodeName.NODE_A].connection.rows(
        "SELECT UNIX_TIMESTAMP(`timestamp`) FROM transaction_log WHERE table_name = 'test_counter' ORDER BY log_id"
    )
    downtime = pytest.approx(float(entries[1][0] - entries[0][0]), abs=0.002)
    assert failover.facts["gap_seconds"] == downtime
    assert f"/admin/failovers/{failover.pk}/" in client.get("/admin/failovers/").content.decode()
    told = client.get(f"/admin/failovers/{failover.pk}/", {"format": "json"}).json()
    assert (told["failed"], told["promoted"], told["epoch"], told["orphaned_entries"]) == (
        "main",
        "node_a",
        2,
        0,
    )
    assert told["gap_seconds"] == downtime
    assert told["last_write_at"] < told["missed_at"] < told["first_write_at"]
    assert "mco2_failover_gap_seconds_count 1.0" in Client().get("/metrics").content.decode()
    assert told["missed_at"] < told["at"] < told["recovered_at"] < told["handed_back_at"]
    page = client.get(f"/admin/failovers/{failover.pk}/").content.decode()
    assert "Main unreachable since" in page
    assert "Node A took over. No writes for" in page
    assert [phase.name for phase in report(failover).phases] == [
        "Detection", "Decision", "Promotion", "First write",
    ]  # fmt: skip
    assert sum(phase.seconds for phase in report(failover).phases) == downtime
    text = client.get(f"/admin/failovers/{failover.pk}/", {"format": "md"})
    assert text["Content-Type"] == "text/markdown; charset=utf-8"
    assert text.content.decode().startswith("# Main failed at ")
    assert "Write downtime" in page
    assert person().get("/admin/failovers/").status_code == 403


def test_a_verb_that_is_refused_says_why(cluster, watch):
    done = ask(person("demote"), "demote")
    assert done.steps[-1][1] == "Node A is already in VICE mode."
    done = ask(person("recover"), "recover", "main")
    assert (done.state, done.steps[-1][1]) == (
        Job.State.FAILED, "Main takes the writes itself; there is nothing to recover.",
    )  # fmt: skip


def test_a_reason_is_wanted_and_what_is_senseless_cannot_be_clicked(watch):
    watch()
    client = person("switchover", "recover")
    assert client.post("/admin/verbs/switchover/node_a/", {"reason": ""}).status_code == 422
    page = client.get("/admin/verbs/recover/main/").content.decode()
    assert "Unavailable: Main takes the writes itself; there is nothing to recover." in page
    assert " disabled>" in page


def test_a_dangerous_verb_wants_the_name_typed_and_a_fresh_sign_in(watch):
    client = person("rebuild")
    get_user_model().objects.update(last_login=datetime.now(UTC) - timedelta(hours=1))
    address = "/admin/verbs/rebuild/node_b/"
    page = client.post(address, {"reason": "x", "typed": "node_a", "password": "wrong"}).content.decode()
    assert "That is not the name of the node." in page
    assert "That is not your password." in page
    done = ask(client, "rebuild", "node_b", typed="node_b", password=PASSWORD)
    assert done.state == Job.State.DONE, done.steps
    assert "Your password" not in client.get(address).content.decode()


def test_forcing_shows_what_may_be_lost(cluster, watch):
    client = person("force_promote")
    assert "need not be forced" in client.get("/admin/verbs/force/").content.decode()
    cluster.kill("main")
    cluster.kill("node_b")
    page = client.get("/admin/verbs/force/").content.decode()
    assert "Node A would be the primary with its own vote alone." in page
    assert "are not known to be on a second node" in page


def test_a_job_whose_process_died_is_called_over(watch):
    old = datetime.now(UTC) - timedelta(minutes=5)
    lost = Job.objects.create(
        verb="verify", reason="x", actor="x", state=Job.State.RUNNING, began_at=old, seen_at=old
    )
    page = person("verify").get(f"/admin/jobs/{lost.pk}/").content.decode()
    assert "Its process has given no sign of life" in page
    lost.refresh_from_db()
    assert lost.state == Job.State.FAILED


def test_pausing_and_comparing(cluster, watch):
    client = person("automation", "verify")
    assert ask(client, "pause").steps[-1][1] == verbs.PAUSED
    watch()
    assert "Automation is paused by somebody" in client.get("/admin/now/").content.decode()
    assert ask(client, "resume").steps[-1][1] == verbs.RESUMED
    assert ask(client, "verify").steps[-1][1].startswith("All nodes are equal")
