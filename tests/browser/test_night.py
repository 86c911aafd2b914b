"""An operator's night in a browser: Main dies, the dashboard tells, one click each brings it back."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

ADMIN = "/admin/"


@pytest.fixture
def operator_page(site, editor):
    """The dashboard, and every address that was asked for."""
    asked: list[str] = []
    editor.on("request", lambda request: asked.append(request.url))
    editor.goto(f"{site.url}{ADMIN}")
    yield editor
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
    assert editor.errors == []


def flaws(page) -> list[str]:
    """What a screen reader or a keyboard would miss in what is ours; the frame around it is the library's."""
    found = Axe().run(page, context=".ops").response["violations"]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found]


def confirm(page, title: str) -> None:
    """Give a reason and go on; wait for the end."""
    page.get_by_label("Reason").fill("Main is back")
    page.get_by_role("button", name=title).click()
    expect(page.get_by_text("Done,")).to_be_visible()


@pytest.mark.timeout(150)
def test_main_dies_and_gets_its_role_back_by_clicks(cluster, site, operator_page, pictures):
    page = operator_page
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(page.get_by_text("Main is healthy").first).to_be_visible()
    expect(page.locator("#badge")).to_contain_text("Healthy")
    pictures.take("dashboard")
    cluster.kill("main")
    expect(page.get_by_text("Main does not answer").first).to_be_visible()
    expect(page.get_by_text("takes the writes in place of Main").first).to_be_visible()
    expect(page.locator("#badge")).to_contain_text("Failed over")
    page.emulate_media(color_scheme="dark")
    pictures.take("dashboard-failed-over")
    assert flaws(page) == []
    cluster.start("main")
    page.locator("#now").get_by_role("link", name="Recover a node").click()
    assert flaws(page) == []
    confirm(page, "Recover a node")
    expect(page.get_by_text("Recovery complete.")).to_be_visible()
    page.get_by_role("link", name="Dashboard").last.click()
    page.locator("#now").get_by_role("link", name="Hand the writes back to Main").click()
    pictures.take("verb")
    confirm(page, "Hand the writes back to Main")
    expect(page.get_by_text("Main node is primary again.")).to_be_visible()
    pictures.take("steps")
    page.goto(f"{site.url}{ADMIN}nodes/main/")
    expect(page.get_by_text("objects are INSTALLED")).to_be_visible()
    assert flaws(page) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_by_everybody(site, operator_page, scheme):
    page = operator_page
    page.emulate_media(color_scheme=scheme)
    for address in (
        ADMIN,
        f"{ADMIN}nodes/node_b/",
        f"{ADMIN}verbs/switchover/",
        f"{ADMIN}verbs/rebuild/node_b/",
        f"{ADMIN}log/",
        f"{ADMIN}failovers/",
        f"{ADMIN}orphans/",
        f"{ADMIN}drills/",
    ):
        page.goto(f"{site.url}{address}")
        assert flaws(page) == [], address
