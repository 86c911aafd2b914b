"""Where reads and writes go."""

import contextvars
import time
from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.db import connections, router, transaction
from django.http import HttpResponse
from django.test import RequestFactory

from cluster.backend import NoPrimary, context, view, write_once
from cluster.backend.middleware import COOKIE, HEADER, ReadYourWrites
from cluster.protocol.names import NodeName
from tests.harness.specimens.models import Counter, Shelf, Specimen
from titles.models import Title


@pytest.fixture(autouse=True)
def level(cluster):
    """Nothing is on its way, and no session remembers a write."""
    cluster.settle()
    context.remember(None)
    yield
    context.remember(None)
    connections.close_all()


def within(seconds: float, fits: Callable[[], bool]) -> None:
    """Wait for a state of the view."""
    deadline = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


@pytest.fixture
def replicas(settings) -> None:
    """Let reads go to replicas."""
    settings.CLUSTER_READ_FROM = "replicas"
    settings.CLUSTER_READ_STALENESS = 3.0
    view.forget()
    within(5, lambda: router.db_for_read(Counter) != "default")


def test_control_tables_are_elsewhere():
    assert router.db_for_read(get_user_model()) == router.db_for_write(get_user_model()) == "control"
    assert router.db_for_read(Title) == router.db_for_write(Title) == "default"


def test_asking_the_router_asks_no_server(cluster):
    root = cluster.connect("main", "root")
    router.db_for_write(Title)
    asked = int(root.row("SHOW GLOBAL STATUS LIKE 'Questions'")[1])
    began = time.monotonic()
    for _ in range(2000):
        router.db_for_write(Title)
        router.db_for_read(Title)
    seconds = time.monotonic() - began
    more = int(root.row("SHOW GLOBAL STATUS LIKE 'Questions'")[1]) - asked
    # Others ask meanwhile: the replicator some hundred times a second, the view once.
    assert more < 1000 + 1000 * seconds
    assert seconds < 2


def test_writes_go_to_the_new_primary(cluster, operator_gives):
    operator_gives("node_a")
    within(2, lambda: view.shared().primary() == "node_a")
    assert router.db_for_write(Counter) == router.db_for_read(Counter) == "default"
    Counter.objects.create(id=1)
    assert connections["default"].node == "node_a"


@pytest.fixture
def operator_gives(cluster) -> Callable[[str], None]:
    """Hands the writes over."""
    return lambda to: cluster.manage("switchover", "--to", to).check_returncode()


def test_a_transaction_keeps_its_node(cluster, operator_gives):
    with transaction.atomic(using="main"):
        assert router.db_for_write(Counter) == "main"
        operator_gives("node_a")
        time.sleep(1.5)
        assert router.db_for_write(Counter) == router.db_for_read(Counter) == "main"
    assert router.db_for_write(Counter) == "default"


def test_rows_of_two_nodes_may_refer_to_each_other(cluster, operator_gives):
    shelf = Shelf.objects.create(name="one")
    operator_gives("node_a")
    within(2, lambda: view.shared().primary() == "node_a")
    specimen = write_once(lambda: Specimen.objects.create(slot=1, shelf=shelf)).value
    assert specimen.shelf_id == shelf.pk
    assert Specimen.objects.get().shelf == shelf


def test_without_any_node_it_says_so(cluster):
    cluster.replicator.stop()
    view.forget()
    for name in NodeName:
        cluster.freeze(name)
    with pytest.raises(NoPrimary, match="No node takes writes now"):
        Counter.objects.create(id=1)
    for name in NodeName:
        cluster.resume(name)


# Reading from replicas


def test_reads_go_to_a_replica_and_writes_to_the_primary(replicas):
    assert router.db_for_read(Counter) in ("node_a", "node_b")
    assert router.db_for_write(Counter) == "default"


def test_a_session_reads_what_it_wrote(replicas):
    """From the primary, until a replica certainly has it; another session is not held up."""
    for number in range(5):
        Counter.objects.create(id=number)
        assert Counter.objects.filter(id=number).exists()
    assert router.db_for_read(Counter) == "default"
    fresh = contextvars.Context()
    assert fresh.run(router.db_for_read, Counter) != "default"
    within(5, lambda: router.db_for_read(Counter) != "default")
    assert Counter.objects.count() == 5


def test_a_browser_reads_what_it_wrote(replicas):
    """Its next request may be answered by another process, which knows the cookie alone."""

    def view_of(request) -> HttpResponse:
        if request.method == "POST":
            Counter.objects.create(id=1)
        return HttpResponse(router.db_for_read(Counter))

    answer = ReadYourWrites(view_of)(RequestFactory().post("/"))
    (cookie,) = answer.cookies.values()
    assert cookie["httponly"]
    context.remember(None)
    browser = RequestFactory()
    browser.cookies[COOKIE] = cookie.value
    assert ReadYourWrites(view_of)(browser.get("/")).content == b"default"
    program = RequestFactory(headers={HEADER: answer.headers[HEADER]})
    assert ReadYourWrites(view_of)(program.get("/")).content == b"default"
    assert ReadYourWrites(view_of)(RequestFactory().get("/")).content != b"default"
    browser.cookies[COOKIE] = "nonsense"
    assert ReadYourWrites(view_of)(browser.get("/")).content != b"default"


def test_a_replica_that_is_left_behind_is_not_read(cluster, replicas):
    """Both stay up, and nobody carries the log to them."""
    cluster.replicator.stop()
    cluster.connect("main").run("INSERT INTO test_counter VALUES (1, 1, '')")
    within(6, lambda: router.db_for_read(Counter) == "default")
    cluster.replicator.start()
    within(6, lambda: router.db_for_read(Counter) != "default")
    assert Counter.objects.get().value == 1


def test_reading_goes_on_from_a_replica_that_lives(cluster, replicas):
    cluster.kill("node_a")
    within(3, lambda: router.db_for_read(Counter) == "node_b")
    cluster.kill("node_b")
    within(3, lambda: router.db_for_read(Counter) == "default")
