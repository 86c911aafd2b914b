"""Apps that never heard of a cluster, by settings alone: set up, written with, clicked through, killed under."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PIL import Image as Picture
from playwright.sync_api import Page, expect

from cluster.protocol.names import NodeName
from tests.apps import EDITOR, PASSWORD
from tests.apps.load import writing
from tests.apps.rows import Compared
from tests.apps.stage import Stage, compare, staged

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@dataclass
class Trial:
    """The project at work. fresh, written: after its migrations, and after its scripts. home: the site's first page."""

    stage: Stage
    fresh: Compared
    written: Compared
    token: str
    home: int


@pytest.fixture(scope="module")
def trial(django_db_setup, django_db_blocker) -> Iterator[Trial]:
    """Set up, written with, compared; then it is served."""
    with django_db_blocker.unblock(), staged() as stage:
        fresh = compare(stage)
        for plain in (False, True):
            stage.manage("play", "wagtail", "small", plain=plain)
        written = compare(stage)
        token = stage.manage("drf_create_token", EDITOR).split()[2]
        (home,) = stage.cluster.connect(NodeName.MAIN).row("SELECT root_page_id FROM wagtailcore_site")
        stage.serve()
        yield Trial(stage, fresh, written, token, home)


@pytest.fixture(autouse=True)
def equal(trial: Trial) -> Iterator[None]:
    """After each test all nodes hold the same: tables, logs, definitions."""
    yield
    trial.stage.cluster.settle(30)
    assert "equal" in trial.stage.manage("verify_consistency")


def test_a_new_cluster_has_what_the_migrations_make_on_one_database(trial):
    assert trial.fresh.differences() == {}
    for table in (
        "wagtailcore_page",
        "wagtailcore_site",
        "wagtailcore_locale",
        "auth_group",
        "auth_permission",
    ):
        assert trial.fresh.cluster[table], table
    assert "MISSING" not in trial.stage.manage("setup_nodes", "--check")


def test_scripts_leave_the_rows_that_they_leave_on_one_database(trial):
    assert trial.written.differences() == {}
    assert len(trial.written.cluster["wagtailcore_page"]) > 10


def test_writes_over_http_survive_the_death_of_main(trial):
    stage, cluster = trial.stage, trial.stage.cluster
    with writing(stage.url, trial.token, trial.home) as told:
        told.wait_for_more(10, 2)
        cluster.kill(NodeName.MAIN)
        told.wait_for_more(10, 2)
    assert told.failures == []
    cluster.start(NodeName.MAIN)
    stage.manage("recover_main")
    primary = cluster.connect(cluster.settle(30), "root")
    books = Counter(
        title for (title,) in primary.rows("SELECT title FROM trial_book WHERE title LIKE 'http-%'")
    )
    histories = Counter(
        title for (title,) in primary.rows("SELECT title FROM trial_historicalbook WHERE title LIKE 'http-%'")
    )
    pages = Counter(
        slug for (slug,) in primary.rows("SELECT slug FROM wagtailcore_page WHERE slug LIKE 'http-%'")
    )
    assert books == histories == Counter(told.books), "each was done once, and nothing else"
    assert pages == Counter(told.pages)
    assert "No problems found" in stage.manage("fixtree", "--noinput")


@pytest.fixture
def editor(trial: Trial, page: Page) -> Page:
    """Return a browser that has signed in to wagtail's admin. Errors of scripts fail the test."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{trial.stage.url}/admin/login/")
    page.locator("#id_username").fill(EDITOR)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{trial.stage.url}/admin/")
    page.errors = errors
    return page


def test_an_editor_clicks_through_the_admin_of_wagtail(trial, editor, tmp_path):
    url = trial.stage.url
    editor.goto(f"{url}/admin/pages/add/trial/article/{trial.home}/")
    editor.locator("#id_title").fill("Clicked together")
    editor.locator("ul.tagit input").fill("clicked,")
    editor.get_by_role("button", name="More actions").click()
    editor.get_by_role("button", name="Publish", exact=True).click()
    expect(editor.get_by_text("created and published")).to_be_visible()
    picture = tmp_path / "clicked.png"
    Picture.new("RGB", (30, 20), "teal").save(picture)
    editor.goto(f"{url}/admin/images/add/")
    editor.locator("input[type=file]").set_input_files(picture)
    expect(editor.locator("#id_title")).to_have_value("clicked")  # out of the file's name, by a script
    editor.get_by_role("button", name="Upload").click()
    expect(editor.get_by_text("Image 'clicked' added")).to_be_visible()
    editor.goto(f"{url}/admin/pages/search/?q=clicked")
    expect(editor.get_by_role("link", name="Clicked together").first).to_be_visible()
    editor.goto(f"{url}/admin/images/?q=clicked")
    expect(editor.get_by_role("link", name="clicked").first).to_be_visible()
    assert editor.errors == []


def test_the_admin_of_django_shows_and_saves_what_the_apps_have(trial, editor):
    url = f"{trial.stage.url}/django-admin"
    editor.goto(f"{url}/trial/category/add/")
    editor.get_by_label("Name").fill("clicked")
    editor.get_by_label("Parent").select_option(label="first")
    editor.get_by_role("button", name="Save", exact=True).click()
    expect(editor.get_by_text("was added successfully")).to_be_visible()
    editor.goto(f"{url}/trial/book/add/")
    editor.get_by_label("Title").fill("Clicked")
    editor.get_by_label("Tags").fill("clicked, new")
    editor.get_by_role("button", name="Save and continue editing").click()
    editor.get_by_label("Price").fill("3.75")
    editor.get_by_role("button", name="Save and continue editing").click()
    editor.get_by_role("link", name="History", exact=True).click()
    expect(editor.locator("#change-history > tbody > tr")).to_have_count(2)
    editor.go_back()
    editor.get_by_role("link", name="Object permissions").click()
    editor.locator("#id_user").fill("maker")
    editor.locator("input[name=submit_manage_user]").click()
    expect(editor.get_by_text("Can lend a book")).to_be_visible()
    for listed in ("authtoken/tokenproxy", "django_celery_results/taskresult", "taggit/tag", "cluster/event"):
        assert editor.goto(f"{url}/{listed}/").ok
    assert editor.errors == []
