"""Ordinary Django under faults, with the watch and the replicator as processes of their own."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.db import connections
from django.db.models import F
from django.test import Client

from cluster.backend import write_once
from cluster.protocol.names import NodeName
from tests.harness.programs import Program
from tests.harness.shop.models import Article, Order
from tests.harness.specimens.models import Counter
from tests.harness.waiting import stacks
from titles.models import Title

pytestmark = pytest.mark.faults

WRITERS = 8


@dataclass
class Counters:
    """What the writers did: seconds that each write took, and what failed."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait_for(self, more: int, timeout: float = 20.0) -> None:
        """Wait until that many further writes are done. Raises TimeoutError."""
        wanted, deadline = len(self.seconds) + more, time.monotonic() + timeout
        while len(self.seconds) < wanted:
            if time.monotonic() > deadline or self.failures:
                raise TimeoutError(f"{len(self.seconds)} of {wanted}. {self.failures}")
            time.sleep(0.02)


@pytest.fixture
def watched(cluster, tmp_path) -> Iterator[None]:
    """Give the watch and the replicator of a production, in processes of their own."""
    cluster.settle()
    cluster.replicator.stop(writers_carry=True)
    programs = [
        Program([name], cluster.servers.environment(), tmp_path / f"{name}.log")
        for name in ("monitor", "replicate")
    ]
    try:
        for program in programs:
            program.start()
        write_once(lambda: Counter.objects.create(id=-2), deadline=20)  # the replicator works
        deadline = time.monotonic() + 20
        while "healthy" not in programs[0].said:
            assert time.monotonic() < deadline, programs[0].said
            time.sleep(0.05)
        yield
    finally:
        for program in programs:
            program.kill()


@contextmanager
def load(write: Callable[[int, int], object]) -> Iterator[Counters]:
    """WRITERS threads that write until the block ends; afterwards no write has failed."""
    counters, over = Counters(), threading.Event()

    def work(number: int) -> None:
        turn = 0
        try:
            while not over.is_set():
                turn += 1
                began = time.monotonic()
                write(number, turn)
                with counters.lock:
                    counters.seconds.append(time.monotonic() - began)
        except Exception as error:  # noqa: BLE001 - whatever a writer meets is the result
            counters.failures.append(f"{number}-{turn}: {error!r}")
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=work, args=(number,), name=f"django-{number}") for number in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    try:
        counters.wait_for(4 * WRITERS)
        yield counters
    finally:
        over.set()
        for thread in threads:
            thread.join(30)
    assert stacks(threads) == {}, "these threads do not end"
    assert counters.failures == []


def prepare() -> None:
    """One counter for each writer, and one that all share."""
    Counter.objects.bulk_create([Counter(id=number) for number in range(-1, WRITERS)])


def add(number: int, turn: int) -> None:
    """One transaction of two rows; done twice it shows."""

    def work() -> None:
        Counter.objects.filter(id=number).update(value=F("value") + 1)
        Counter.objects.filter(id=-1).update(value=F("value") + 1)

    write_once(work, transaction_id=f"write-{number}-{turn}")


def each_once(cluster, counters: Counters) -> None:
    """Every write is on every node exactly once."""
    cluster.settle(20)
    written = len(counters.seconds)
    for name in cluster.log_prints():
        rows = dict(cluster.connect(name).rows("SELECT id, value FROM test_counter"))
        assert rows.pop(-1) == written
        assert sum(rows.values()) == written


def test_no_save_fails_when_main_is_killed(cluster, watched):
    prepare()
    with load(add) as counters:
        cluster.kill("main")
        counters.wait_for(20 * WRITERS)
    assert max(counters.seconds) < 10
    each_once(cluster, counters)


def test_no_save_fails_while_the_writes_are_handed_over(cluster, watched, operator):
    prepare()
    with load(add) as counters:
        for to in ("node_a", "main"):
            operator.give_writes(to)
            counters.wait_for(10 * WRITERS)
    assert (
        max(counters.seconds) < 10
    )  # a few hundredths of a second on an idle machine: `make drill` measures it
    each_once(cluster, counters)


def test_no_save_fails_while_main_is_frozen(cluster, watched):
    """Nobody refuses, nothing breaks: what is under way waits for its deadline, then goes to Node A."""
    prepare()
    with load(add) as counters:
        cluster.freeze("main")
        counters.wait_for(10 * WRITERS)
    assert max(counters.seconds) < 20
    cluster.resume("main")
    assert cluster.manage("recover_main").returncode == 0
    each_once(cluster, counters)


def test_reading_goes_on_while_there_is_no_primary(cluster):
    """Nobody is promoted: the replicas' rows are read within a second or so."""
    Title.objects.create(tconst="tt0000001", primary_title="One")
    cluster.settle()
    cluster.kill("main")
    deadline = time.monotonic() + 1.5
    while not reads():
        assert time.monotonic() < deadline
    for _ in range(20):
        assert reads()
    connections.close_all()


def reads() -> bool:
    """Whether a title can be read."""
    try:
        return Title.objects.get().primary_title == "One"
    except connections["main"].Database.Error:
        return False
    except Exception:  # noqa: BLE001 - a read from the node that died is allowed to fail once
        return False


def test_a_foreign_app_survives_a_failover(cluster, watched, settings):
    """Each order is sent again until it is answered; none is lost, none is sold twice."""
    settings.ROOT_URLCONF = "tests.harness.shop.urls"
    Article.objects.create(name="chair", stock=100_000)

    def buy(number: int, turn: int) -> None:
        client = Client()
        for _ in range(2):  # a browser whose user clicks twice
            answer = client.post(
                "/order/",
                {"article": "chair", "customer": f"customer {number}"},
                headers={"Idempotency-Key": str(turn)},
            )
            assert answer.status_code in (200, 201), answer.content
        assert answer.json() == {"repeated": True}
        assert answer["X-Served-By"] in set(NodeName)

    with load(buy) as counters:
        cluster.kill("main")
        counters.wait_for(10 * WRITERS)
    cluster.settle(20)
    sold = len(counters.seconds)
    assert Order.objects.filter(customer__startswith="customer").count() == sold
    assert Article.objects.get().stock == 100_000 - sold
    last = Order.objects.select_related("article").latest("ordered_at")
    assert (last.article.name, last.quantity) == ("chair", 1)
