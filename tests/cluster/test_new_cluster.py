"""A new cluster comes up by migrations, on all nodes, with what they put into the tables, as one database would."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from cluster.actions.maintenance import setup
from cluster.nodes.schema.install import Status
from cluster.protocol.names import NodeName
from tests.harness.checker import check_equal
from tests.harness.clinic.models import Appointment, Doctor, Patient
from tests.harness.cluster import Cluster
from tests.harness.rebuilds import compared
from tests.harness.servers import ScratchServers, memory

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("new_cluster")]


def called(command: str, *arguments: str) -> str:
    """What a command said."""
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def new(django_db_setup, django_db_blocker) -> Iterator[Cluster]:
    """Three blank servers for a project all of whose models are replicated; its replicator works."""
    with django_db_blocker.unblock():
        servers = ScratchServers(memory(), blank=True, overrides={"CLUSTER_REPLICATED_MODELS": ["*"]})
        with servers.pointed() as conf:
            made = Cluster(servers, conf)
            try:
                assert "Main takes writes in epoch 1" in called("setup_nodes")
                made.replicator.start()
                called("migrate", "--database", "default")
                yield made
            finally:
                made.end()
                servers.close()


def test_everything_is_there_that_one_database_would_have(new):
    assert sorted(Patient.objects.values_list("name", "doctors__name")) == [("first", "d"), ("second", "d")]
    assert len(set(Patient.objects.values_list("code"))) == 1, "computed once, as Django does"
    assert set(Patient.objects.values_list("ward", flat=True)) == {"none"}
    Appointment.objects.create(id="monday", patient=Patient.objects.first())
    assert ContentType.objects.get_for_model(Appointment).pk
    assert Permission.objects.filter(codename="add_appointment").exists()
    get_user_model().objects.create_superuser("somebody", password="x").user_permissions.set(
        Permission.objects.all()[:3]
    )
    new.settle()
    check_equal(new)
    assert compared(new).equal
    assert [found for found in setup.check(list(NodeName)) if found.status is not Status.INSTALLED] == []


def test_again_there_is_nothing_to_do(new):
    assert "nothing to migrate" in called("migrate")
    assert called("migrate", "--plan", "--database", "default") == ""
    Doctor.objects.create(name="late")


def test_a_node_that_lost_its_disk_gets_all_of_it_back(new):
    new.wipe(NodeName.NODE_B)
    called("rebuild_node", "node_b", "--yes")
    new.settle()
    check_equal(new)
    assert compared(new).equal
