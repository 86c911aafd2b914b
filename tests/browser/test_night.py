"""An operator's night in a browser: Main dies, the dashboard tells, a few keys each bring it back."""

from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from titles.writing import edits

ADMIN = "/admin/"
TITLE = {
    "primary_title": "One", "start_year": 1999, "runtime_minutes": 90,
    "average_rating": Decimal("7.5"), "num_votes": 120,
}  # fmt: skip
LIMIT = 150 * 1024
"""Bytes of a page."""
ANSWERS = ("Takes writes", "Data at risk", "Next step")


@pytest.fixture
def operator_page(site, editor):
    """Give the dashboard. Fail for an address outside the site, and for what a browser complains of."""
    asked: list[str] = []
    complaints: list[str] = []
    editor.on("request", lambda request: asked.append(request.url))
    editor.on(
        "console", lambda one: complaints.append(one.text) if one.type in ("error", "warning") else None
    )
    editor.goto(f"{site.url}{ADMIN}")
    yield editor
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
    assert [*editor.errors, *complaints] == []


def flaws(page, context: str = ".ops") -> list[str]:
    """Return what a screen reader or a keyboard would miss in what is ours; the frame around it is the library's."""
    found = Axe().run(page, context=context).response["violations"]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found]


def tab_to(page, selector: str) -> None:
    """Go on by the Tab key until something has the focus, as whoever uses no mouse does."""
    for _ in range(80):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{selector} cannot be reached by Tab.")


def press(page, selector: str) -> None:
    """Go there by Tab and press it."""
    tab_to(page, selector)
    page.keyboard.press("Enter")


def confirm(page) -> None:
    """Give a reason and go on, by keys; wait for the end."""
    tab_to(page, "input[name=reason]")
    page.keyboard.type("Main is back")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Done,")).to_be_visible()


def above_the_fold(page, *texts: str) -> None:
    """Assert that these texts are seen without scrolling, on a screen and on a phone."""
    for width, height in ((390, 844), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        for text in texts:
            page.wait_for_function(
                """text => [...document.querySelectorAll(".ops *")].some(one => one.children.length < 3
                    && one.textContent.includes(text) && one.getBoundingClientRect().height > 0
                    && one.getBoundingClientRect().bottom <= innerHeight)""",
                arg=text,
            )


@pytest.mark.timeout(240)
def test_main_dies_and_gets_its_role_back_by_keys(cluster, site, operator_page, pictures):
    page = operator_page
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.get_by_text("Main is healthy").first).to_be_visible()
    expect(page.locator("#badge")).to_contain_text("Healthy")
    assert page.evaluate("document.documentElement.scrollHeight") <= 900, "one screen"
    above_the_fold(page, "Healthy.", *ANSWERS)
    cluster.kill("main")
    expect(page.locator("#now").get_by_text("Failed over.")).to_be_visible()
    expect(page.locator(".problems").get_by_text("Main does not answer").first).to_be_visible()
    expect(page.locator("#badge")).to_contain_text("Failed over")
    above_the_fold(page, "Failed over.", "Main does not answer", *ANSWERS)
    assert page.evaluate("document.documentElement.scrollHeight") <= 900, "one screen"
    page.emulate_media(color_scheme="dark")
    assert flaws(page) == []
    cluster.start("main")
    expect(page.locator("#next-step")).to_have_text("Recover node")
    press(page, "#next-step")
    expect(page.get_by_role("button", name="Recover node")).to_be_visible()
    assert flaws(page) == []
    confirm(page)
    expect(page.get_by_text("Recovery complete.")).to_be_visible()
    press(page, "#back")
    expect(page.locator("#next-step")).to_have_text("Fail back to Main")
    press(page, "#next-step")
    expect(page.get_by_role("button", name="Fail back to Main")).to_be_visible()
    pictures.take("verb")
    confirm(page)
    expect(page.get_by_text("Main node is primary again.")).to_be_visible()
    pictures.take("steps")
    page.goto(f"{site.url}{ADMIN}nodes/main/")
    expect(page.get_by_text("objects are INSTALLED")).to_be_visible()
    assert flaws(page) == []


