"""Dates in a time zone are the server's to work out: every node knows the zones, and who does not is named."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.checks import run_checks
from django.db.models.functions import TruncDay
from django.utils import timezone

from cluster.protocol.names import NodeName
from tests.harness.specimens.models import Specimen

PROBED = "Pacific/Kiritimati"
"""No other test asks for it: a server keeps a zone that it has once read."""


def warned(name: str) -> list[str | None]:
    """Return the ids of what `check --database NAME` says."""
    return [message.id for message in run_checks(databases=[name])]


@pytest.fixture
def without_a_zone(cluster) -> Iterator[None]:
    """Node B's tables lack a zone."""
    admin = cluster.connect("node_b", "root")
    ((zone,),) = admin.rows("SELECT Time_zone_id FROM mysql.time_zone_name WHERE Name = %s", (PROBED,))
    admin.run("DELETE FROM mysql.time_zone_name WHERE Name = %s", (PROBED,))
    cluster.kill("node_b")
    cluster.start("node_b")
    yield
    cluster.connect("node_b", "root").run(
        "INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES (%s, %s)", (PROBED, zone)
    )


@pytest.mark.parametrize("alias", ["default", *NodeName])
def test_a_row_is_found_by_its_date_in_a_zone(cluster, alias):
    Specimen.objects.create(found_at=datetime(2024, 2, 29, 20, tzinfo=UTC))
    cluster.settle()
    with timezone.override("Asia/Manila"):
        rows = Specimen.objects.using(alias).filter(found_at__date="2024-03-01")
        ((day,),) = rows.annotate(day=TruncDay("found_at")).values_list("day")
    assert day.isoformat() == "2024-03-01T00:00:00+08:00"


def test_every_node_knows_the_zones(cluster):
    assert [warned(name) for name in NodeName] == [[], [], []]


@pytest.mark.usefixtures("without_a_zone")
def test_a_node_that_does_not_is_named(cluster):
    assert warned("node_b") == ["cluster.W004"]
    assert warned("main") == []
