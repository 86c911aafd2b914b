"""The apps that are too many for every run: `make apps`. Compared with one database, killed under, clicked through."""

from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from cluster.protocol.names import NodeName
from tests.apps import EDITOR, PASSWORD
from tests.apps.stage import Stage, compare, staged
from tests.apps.wide.load import visiting
from tests.harness.chromium import launching

pytestmark = pytest.mark.timeout(1800)
EDITOR_MADE = (
    "from django.contrib.auth import get_user_model as model; "
    f"model().objects.create_superuser({EDITOR!r}, 'editor@example.com', {PASSWORD!r})"
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Debian's chromium."""
    return launching(browser_type_launch_args)


@pytest.fixture(scope="module")
def stage(django_db_setup, django_db_blocker) -> Iterator[Stage]:
    """Set the project up by its migrations."""
    with django_db_blocker.unblock(), staged("tests.apps.wide") as made:
        yield made


@pytest.fixture(scope="module")
def served(stage: Stage) -> Stage:
    """Serve the project over HTTP after its scripts."""
    assert compare(stage).differences() == {}
    for plain in (False, True):
        stage.manage("play", "oscar", "allauth", plain=plain)
    assert compare(stage).differences() == {}
    stage.manage("shell", "-c", EDITOR_MADE)
    stage.serve()
    return stage


@pytest.fixture(autouse=True)
def equal(served: Stage) -> Iterator[None]:
    """After each test all nodes hold the same: tables, logs, definitions."""
    yield
    served.cluster.settle(60)
    assert "equal" in served.manage("verify_consistency")


def test_a_shop_and_accounts_are_as_on_one_database(served):
    primary = served.cluster.connect(NodeName.MAIN, "root")
    assert primary.row("SELECT COUNT(*) FROM order_order") == (3,)


def test_visitors_buy_and_sign_up_through_the_death_of_main(served):
    cluster = served.cluster
    (product,) = cluster.connect(NodeName.MAIN, "root").row(
        "SELECT id FROM catalogue_product WHERE title = 'Lamp'"
    )
    with visiting(served.url, product) as told:
        told.wait_for_more(5)
        cluster.kill(NodeName.MAIN)
        told.wait_for_more(10)
    cluster.start(NodeName.MAIN)
    served.manage("recover_main")
    primary = cluster.connect(cluster.settle(60), "root")
    lines = Counter(
        basket for (basket,) in primary.rows("SELECT basket_id FROM basket_line WHERE quantity = 1")
    )
    users = Counter(
        name for (name,) in primary.rows("SELECT username FROM auth_user WHERE username LIKE 'http-%'")
    )
    addresses = Counter(
        email.split("@")[0]
        for (email,) in primary.rows("SELECT email FROM account_emailaddress WHERE email LIKE 'http-%'")
    )
    assert all(count == 1 for count in Counter(told.baskets).values())
    assert {basket: lines[basket] for basket in told.baskets} == dict.fromkeys(told.baskets, 1)
    assert {name: (users[name], addresses[name]) for name in told.visitors} == dict.fromkeys(
        told.visitors, (1, 1)
    )
    assert users == addresses, "an account is whole or not there"
    assert users.keys() <= {*told.visitors, *told.failed}
    assert told.failed == {}


def test_the_admin_shows_every_table_and_saves(served, page: Page):
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{served.url}/admin/login/")
    page.locator("#id_username").fill(EDITOR)
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    lists = page.locator("#content-main th a").evaluate_all("links => links.map(link => link.href)")
    assert len(lists) > 30
    for address in lists:
        assert page.goto(address).ok, address
    page.goto(f"{served.url}/admin/partner/partner/add/")
    page.get_by_label("Name").fill("Clicked")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    page.goto(f"{served.url}/dashboard/partners/")
    expect(page.get_by_text("Clicked").first).to_be_visible()
    assert errors == []