@pytest.mark.timeout(300)
def test_three_answers_stand_above_the_fold_in_any_state(cluster, site, operator_page):
    page = operator_page

    def answers(state: str, writer: str, step: str) -> None:
        expect(page.locator(".said strong")).to_have_text(f"{state}.", timeout=30_000)
        for answer, words in zip(page.locator(".answers dd").all(), (writer, None, step), strict=True):
            expect(answer).to_contain_text(words or "")
        above_the_fold(page, f"{state}.", *ANSWERS)
        assert flaws(page) == [], state

    answers("Healthy", "Main", "nothing to do")
    cluster.kill("node_a")
    answers("Degraded", "Main", "Start Node A")
    cluster.start("node_a")
    answers("Healthy", "Main", "nothing to do")
    cluster.kill("main")
    answers("Failed over", "Node A", "Start Main")
    cluster.start("main")
    answers("Failed over", "Node A", "Recover node")
    for name in ("node_a", "node_b"):
        cluster.kill(name)
    answers("No primary", "no node", "Start")
    for name in ("monitor", "replicator"):
        site.programs[name].kill()
    answers("Unknown", "unknown", "Start manage.py monitor")


@pytest.mark.timeout(120)
def test_a_refresh_keeps_the_focus_and_announces_changes_alone(cluster, site, operator_page):
    page = operator_page
    page.evaluate("""() => {
        window.announced = [];
        new MutationObserver(() => window.announced.push(document.getElementById("announcement").textContent))
            .observe(document.getElementById("announcement"), { childList: true, characterData: true, subtree: true });
    }""")
    page.locator("#node-node_b").focus()
    for _ in range(3):
        with page.expect_response("**/admin/now/"):
            pass
    with page.expect_response("**/admin/badge/"):
        pass
    expect(page.locator("#node-node_b")).to_be_focused()
    assert page.evaluate("window.announced") == []
    cluster.kill("node_b")
    expect(page.locator("#badge")).to_contain_text("Degraded")
    expect(page.locator("#announcement")).to_contain_text("Degraded")
    assert len(page.evaluate("window.announced")) == 1
    assert page.locator(".material-symbols-outlined:not([aria-hidden])").count() == 0


def test_the_history_is_zoomed_by_dragging_and_by_keys(site, operator_page):
    page = operator_page
    box = page.locator("svg.history").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60)
    expect(page.locator("svg.history .at")).to_be_visible()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60)
    page.mouse.up()
    expect(page.locator("#hour[hx-trigger=none]")).to_be_visible()
    assert "from=" in page.url, "the address can be sent on"
    zoomed = page.locator("svg.history").get_attribute("data-from")
    page.reload()
    assert page.locator("svg.history").get_attribute("data-from") == zoomed
    page.get_by_role("button", name="Earlier").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"svg.history:not([data-from='{zoomed}'])")).to_be_visible()
    expect(page.get_by_role("button", name="Earlier")).to_be_focused()
    page.get_by_role("button", name="1 h").click()
    expect(page.locator("#hour[hx-trigger='every 5s']")).to_be_visible()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_by_everybody(cluster, site, operator_page, scheme):
    edits.create("tt0000001", TITLE)
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
        f"{ADMIN}drills/compare/",
    ):
        page.set_viewport_size({"width": 1280, "height": 900})
        answer = page.goto(f"{site.url}{address}")
        assert len(answer.body()) < LIMIT, address
        assert flaws(page) == [], address
        assert page.locator("link[rel=icon]").count() == 1, address
        assert page.get_by_text("mco2").first.is_visible(), address
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
        assert flaws(page) == [], f"{address} on a phone"
    for address in ("/", "/new", "/statistics", "/import", "/accounts/login/", "/titles/tt0000001"):
        answer = page.goto(f"{site.url}{address}")
        assert len(answer.body()) < LIMIT, address
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
        assert flaws(page, "body") == [], address
