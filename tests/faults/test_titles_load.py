"""Editors at work through a failover, a switchover and a rush on one title: nobody meets an error, nothing is lost."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from cluster.protocol.names import NodeName
from tests.harness.checker import observed
from tests.harness.editors import typed
from tests.harness.site import Counters, Site, editing, serving
from titles.writing import edits

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(180)]

CLIENTS = 8
TCONSTS = [f"tt{2_000_000 + number}" for number in range(CLIENTS)]
IMAGE = {
    "primary_title": "Title",
    "start_year": None,
    "runtime_minutes": None,
    "average_rating": None,
    "num_votes": None,
}
EARLY = 30
"""Writes before a fault, and after it."""


@pytest.fixture
def titles(cluster) -> None:
    for tconst in TCONSTS:
        edits.create(tconst, IMAGE)


def each_once(cluster, counters: Counters) -> None:
    """Every write that was told to be done is in the log once, on every node, and no other is there."""
    cluster.settle(30)
    for name in NodeName:
        entries = cluster.connect(name).rows(
            "SELECT transaction_id, COUNT(*) FROM transaction_log"
            " WHERE table_name = 'title_ft' AND operation_type = 'UPDATE' GROUP BY transaction_id"
        )
        assert Counter(dict(entries)) == Counter(dict.fromkeys(counters.done, 1)), name
        votes = dict(cluster.connect(name).rows("SELECT tconst, COALESCE(numVotes, 0) FROM title_ft"))
        logged = cluster.connect(name).rows(
            "SELECT record_id, COUNT(*) FROM transaction_log"
            " WHERE table_name = 'title_ft' AND operation_type = 'UPDATE'"
            " AND NOT JSON_VALUE(old_value, '$.numVotes') <=> JSON_VALUE(new_value, '$.numVotes') GROUP BY record_id"
        )
        assert {tconst: count for tconst, count in votes.items() if count} == dict(logged), name


def test_editors_notice_nothing_of_the_death_of_main(cluster, titles):
    with serving(cluster) as site, observed(cluster), editing(site, TCONSTS) as counters:
        counters.wait_for(EARLY)
        cluster.kill("main")
        counters.wait_for(EARLY)
    cluster.start("main")
    cluster.replicator.start()
    assert cluster.manage("recover_main").returncode == 0
    assert counters.failures == []
    assert counters.longest < 5, counters.longest
    each_once(cluster, counters)


def test_editors_notice_less_of_a_switchover(cluster, titles):
    with serving(cluster) as site, observed(cluster), editing(site, TCONSTS) as counters:
        counters.wait_for(EARLY)
        usual = counters.longest
        counters.seconds.clear()
        done = cluster.manage("switchover", "--to", "node_a")
        assert done.returncode == 0, done.stderr
        counters.wait_for(EARLY)
    cluster.replicator.start()
    assert counters.failures == []
    # Beside what this machine takes without one: it may be busy with other things.
    assert counters.longest < 1 + usual, (counters.longest, usual)
    each_once(cluster, counters)


def test_three_hundred_reviews_at_once_through_the_site_all_count(cluster, titles):
    with serving(cluster) as site:
        session = site.sign_in()
        page = f"{site.url}/titles/{TCONSTS[0]}"
        form = typed(session.get(page, timeout=20).content) | {"count": "1", "rating": "8.0"}

        def add(number: int) -> int:
            own = form | {"idempotency_key": f"review-{number}"}
            headers = {"Referer": page}
            with requests.Session() as mine:
                mine.cookies.update(session.cookies)
                return mine.post(
                    f"{page}/reviews", own, headers=headers, timeout=60, allow_redirects=False
                ).status_code

        with ThreadPoolExecutor(CLIENTS * 4) as pool:
            assert Counter(pool.map(add, range(300))) == {302: 300}
        cluster.settle(30)
    votes = [
        cluster.connect(name).row("SELECT numVotes FROM title_ft WHERE tconst = %s", (TCONSTS[0],))[0]
        for name in NodeName
    ]
    assert votes == [300, 300, 300]


def test_a_page_says_when_nobody_takes_writes_and_keeps_what_was_typed(cluster, titles):
    with serving(cluster, CLUSTER_WRITE_DEADLINE="2") as site:
        session = site.sign_in()
        page = f"{site.url}/titles/{TCONSTS[0]}"
        form = typed(session.get(f"{page}/edit", timeout=20).content) | {"primary_title": "Kept"}
        for name in ("main", "node_a"):
            cluster.kill(name)
        answer = send(session, site, form)
        assert (answer.status_code, answer.headers["Retry-After"].isdecimal()) == (503, True)
        for text in ("Not saved yet", 'value="Kept"', "Saving waits."):
            assert text in answer.text
        read = session.get(page, timeout=20)
        assert (read.status_code, "Saving waits." in read.text) == (200, True), "reading goes on"
        for address in ("/", "/?search=title", "/statistics", f"/titles/{TCONSTS[0]}/history"):
            assert session.get(f"{site.url}{address}", timeout=20).status_code == 200, address
        for name in ("main", "node_a"):
            cluster.start(name)
        while (answer := send(session, site, form)).status_code == 503:
            continue
        assert answer.status_code == 302
        assert ">Kept<" in session.get(page, timeout=20).text


def send(session: requests.Session, site: Site, form: dict[str, str]) -> requests.Response:
    """Send the form of the first title."""
    address = f"{site.url}/titles/{TCONSTS[0]}/edit"
    return session.post(address, form, headers={"Referer": address}, timeout=60, allow_redirects=False)
