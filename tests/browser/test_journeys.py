"""What an editor does in a day, in a browser: find, edit, settle a conflict, revert, and save while Main dies."""

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.harness.site import Site
from titles.writing import edits

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NAMES = {
    "tt0068646": ("The Godfather", 1972, 175, "9.1", 1_900_000),
    "tt0071562": ("The Godfather Part II", 1974, 202, "9.0", 1_300_000),
    "tt0050083": ("12 Angry Men", 1957, 96, "9.0", 860_000),
    "tt0060196": ("The Good, the Bad and the Ugly", 1966, 161, "8.8", 790_000),
    "tt0047478": ("Seven Samurai", 1954, 207, "8.6", 360_000),
    "tt0076759": ("Star Wars", 1977, 121, "8.6", 1_400_000),
    "tt0038650": ("It's a Wonderful Life", 1946, 130, "8.6", 490_000),
    "tt0034583": ("Casablanca", 1942, 102, "8.5", 600_000),
    "tt0054215": ("Psycho", 1960, 109, "8.5", 700_000),
    "tt0027977": ("Modern Times", 1936, 87, "8.5", 250_000),
    "tt0021749": ("City Lights", 1931, 87, "8.5", 190_000),
    "tt0057012": ("Dr. Strangelove", 1964, 95, "8.3", 510_000),
    "tt0033467": ("Citizen Kane", 1941, 119, "8.3", 460_000),
    "tt0017136": ("Metropolis", 1927, 153, "8.3", 190_000),
    "tt0045152": ("Singin' in the Rain", 1952, 103, "8.3", 260_000),
    "tt0000417": ("A Trip to the Moon", 1902, 13, "8.1", 55_000),
}


@pytest.fixture(autouse=True)
def titles(cluster) -> None:
    for tconst, (name, year, minutes, rating, votes) in NAMES.items():
        image = {
            "primary_title": name,
            "start_year": year,
            "runtime_minutes": minutes,
            "average_rating": Decimal(rating),
            "num_votes": votes,
        }
        edits.create(tconst, image)


def edit(page: Page, site: Site, tconst: str, **values: str) -> None:
    """Open a title's form and type."""
    page.goto(f"{site.url}/titles/{tconst}/edit")
    for label, text in values.items():
        page.get_by_label(label, exact=True).fill(text)


def save(page: Page) -> None:
    """Press Save and see that it is."""
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Saved", exact=True)).to_be_visible()


def test_a_title_is_found_while_it_is_typed_and_edited_by_keys(site, editor, pictures):
    editor.goto(site.url)
    expect(editor.get_by_role("row")).to_have_count(len(NAMES) + 1)
    pictures.take("list")
    editor.keyboard.press("/")
    editor.keyboard.type("godf")
    expect(editor.get_by_role("row")).to_have_count(3)
    expect(editor.get_by_text("2 matching titles")).to_be_visible()
    assert "search=godf" in editor.url, "the address can be shared"
    pictures.take("search")
    editor.get_by_role("link", name="The Godfather", exact=True).click()
    expect(editor.get_by_role("heading", name="The Godfather")).to_be_visible()
    editor.keyboard.press("e")
    editor.get_by_label("Title", exact=True).fill("Il padrino")
    editor.keyboard.press("Control+s")
    expect(editor.get_by_role("heading", name="Saved")).to_be_visible()
    for node in ("Main", "Node A", "Node B"):
        expect(editor.get_by_text(f"{node} has it")).to_be_visible()
    pictures.take("receipt")
    assert editor.errors == []


def test_filters_and_orders_narrow_the_list(site, editor):
    editor.goto(site.url)
    editor.get_by_label("Year").fill("1940")
    editor.get_by_label("to", exact=True).fill("1949")
    editor.get_by_label("to", exact=True).blur()
    expect(editor.get_by_role("row")).to_have_count(4)
    editor.get_by_label("Order").select_option("Oldest")
    expect(editor.get_by_role("row").nth(1)).to_contain_text("Citizen Kane")


