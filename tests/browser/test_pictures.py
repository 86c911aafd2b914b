"""The pictures of the operators' documents: a cluster at work, before and after a failover, in light and in dark."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.harness import forking
from tests.harness.site import Site, editing
from titles.models import Title
from titles.writing import edits

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TITLES = {f"tt{1_000_000 + number}": f"Title {number}" for number in range(4)}
UNRATED = {"start_year": 1999, "runtime_minutes": 90, "average_rating": None, "num_votes": None}
LIVELY = 90.0
"""Seconds of load before the first picture of the documents: samples come every ten, and plots want some."""


def show(page: Page, site: Site, began: float) -> None:
    """Open the dashboard, its history zoomed to the time of this test."""
    page.goto(f"{site.url}/admin/?from={began:.0f}&to={max(time.time(), began + 60):.0f}")


def test_a_lively_cluster_before_and_after_a_failover(cluster, site, editor, pictures):
    page, began = editor, time.time()
    lively = LIVELY if pictures.are_for_documents else 1.0
    page.set_viewport_size({"width": 1440, "height": 900})
    for tconst, name in TITLES.items():
        edits.create(tconst, UNRATED | {"primary_title": name})
    with editing(site, list(TITLES)) as counters:
        time.sleep(lively)
        counters.wait_for(3)
        show(page, site, began)
        expect(page.locator("#badge")).to_contain_text("Healthy")
        assert page.locator("svg.history polyline").count() or not pictures.are_for_documents
        pictures.take_both("dashboard")
        leave_an_orphan(cluster, site)
        counters.wait_for(3)
        time.sleep(lively / 4)
        show(page, site, began)
        expect(page.locator("#badge")).to_contain_text("Failed over")
        pictures.take_both("dashboard-failed-over")
    cluster.start("main")
    forking.run(["recover_main"], site.environment, timeout=90).check_returncode()
    page.goto(f"{site.url}/admin/log/?operation=UPDATE&node=node_a")
    expect(page.locator("tbody tr").nth(3)).to_be_visible()
    pictures.take_both("log")
    page.goto(f"{site.url}/admin/orphans/queue/")
    expect(page.get_by_text("Now on Node A")).to_be_visible()
    pictures.take_both("orphan")
    decide_by_keys(page)
    page.goto(f"{site.url}/admin/failovers/")
    page.locator("td a").first.click()
    expect(page.get_by_text("Node A took over")).to_be_visible()
    pictures.take_both("failover-report")
    assert page.errors == []


def decide_by_keys(page: Page) -> None:
    """Dismiss what is shown, and take that back; keys that are switched off do nothing."""
    page.get_by_label("Keyboard shortcuts").uncheck()
    page.keyboard.press("r")
    page.get_by_label("Keyboard shortcuts").check()
    expect(page.get_by_label("Reason for dismissal")).to_be_visible()
    page.keyboard.press("d")
    page.keyboard.type("never confirmed")
    page.keyboard.press("Enter")
    expect(page.get_by_text("dismissed.")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_text("waits for a decision again.")).to_be_visible()
    expect(page.get_by_role("button", name="Reapply")).to_be_visible()


def leave_an_orphan(cluster, site: Site) -> None:
    """Commit on Main what nobody carries to another node, and end Main."""
    site.programs["replicator"].freeze()
    table, key = Title._meta.db_table, next(iter(TITLES))
    cluster.connect("main").run(
        f"UPDATE {table} SET primaryTitle = 'Never confirmed' WHERE tconst = %s", (key,)
    )
    cluster.kill("main")
    site.programs["replicator"].resume()
