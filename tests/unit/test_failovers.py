"""What belongs to a failover, out of the events."""

from datetime import UTC, datetime, timedelta

import pytest

from cluster.actions.reports.failovers import failovers
from cluster.models import Event

pytestmark = pytest.mark.django_db(databases=["control"])


def event(seconds: int, verb: str, old: str = "", **facts: object) -> Event:
    """Return a transition so many seconds after the first one."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return Event.objects.create(
        happened_at=at,
        kind=Event.Kind.TRANSITION,
        verb=verb,
        old=old,
        new="node_a",
        sentence=verb,
        facts=facts,
    )


def test_list_report_and_metric_count_the_same_orphans(client, admin_client):
    event(0, "promote", epoch=1)
    failover = event(10, "promote", "main", orphaned_entries=0, gap_seconds=5.19)
    event(20, "recover", orphaned_entries=2)
    end = event(30, "switchover", "node_a")
    event(40, "recover", orphaned_entries=7)
    (found,) = failovers()
    assert (found.event, found.orphaned, found.downtime, found.failed_back) == (failover, 2, 5.19, end)
    page = admin_client.get("/admin/failovers/").content.decode()
    assert "<td>5.19 s</td><td>2</td>" in page
    assert admin_client.get(f"/admin/failovers/{failover.pk}/?format=json").json()["orphaned_entries"] == 2
    metrics = client.get("/metrics").content.decode()
    assert "mco2_orphaned_entries_total 2.0" in metrics
    assert "mco2_failover_gap_seconds_sum 5.19" in metrics
