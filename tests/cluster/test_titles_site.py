"""The pages of the catalogue on real nodes: written once, in conflict, reverted, and by whom."""

import re
from decimal import Decimal

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from cluster.protocol.names import NodeName
from tests.harness.editors import signed_in, typed
from titles.catalogue import fields
from titles.models import Title
from titles.writing import edits

TCONST = "tt0068646"
IMAGE = {
    "primary_title": "The Godfather",
    "start_year": 1972,
    "runtime_minutes": 175,
    "average_rating": Decimal("9.1"),
    "num_votes": 1200,
}
TYPED = {
    "tconst": TCONST,
    "primary_title": "The Godfather",
    "start_year": "1972",
    "runtime_minutes": "175",
    "average_rating": "9.1",
    "num_votes": "1200",
}
PAGE = f"/titles/{TCONST}"


@pytest.fixture
def editor(cluster) -> Client:
    return signed_in("editor")


@pytest.fixture
def curator(cluster) -> Client:
    return signed_in("curator")


@pytest.fixture
def godfather(cluster) -> Title:
    edits.create(TCONST, IMAGE)
    return Title.objects.get(pk=TCONST)


def entries(cluster) -> int:
    """How many changes of the title the primary's log has."""
    return cluster.connect("main").row(
        "SELECT COUNT(*) FROM transaction_log WHERE table_name = 'title_ft' AND record_id = %s", (TCONST,)
    )[0]


def test_a_new_title_is_stored_and_its_receipt_shown(cluster, editor):
    answer = editor.post("/new", TYPED)
    assert answer.status_code == 302
    assert answer["X-Served-By"] == "main"
    transaction = answer["X-Transaction-Id"]
    page = editor.get(answer.url).content.decode()
    assert "<h2>Saved</h2>" in page
    assert transaction in page
    assert fields.image(Title.objects.get(pk=TCONST)) == IMAGE
    assert Title.objects.get(pk=TCONST).weighted_rating is not None


def test_a_receipt_fills_in_until_every_node_has_the_write(cluster, editor):
    transaction = editor.post("/new", TYPED)["X-Transaction-Id"]
    cluster.settle()
    part = editor.get(f"/receipts/{transaction}", HTTP_HX_REQUEST="true").content.decode()
    assert part.count("has it") == 3
    assert "every 1s" not in part
    page = editor.get(f"/receipts/{transaction}").content.decode()
    assert "written by Main in epoch 1" in page


def test_a_node_that_is_away_has_no_tick(cluster, editor):
    transaction = editor.post("/new", TYPED)["X-Transaction-Id"]
    cluster.settle()
    cluster.kill("node_b")
    part = editor.get(f"/receipts/{transaction}", HTTP_HX_REQUEST="true").content.decode()
    assert "Node B does not answer" in part
    assert "every 1s" in part


def test_no_address_can_claim_a_write(cluster, editor, godfather):
    assert b"Saved" not in editor.get(PAGE, {"saved": "tt0068646:forged"}).content


def test_a_form_that_is_sent_twice_is_written_once(cluster, editor, godfather):
    form = typed(editor.get(f"{PAGE}/edit").content) | {"primary_title": "Il padrino"}
    first, second = (editor.post(f"{PAGE}/edit", form) for _ in range(2))
    assert first["X-Transaction-Id"] == second["X-Transaction-Id"]
    assert entries(cluster) == 2
    assert b"Saved before" in editor.get(second.url).content


def test_the_same_form_with_another_content_is_another_write(cluster, editor, godfather):
    form = typed(editor.get(PAGE).content) | {"count": "1", "rating": "9.0"}
    ids = {editor.post(f"{PAGE}/reviews", form | {"count": n})["X-Transaction-Id"] for n in "1212"}
    assert len(ids) == 2
    assert Title.objects.get(pk=TCONST).num_votes == 1203