def test_two_editors_meet_in_one_title(site, editor, context, pictures):
    edit(editor, site, "tt0076759", Title="Star Wars: A New Hope")
    other = context.new_page()
    edit(other, site, "tt0076759", Title="Star Wars: Episode IV", Year="1978")
    save(other)
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("columnheader", name="Yours")).to_be_visible()
    expect(editor.get_by_role("row", name="Title both changed it")).to_contain_text("Star Wars: Episode IV")
    pictures.take("conflict")
    save(editor)
    expect(editor.get_by_role("heading", name="Star Wars: A New Hope")).to_be_visible()
    expect(editor.get_by_text("1978")).to_be_visible()


def test_the_history_tells_and_takes_back(site, editor, pictures):
    edit(editor, site, "tt0017136", Title="Metropolls", Year="1972")
    save(editor)
    editor.get_by_role("link", name="History").click()
    expect(editor.locator("del", has_text="Metropolis")).to_be_visible()
    expect(editor.locator("ins", has_text="Metropolls")).to_be_visible()
    pictures.take("history")
    editor.get_by_role("link", name="Revert to this").click()
    expect(editor.get_by_text("differs")).to_have_count(2)
    editor.get_by_role("button", name="Revert").click()
    expect(editor.get_by_role("heading", name="Metropolis")).to_be_visible()


def test_a_title_that_is_saved_while_main_dies_is_saved(cluster, site, editor, pictures):
    edit(editor, site, "tt0034583", Title="Casablanca, saved in time")
    cluster.kill("main")
    save(editor)
    expect(editor.get_by_text("by Node A in epoch 2")).to_be_visible()
    expect(editor.get_by_text("Node A has it")).to_be_visible()
    expect(editor.get_by_text("Main does not answer")).to_be_visible()
    pictures.take("failover")


def test_what_is_wrong_is_said_beside_the_field(site, editor):
    editor.goto(f"{site.url}/new")
    editor.get_by_label("Rating").fill("12")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_text("Give the title an identifier")).to_be_visible()
    expect(editor.get_by_label("Rating")).to_have_attribute("aria-invalid", "true")
    expect(editor.get_by_label("Rating")).to_have_value("12")


def test_statistics_are_drawn_and_told(site, editor, pictures):
    editor.goto(f"{site.url}/statistics")
    expect(editor.get_by_role("img", name="Titles per year")).to_be_visible()
    pictures.take("statistics")
    editor.get_by_text("Show as table").first.click()
    expect(editor.get_by_role("rowheader", name="1972")).to_be_visible()


def test_a_page_is_read_and_a_title_edited_without_scripts(site, editor, browser):
    plain = browser.new_context(java_script_enabled=False, storage_state=editor.context.storage_state())
    page = plain.new_page()
    page.goto(f"{site.url}/?search=kane")
    page.get_by_role("link", name="Citizen Kane").click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Title", exact=True).fill("Citizen Kane, plainly")
    save(page)
    page.get_by_role("link", name="Which nodes have it").click()
    expect(page.get_by_text("Main has it")).to_be_visible()
    plain.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1200])
def test_no_page_is_wider_than_its_screen(site, editor, scheme, width):
    editor.emulate_media(color_scheme=scheme)
    editor.set_viewport_size({"width": width, "height": 800})
    title = "/titles/tt0068646"
    for address in ("/", title, f"{title}/edit", f"{title}/history", "/statistics", "/import"):
        editor.goto(f"{site.url}{address}")
        assert editor.evaluate("document.documentElement.scrollWidth") <= width, address
    assert editor.errors == []


def test_keys_alone_reach_everything(site, editor):
    editor.goto(site.url)
    editor.keyboard.press("Tab")
    expect(editor.get_by_role("link", name="Skip to the content")).to_be_focused()
    editor.keyboard.press("Enter")
    editor.keyboard.press("Tab")
    expect(editor.get_by_label("Search")).to_be_focused()
    outline = editor.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "the focus can be seen"
