"""A new cluster comes up by migrations, on all nodes, with what they put into the tables, as one database would."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.test import Client

from cluster import operators
from cluster.actions.maintenance import setup
from cluster.local import each
from cluster.local.scratch import memory, revive
from cluster.models import Operator
from cluster.nodes.schema import surroundings
from cluster.nodes.schema.install import Status
from cluster.protocol.names import NodeName
from tests.harness.checker import check_equal
from tests.harness.clinic.models import Appointment, Doctor, Patient
from tests.harness.cluster import Cluster
from tests.harness.rebuilds import compared
from tests.harness.servers import ScratchServers

pytestmark = [pytest.mark.timeout(300)]


def called(command: str, *arguments: str) -> str:
    """Return what a command said."""
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


def test_set_up_alone_gives_an_empty_node_the_shapes_of_the_primary(new):
    """Also what migrations made and no model's own column says: unique pairs, foreign keys of a through table."""
    tables = [
        "clinic_patient_doctors",
        "clinic_patient",
        "clinic_appointment",
        "auth_permission",
        "auth_user_groups",
    ]
    new.wipe(NodeName.NODE_B)
    called("setup_nodes", "node_b")
    held, right = (
        surroundings.definitions(new.connect(name, "cluster"), tables)
        for name in (NodeName.NODE_B, NodeName.MAIN)
    )
    assert held == right
    assert "everything is in place" in called("setup_nodes", "node_b")
    called("rebuild_node", "node_b", "--yes")
    new.settle()


def test_a_node_that_lost_its_disk_gets_all_of_it_back(new):
    new.wipe(NodeName.NODE_B)
    called("rebuild_node", "node_b", "--yes")
    new.settle()
    check_equal(new)
    assert compared(new).equal


PASSWORD = "correct horse battery staple"


def sign_in(name: str, password: str, address: str = "/admin/login/") -> tuple[Client, str]:
    """Return a browser that has sent the form of the operators' pages, and where it was led to, or what it was told."""
    browser = Client()
    answer = browser.post(address, {"username": name, "password": password})
    return browser, answer.headers.get("Location") or " ".join(answer.content.decode().split())


@pytest.fixture
def dead(new, monkeypatch) -> Iterator[Cluster]:
    """Every node of it is dead; there are an operator, one who only looks, and a user of the site."""
    monkeypatch.setenv("OPERATOR_PASSWORD", PASSWORD)
    called("create_operator", "night")
    called("create_operator", "guest", "--read-only")
    users = get_user_model().objects
    if not users.filter(username="editor").exists():
        users.create_superuser("editor", password=PASSWORD)
    for name in NodeName:
        new.kill(name)
    yield new
    each(new.servers.local.values(), revive)
    called("check_main_health")
    new.wait_for_primary("main", 60)


def test_an_operator_signs_in_and_acts_while_every_node_is_dead(dead):
    browser, led = sign_in("night", PASSWORD, "/admin/login/?next=/admin/log/")
    assert led == "/admin/log/"
    page = browser.get("/admin/")
    assert page.status_code == 200
    assert "Log out" in page.content.decode()
    for address in ("/admin/log/", "/admin/failovers/", "/admin/cluster/event/", "/admin/verbs/pause/"):
        assert browser.get(address).status_code == 200, address
    assert browser.get("/admin/titles/title/").status_code == 403, "the site's rows are not theirs"
    again = {"reason": "a drill", "typed": "node_b", "password": PASSWORD}
    Operator.objects.update(last_login=None)
    assert "That is not your password" in browser.post(
        "/admin/verbs/rebuild/node_b/", again | {"password": "x"}
    ).content.decode()  # fmt: skip
    assert browser.post("/admin/verbs/rebuild/node_b/", again).status_code == 302
    assert browser.post("/admin/logout/").headers["Location"] == "/admin/login/"
    assert browser.get("/admin/").status_code == 302


def test_who_only_looks_starts_nothing(dead):
    browser, led = sign_in("guest", PASSWORD)
    assert led == "/admin/"
    assert browser.get("/admin/log/").status_code == 200
    assert browser.get("/admin/verbs/pause/").status_code == 403


def test_a_user_of_the_site_is_told_who_can_sign_in(dead):
    assert "create_operator" in sign_in("editor", PASSWORD)[1]


@pytest.mark.parametrize(("name", "password"), [("night", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_nobody_else_signs_in(dead, name, password):
    assert operators.COOKIE not in sign_in(name, password)[0].cookies


@pytest.mark.parametrize("change", ["password", "disabled", "forged"])
def test_a_sign_in_ends_with_what_it_was_made_of(dead, change):
    browser, _ = sign_in("night", PASSWORD)
    if change == "password":
        called("create_operator", "night")  # the same password once more: another hash
    elif change == "disabled":
        called("create_operator", "night", "--disable")
    else:
        browser.cookies[operators.COOKIE] = browser.cookies[operators.COOKIE].value[:-1] + "x"
    assert browser.get("/admin/log/").status_code == 302


def test_a_new_password_keeps_this_browser_and_ends_the_others(dead):
    browser, _ = sign_in("night", PASSWORD)
    other, _ = sign_in("night", PASSWORD)
    assert browser.get("/admin/password_change/").status_code == 200
    form = {"old_password": PASSWORD, "new_password1": "a better one 42", "new_password2": "a better one 42"}
    assert browser.post("/admin/password_change/", form).status_code == 302
    assert browser.get("/admin/log/").status_code == 200
    assert other.get("/admin/log/").status_code == 302


def test_users_of_the_site_sign_in_as_ever(new):
    users = get_user_model().objects
    if not users.filter(username="editor").exists():
        users.create_superuser("editor", password=PASSWORD)
    browser, led = sign_in("editor", PASSWORD, "/admin/login/?next=/admin/")
    assert led == "/admin/"
    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize("password", ["", "short", "password"])
def test_a_password_that_is_none_is_refused(new, monkeypatch, password):
    monkeypatch.setenv("OPERATOR_PASSWORD", password)
    with pytest.raises(CommandError):
        called("create_operator", "late")
    assert not Operator.objects.filter(username="late").exists()
