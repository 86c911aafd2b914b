"""What machines are told, and a load balancer that follows the primary."""

import json
import os
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.test import Client

from cluster.actions.failover.check_health import Watch
from cluster.actions.reports.observations import facts
from cluster.actions.reports.recent import Newest
from cluster.actions.verification.background import ROW
from cluster.backend import NotAcknowledged, NotWritable, counters
from cluster.backend.counters import Counts
from cluster.conf import conf
from cluster.local import free_ports
from cluster.models import Comparison, Event, Observation, WriteCounter
from cluster.protocol.latency import bucket
from cluster.protocol.names import NodeName
from tests.harness.forking import ROOT
from tests.harness.shop.models import Article
from tests.harness.site import serving
from tests.harness.waiting import wait_for

HAPROXY = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")


def looked() -> None:
    """Let the watch probe once, and keep what it saw."""
    watch = Watch.configured(conf())
    tick = watch.tick()
    told = facts(tick, watch.prober.seconds, Newest())
    watch.close()
    now = tick.monitor_state.now
    Observation.objects.update_or_create(
        watcher="test",
        defaults={"seen_at": time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(now)), "facts": told},
    )


def health(node: str, wanted: str) -> tuple[int, str]:
    """Return what a load balancer is answered."""
    answer = Client().get(f"/cluster/health/{node}/{wanted}")
    return answer.status_code, answer.content.decode()


def test_each_node_is_what_it_is(cluster):
    cluster.settle()
    wait_for(lambda: health("main", "primary")[0] == 200, 10)
    found = {
        (node.value, wanted): health(node, wanted)[0]
        for node in NodeName
        for wanted in ("primary", "replica", "live")
    }
    assert {key for key, status in found.items() if status == 200} == {
        ("main", "primary"), ("main", "live"), ("node_a", "replica"), ("node_a", "live"),
        ("node_b", "replica"), ("node_b", "live"),
    }  # fmt: skip
    assert health("main", "primary")[1] == "Main is in PRIMARY mode and takes writes.\n"
    assert Client().get("/cluster/health/node_c/live").status_code == 404


def test_a_node_that_is_frozen_costs_no_more_than_its_deadline(cluster):
    cluster.settle()
    cluster.freeze("main")
    time.sleep(0.4)
    began = time.monotonic()
    status, said = health("main", "primary")
    assert status == 503
    assert "does not answer" in said
    assert time.monotonic() - began < 2.0


def test_machines_are_answered_without_tls_too(cluster, settings):
    settings.SECURE_SSL_REDIRECT = True
    cluster.settle()
    wait_for(lambda: health("main", "primary")[0] == 200, 10)
    assert Client().get("/metrics").status_code == 200
    assert Client().get("/").status_code == 301


def test_the_status_is_that_of_the_command(cluster):
    cluster.settle()
    told = Client().get("/cluster/status.json").json()
    printed = json.loads(cluster.manage("cluster_status", "--json").stdout)
    assert told.keys() == printed.keys()
    assert (told["primary"], told["epoch"]) == ("main", 1)
    assert told["nodes"]["main"].keys() == printed["nodes"]["main"].keys()


def exported() -> dict[str, list[str]]:
    """Return the lines of each number."""
    found: dict[str, list[str]] = {}
    for line in Client().get("/metrics").content.decode().splitlines():
        if not line.startswith("#"):
            found.setdefault(re.split(r"[{ ]", line)[0], []).append(line)
    return found


def test_the_numbers_tell_what_the_watch_saw(cluster):
    cluster.settle()
    Event.objects.create(
        happened_at="2026-01-01T00:00:00Z", kind="TRANSITION", verb="promote", sentence="x", old="main",
        facts={"gap_seconds": 0.7, "orphaned_entries": 3},
    )  # fmt: skip
    cluster.kill("node_b")
    looked()
    numbers = exported()
    assert 'mco2_node_up{node="node_b"} 0.0' in numbers["mco2_node_up"]
    assert 'mco2_node_writable{node="main"} 1.0' in numbers["mco2_node_writable"]
    assert 'mco2_failover_gap_seconds_bucket{le="0.5"} 0.0' in numbers["mco2_failover_gap_seconds_bucket"]
    assert 'mco2_failover_gap_seconds_bucket{le="1"} 1.0' in numbers["mco2_failover_gap_seconds_bucket"]
    assert numbers["mco2_orphaned_entries_total"] == ["mco2_orphaned_entries_total 3.0"]
    Event.objects.all().delete()