def test_a_deletion_that_is_sent_twice_is_one(cluster, editor, godfather):
    form = typed(editor.get(f"{PAGE}/delete").content)
    answers = [editor.post(f"{PAGE}/delete", form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert entries(cluster) == 2
    assert editor.get(PAGE).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("tconst", "0068646", "An identifier is tt and 7 to 10 digits"),
        ("primary_title", " ", "Give the title a name."),
        ("start_year", "1492", "greater than or equal to 1870"),
        ("runtime_minutes", "two hours", "Type a number, or leave this empty."),
        ("average_rating", "9.15", "no more than 1 decimal place"),
        ("average_rating", "", "There are votes, so give the rating too"),
        ("num_votes", "-1", "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_the_rest_is_kept(editor, field, value, sentence):
    answer = editor.post("/new", TYPED | {field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert page.count('class="error"') == 1
    assert all(f'value="{text}"' in page for name, text in TYPED.items() if name != field)


def test_an_identifier_that_is_taken_is_said_so(editor, godfather):
    answer = editor.post("/new", TYPED)
    assert answer.status_code == 409
    assert f"There is a title {TCONST} already" in answer.content.decode()


def test_two_edits_of_one_field_are_shown_in_three_columns(editor, godfather):
    form = typed(editor.get(f"{PAGE}/edit").content)
    edits.edit(TCONST, IMAGE, IMAGE | {"primary_title": "Theirs", "start_year": 1973})
    answer = editor.post(f"{PAGE}/edit", form | {"primary_title": "Mine", "runtime_minutes": "176"})
    assert answer.status_code == 409
    page = answer.content.decode()
    for column in ("Yours", "Theirs", "Before", "both changed it"):
        assert column in page
    # The form that the page offers has both: mine where we clash, theirs where only they changed something.
    merged = typed(answer.content)
    assert (merged["primary_title"], merged["start_year"], merged["runtime_minutes"]) == (
        "Mine",
        "1973",
        "176",
    )
    assert editor.post(f"{PAGE}/edit", merged).status_code == 302
    stored = Title.objects.get(pk=TCONST)
    assert (stored.primary_title, stored.start_year, stored.runtime_minutes) == ("Mine", 1973, 176)


def test_edits_of_different_fields_do_not_clash(editor, godfather):
    form = typed(editor.get(f"{PAGE}/edit").content)
    edits.add_reviews(TCONST, 5, Decimal("8.0"))
    assert editor.post(f"{PAGE}/edit", form | {"primary_title": "Il padrino"}).status_code == 302
    stored = Title.objects.get(pk=TCONST)
    assert (stored.primary_title, stored.num_votes) == ("Il padrino", 1205)


def test_a_rating_clashes_with_reviews_that_were_added_meanwhile(editor, godfather):
    form = typed(editor.get(f"{PAGE}/edit").content)
    edits.add_reviews(TCONST, 5, Decimal("8.0"))
    assert editor.post(f"{PAGE}/edit", form | {"average_rating": "1.0"}).status_code == 409


def test_what_an_edit_began_from_cannot_be_forged(editor, godfather):
    form = typed(editor.get(f"{PAGE}/edit").content)
    answer = editor.post(f"{PAGE}/edit", form | {"before": form["before"][:-2]})
    assert answer.status_code == 422
    assert b"This form was not made by this site" in answer.content


def test_a_title_that_was_changed_meanwhile_is_not_deleted(editor, godfather):
    form = typed(editor.get(f"{PAGE}/delete").content)
    edits.add_reviews(TCONST, 1, Decimal("8.0"))
    assert editor.post(f"{PAGE}/delete", form).status_code == 409
    assert Title.objects.filter(pk=TCONST).exists()


def change(cluster, which: str) -> str:
    """Return the address of the first (MIN) or last (MAX) change of the title."""
    sql = f"SELECT {which}(log_id) FROM transaction_log WHERE record_id = %s"
    return f"{PAGE}/history/1-{cluster.connect('main').row(sql, (TCONST,))[0]}"


def assert_reverted(curator: Client, address: str) -> None:
    """Take a change back by its page, and find the title as it was."""
    assert curator.post(address, typed(curator.get(address).content)).status_code == 302
    assert fields.image(Title.objects.get(pk=TCONST)) == IMAGE


def test_the_history_tells_what_changed_and_a_curator_reverts_it(cluster, curator, godfather):
    edits.edit(TCONST, IMAGE, IMAGE | {"primary_title": "Wrong", "start_year": 1900})
    form = typed(curator.get(f"{PAGE}/edit").content) | {"primary_title": "Wrong again"}
    assert curator.post(f"{PAGE}/edit", form).status_code == 302
    page = curator.get(f"{PAGE}/history").content.decode()
    assert page.count("changed by curator on Main") == 1, "the other one was made without a user"
    assert "<del>The Godfather</del>" in page
    assert "<ins>Wrong</ins>" in page
    assert_reverted(curator, change(cluster, "MIN"))


def undo(client, answer, place=PAGE):
    """Press the button of a receipt."""
    page = client.get(answer.url).content
    assert b">Undo</button>" in page
    return client.post(
        f"{place}/undo",
        {"receipt": answer.url.split("saved=")[1], "idempotency_key": typed(page)["idempotency_key"]},
    )


def test_what_was_saved_is_taken_back_from_its_receipt(cluster, curator, godfather):
    form = typed(curator.get(f"{PAGE}/edit").content) | {"primary_title": "Wrong"}
    undone = undo(curator, curator.post(f"{PAGE}/edit", form))
    assert fields.image(Title.objects.get(pk=TCONST)) == IMAGE
    undo(curator, undone)
    assert Title.objects.get(pk=TCONST).primary_title == "Wrong", "an undo can be undone"
    form = typed(curator.get(f"{PAGE}/delete").content)
    back = undo(curator, curator.post(f"{PAGE}/delete", form))
    assert Title.objects.filter(pk=TCONST).exists()
    undo(curator, back)
    assert not Title.objects.filter(pk=TCONST).exists()


def test_what_has_changed_since_is_not_taken_back(cluster, editor, godfather):
    form = typed(editor.get(f"{PAGE}/edit").content) | {"primary_title": "Wrong"}
    answer = editor.post(f"{PAGE}/edit", form)
    edits.add_reviews(TCONST, 1, Decimal("8.0"))
    assert undo(editor, answer).status_code == 409
    assert Title.objects.get(pk=TCONST).primary_title == "Wrong"
    assert editor.post(f"{PAGE}/undo", {"receipt": "forged"}).status_code == 404


def test_a_title_shows_its_rating_and_how_its_votes_grew(cluster, editor, godfather):
    for _ in range(3):
        edits.add_reviews(TCONST, 10, Decimal("8.0"))
    page = editor.get(PAGE).content.decode()
    assert 'class="filled" width="91"' in page
    part = editor.get(f"{PAGE}/trend").content.decode()
    assert "+30, from 4 changes in the log" in part
    assert part.count("<circle") == 4


def test_a_deleted_title_comes_back_from_its_history(cluster, curator, godfather):
    edits.delete(TCONST)
    page = curator.get(f"{PAGE}/history").content.decode()
    assert ">Restore</a>" in page
    assert_reverted(curator, change(cluster, "MAX"))


def test_a_revert_does_not_overwrite_what_came_after_the_look(cluster, curator, godfather):
    address = change(cluster, "MIN")
    edits.edit(TCONST, IMAGE, IMAGE | {"primary_title": "Wrong"})
    form = typed(curator.get(address).content)
    edits.add_reviews(TCONST, 1, Decimal("8.0"))
    assert curator.post(address, form).status_code == 409


@pytest.mark.parametrize(
    ("role", "address", "status"),
    [
        ("viewer", f"{PAGE}/edit", 403),
        ("viewer", "/new", 403),
        ("viewer", "/import", 403),
        ("editor", f"{PAGE}/edit", 200),
        ("editor", f"{PAGE}/delete", 200),
        ("editor", "/import", 403),
        ("curator", "/import", 200),
        ("operator", "/import", 200),
    ],
)
def test_each_role_may_do_its_part(cluster, godfather, role, address, status):
    assert signed_in(role).get(address).status_code == status


@pytest.mark.parametrize("address", ["/new", f"{PAGE}/edit", f"{PAGE}/delete", "/import"])
def test_who_has_not_signed_in_is_asked_to(cluster, godfather, address):
    assert Client().get(address).url.startswith("/accounts/login/?next=")


@pytest.mark.parametrize("address", ["/", "/?search=godfather", PAGE, f"{PAGE}/history", "/statistics"])
def test_everybody_may_read(cluster, godfather, address):
    assert Client().get(address).status_code == 200


@pytest.mark.parametrize("address", ["/titles/tt9999999", "/titles/tt9999999/history", "/nothing"])
def test_what_is_not_there_is_said_so(cluster, address):
    answer = Client().get(address)
    assert answer.status_code == 404
    assert b"See all titles" in answer.content


def test_no_page_takes_anything_from_elsewhere(cluster, editor, godfather):
    for address in ("/", PAGE, f"{PAGE}/edit", "/statistics", "/accounts/login/"):
        answer = editor.get(address)
        page = answer.content.decode()
        assert "://" not in page.replace("http://www.w3.org", "")
        assert "<style" not in page
        assert "style=" not in page
        assert "<script>" not in page
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        files = re.findall(r'(?:src|href)="/static/([^"]+)"', page)
        assert len(files) >= 4
        assert [file for file in files if finders.find(file) is None] == []


def test_every_node_has_what_was_written(cluster, editor, godfather):
    form = typed(editor.get(PAGE).content) | {"count": "3", "rating": "8.0"}
    assert editor.post(f"{PAGE}/reviews", form).status_code == 302
    cluster.settle()
    votes = [
        cluster.connect(n).row("SELECT numVotes FROM title_ft WHERE tconst = %s", (TCONST,))[0]
        for n in NodeName
    ]
    assert votes == [1203, 1203, 1203]