def test_writes_are_counted_by_what_became_of_them(cluster):
    made = counters.of_this_process.get()
    made.flush()  # what other tests have counted
    WriteCounter.objects.all().delete()
    Article.objects.create(name="one")
    with pytest.raises(NotWritable):
        Article.objects.using("node_a").create(name="two")
    cluster.settle()
    cluster.replicator.stop()
    with pytest.raises(NotAcknowledged):
        Article.objects.create(name="three")
    made.flush()
    row = WriteCounter.objects.get()
    assert (row.acknowledged, row.refused, row.unknown) == (1, 1, 1)
    WriteCounter.objects.update(seen_at="2020-01-01T00:00:00Z")
    two = Counts(Counter({counters.Outcome.ACKNOWLEDGED: 2}), Counter({bucket(0.004): 2}), 0.008)
    counters.add_to_row("another", two)
    assert {one.process: one.acknowledged for one in WriteCounter.objects.all()} == {
        "another": 2,
        "earlier": 1,
    }
    numbers = exported()
    assert 'mco2_writes_total{outcome="acknowledged"} 3.0' in numbers["mco2_writes_total"]
    assert (
        'mco2_acknowledgement_seconds_bucket{le="+Inf"} 3.0' in numbers["mco2_acknowledgement_seconds_bucket"]
    )
    (waited,) = numbers["mco2_acknowledgement_seconds_sum"]
    assert float(waited.split()[1]) > 0.008, "the first was measured, the two are told"
    WriteCounter.objects.all().delete()


def test_rules_and_dashboard_name_numbers_that_exist(cluster):
    cluster.settle()
    looked()
    now = datetime.now(UTC)
    Comparison.objects.update_or_create(pk=ROW, defaults={"due_at": now, "began_at": now, "proven_at": now})
    known = set(exported())
    for name in ("prometheus-alerts.yml", "grafana-dashboard.json"):
        text = (ROOT / "deploy" / name).read_text()
        used = set(re.findall(r"\bmco2_\w+", text))
        assert used, name
        assert used <= known, name
    json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())


@contextmanager
def balancing(cluster, site: str) -> Iterator[int]:
    """HAProxy in front of the nodes, asking the site; the port for writes."""
    assert HAPROXY, "haproxy is not installed: scripts/bootstrap.sh --tests installs it."
    write, read = free_ports(2)
    nodes = {name.upper(): f"127.0.0.1:{node.port}" for name, node in cluster.servers.local.items()}
    places = {"BIND": "127.0.0.1", "WRITE_PORT": str(write), "READ_PORT": str(read), "SITE": site}
    process = subprocess.Popen(
        [HAPROXY, "-f", str(ROOT / "deploy" / "haproxy.cfg")], env=os.environ | nodes | places
    )
    try:
        yield write
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.faults
def test_a_client_behind_haproxy_reaches_the_primary_before_and_after_a_failover(cluster):
    account = cluster.servers.application
    with serving(cluster) as site, balancing(cluster, site.url.removeprefix("http://")) as port:

        def write(number: int) -> bool:
            done = subprocess.run(
                ["mariadb", "-h127.0.0.1", f"-P{port}", f"-u{account.user}", "--connect-timeout=3", "-Nse",
                 f"CALL distributed_insert('tt000000{number}', 'Title {number}', 90, NULL, NULL, 2000)",
                 "stadvdb-mco2" if number == 1 else "stadvdb-mco2-a"],
                env=os.environ | {"MYSQL_PWD": account.password}, capture_output=True, text=True, timeout=20,
            )  # fmt: skip
            return done.returncode == 0

        wait_for(lambda: write(1), 15)
        cluster.kill("main")
        wait_for(lambda: write(2), 15)
        assert cluster.primary() is NodeName.NODE_A
    root = cluster.connect("node_a", "root")
    assert root.rows("SELECT tconst FROM title_ft ORDER BY tconst") == (("tt0000001",), ("tt0000002",))
