"""The public procedures of the catalogue, called as any SQL client would."""

from decimal import Decimal
from typing import Any

import MySQLdb
import pytest

from cluster.protocol.errors import NOT_WRITABLE
from tests.harness.title_sql import GOOD, call, changed, entries, error, refusal, run, title


@pytest.fixture
def main(cluster) -> MySQLdb.Connection:
    """Return the application's session on Main."""
    return cluster.connect("main").raw()


@pytest.fixture
def film(main) -> MySQLdb.Connection:
    """Return the same, with one title stored."""
    call(main, "distributed_insert", *GOOD)
    return main


def test_insert_stores_the_title_and_names_its_transaction(main):
    ((transaction_id, message),) = call(main, "distributed_insert", *GOOD)
    assert message == "Title tt0000001 is stored."
    assert title(main) == ("tt0000001", "A Film", 90, Decimal("8.1"), 10, 1999, Decimal("8.10"))
    sql = "SELECT operation_type, record_id FROM transaction_log WHERE transaction_id = %s"
    assert run(main, sql, transaction_id) == (("INSERT", "tt0000001"),)


def test_insert_update_and_delete_reach_every_node(cluster, film):
    call(film, "distributed_update", *changed(primaryTitle="Caf\u00e9 \U0001f3ac", startYear=None))
    call(film, "distributed_insert", *changed(tconst="tt0000002"))
    call(film, "distributed_delete", "tt0000002")
    cluster.settle()
    expected = ("tt0000001", "Caf\u00e9 \U0001f3ac", 90, Decimal("8.1"), 10, None, Decimal("8.10"))
    for node in cluster.nodes:
        here = cluster.connect(node).raw()
        assert (title(here), title(here, "tt0000002")) == (expected, None)


ACCEPTED: dict[str, list[Any]] = {
    "unknown numbers": ["tt0000002", "x", None, None, None, None],
    "numbers as text": ["tt0000002", "x", "90", "8", "10", "1999"],
    "decimals": changed(tconst="tt0000002", runtimeMinutes=Decimal("90.0"), averageRating=Decimal("8.10")),
    "least": changed(tconst="tt0000002", runtimeMinutes=1, averageRating=0, numVotes=0, startYear=1870),
    "most": ["tt1234567890", "x", 100_000, 10.0, 2_147_483_647, 2100],
    "longest title": changed(tconst="tt0000002", primaryTitle="\U0001f3ac" * 1024),
    "blanks": changed(tconst="tt0000002", primaryTitle=" x "),
}


def test_the_bounds_themselves_are_accepted(film, subtests):
    for name, values in ACCEPTED.items():
        with subtests.test(name):
            call(film, "distributed_insert", *values)
            tconst, text, *numbers = title(film, values[0])[:6]
            assert [tconst, text] == values[:2]
            assert numbers == [value and Decimal(str(value)) for value in values[2:]]
            call(film, "distributed_delete", tconst)


BAD: list[tuple[str, Any, str]] = [
    ("tconst", None, "not NULL"),
    ("tconst", "", "tt and 7 to 10 digits"),
    ("tconst", "tt123456", "not 'tt123456'."),
    ("tconst", "tt12345678901", "tt and 7 to 10 digits"),
    ("tconst", "TT0000002", "not 'TT0000002'."),
    ("tconst", "tt0000002\n", "tt and 7 to 10 digits"),
    ("tconst", " tt0000002", "tt and 7 to 10 digits"),
    ("tconst", "t" * 100_000, "tt and 7 to 10 digits"),
    ("primaryTitle", None, "at least one character"),
    ("primaryTitle", "", "at least one character"),
    ("primaryTitle", "   ", "at least one character"),
    ("primaryTitle", "x" * 1025, "at most 1024 characters, not 1025"),
    ("primaryTitle", "x" * 100_000, "at most 1024 characters, not 100000"),
    ("runtimeMinutes", 0, "from 1 to 100000, not '0'"),
    ("runtimeMinutes", -90, "not '-90'"),
    ("runtimeMinutes", 100_001, "from 1 to 100000"),
    ("runtimeMinutes", "1.5", "whole number"),
    ("runtimeMinutes", "ninety", "not 'ninety'"),
    ("averageRating", "11.04", "not '11.04'"),
    ("averageRating", 11.04, "not '11.04'"),
    ("averageRating", "10.1", "from 0.0 to 10.0"),
    ("averageRating", "-0.1", "from 0.0 to 10.0"),
    ("averageRating", "8.06", "at most one decimal, not '8.06'"),
    ("averageRating", Decimal("9.99"), "at most one decimal"),
    ("averageRating", "8,1", "not '8,1'"),
    ("averageRating", "", "not ''"),
    ("averageRating", None, "numVotes is 10, so averageRating must not be NULL"),
    ("numVotes", -1, "not '-1'"),
    ("numVotes", 2_147_483_648, "from 0 to 2147483647"),
    ("numVotes", 1e40, "not '1e40'"),
    ("numVotes", "10\n", "whole number"),
    ("startYear", 1869, "from 1870 to 2100"),
    ("startYear", 2101, "from 1870 to 2100"),
    ("startYear", "MCM", "not 'MCM'"),
]


@pytest.mark.parametrize("sql_mode", ["STRICT_ALL_TABLES", ""], ids=["strict", "lenient"])
def test_bad_arguments_are_refused_and_leave_nothing(film, subtests, sql_mode):
    run(film, "SET sql_mode = %s", sql_mode)
    before = entries(film), run(film, "SELECT * FROM title_ft")
    for name, value, sentence in BAD:
        with subtests.test(name, value=str(value)[:30]):
            values = changed(**{"tconst": "tt0000002", name: value})
            assert sentence in refusal(film, "distributed_insert", *values)
            assert sentence in refusal(film, "distributed_update", *changed(**{name: value}))
    for value in [value for name, value, _ in BAD if name == "tconst"]:
        assert "tconst" in refusal(film, "distributed_delete", value)
        assert "tconst" in refusal(film, "distributed_addReviews", value, 1, "8.0")
    assert (entries(film), run(film, "SELECT * FROM title_ft")) == before


def test_an_existing_title_is_not_inserted_again(film):
    before = entries(film), title(film)
    sentence = refusal(film, "distributed_insert", *changed(primaryTitle="Another"))
    assert sentence == "Title tt0000001 exists already. Change it with distributed_update."
    assert (entries(film), title(film)) == before


def test_an_unknown_title_is_said_to_be_unknown(film, subtests):
    before = entries(film)
    for procedure, values in [
        ("distributed_update", changed(tconst="tt0000009")),
        ("distributed_delete", ["tt0000009"]),
        ("distributed_addReviews", ["tt0000009", 1, "8.0"]),
    ]:
        with subtests.test(procedure):
            assert refusal(film, procedure, *values).startswith("No such title: tt0000009.")
    assert entries(film) == before


def test_an_update_that_changes_nothing_is_done(film):
    call(film, "distributed_update", *GOOD)
    assert title(film)[:2] == ("tt0000001", "A Film")


def test_bad_reviews_are_refused_and_leave_nothing(film, subtests):
    before = entries(film), title(film)
    for reviews, rating, sentence in [
        (0, "8.0", "from 1 to 2147483647"),
        (-1, "8.0", "not '-1'"),
        (None, "8.0", "num_new_reviews must not be NULL"),
        ("1.5", "8.0", "whole number"),
        (1, None, "new_rating must not be NULL"),
        (1, "10.1", "from 0.0 to 10.0"),
        (1, "8.06", "at most one decimal"),
        (2_147_483_647, "8.0", "it would pass 2147483647"),
    ]:
        with subtests.test(reviews=reviews, rating=rating):
            assert sentence in refusal(film, "distributed_addReviews", "tt0000001", reviews, rating)
    assert (entries(film), title(film)) == before


def test_reviews_change_votes_rating_and_weight(film):
    ((_, message),) = call(film, "distributed_addReviews", "tt0000001", 30, "4.1")
    assert message == "30 reviews are added to title tt0000001."
    assert title(film)[3:5] == (Decimal("5.1"), 40)
    assert title(film)[6] == Decimal("5.10")
    call(film, "distributed_insert", "tt0000002", "unrated", None, None, None, None)
    call(film, "distributed_addReviews", "tt0000002", 2, "7.5")
    assert title(film, "tt0000002")[3:5] == (Decimal("7.5"), 2)


def test_a_retry_with_the_same_transaction_id_is_done_once(film, subtests):
    for number, (procedure, values) in enumerate(
        [
            ("distributed_addReviews", ["tt0000001", 5, "8.1"]),
            ("distributed_update", changed(primaryTitle="Another")),
            ("distributed_insert", changed(tconst="tt0000002")),
            ("distributed_delete", ["tt0000001"]),
            ("refresh_title_statistics", []),
        ]
    ):
        with subtests.test(procedure):
            run(film, "SET @current_transaction_id = %s", f"order-{number}")
            first = call(film, procedure, *values)
            count = entries(film)
            again = call(film, procedure, *values)
            assert [rows[0][0] for rows in (first, again)] == [f"order-{number}"] * 2
            assert again[0][1] == "This transaction was done before; nothing was written again."
            assert entries(film) == count
            assert run(film, "SELECT @current_transaction_id") == ((f"order-{number}",),)


def test_one_transaction_id_is_not_taken_for_two_writes(film):
    run(film, "SET @current_transaction_id = 'order-1'")
    call(film, "distributed_addReviews", "tt0000001", 1, "8.1")
    assert "another write" in refusal(film, "distributed_delete", "tt0000001")
    assert title(film) is not None


def test_malformed_transaction_ids_are_refused(film):
    for text in ["", "a b", "x" * 65, "a\n", "'; --"]:
        run(film, "SET @current_transaction_id = %s", text)
        assert "@current_transaction_id must be" in refusal(film, "distributed_delete", "tt0000001")


def test_a_generated_transaction_id_is_forgotten(film):
    first = call(film, "distributed_addReviews", "tt0000001", 1, "8.1")[0][0]
    refusal(film, "distributed_delete", "tt0000009")
    second = call(film, "distributed_addReviews", "tt0000001", 1, "8.1")[0][0]
    assert first != second
    assert run(film, "SELECT @current_transaction_id, @@in_transaction") == ((None, 0),)


def test_an_open_transaction_is_neither_committed_nor_rolled_back(film):
    run(film, "BEGIN")
    run(film, "UPDATE title_ft SET primaryTitle = 'mine' WHERE tconst = 'tt0000001'")
    for tconst in ["tt0000001", "tt0000009", "nonsense"]:
        refusal(film, "distributed_delete", tconst)
    assert run(film, "SELECT @@in_transaction") == ((1,),)
    assert title(film)[1] == "mine"
    run(film, "ROLLBACK")
    assert title(film)[1] == "A Film"


def test_sessions_without_autocommit_can_write_and_retry(film):
    run(film, "SET autocommit = 0")
    run(film, "SET @current_transaction_id = 'order-1'")
    for _ in range(2):
        call(film, "distributed_addReviews", "tt0000001", 1, "8.1")
    run(film, "SET @current_transaction_id = NULL")
    call(film, "distributed_update", *GOOD)
    assert run(film, "SELECT @@in_transaction") == ((0,),)


def test_replicas_refuse_writes(cluster, subtests):
    cluster.settle()
    for node in ("node_a", "node_b"):
        here = cluster.connect(node).raw()
        for procedure, values in [
            ("distributed_insert", GOOD),
            ("distributed_update", GOOD),
            ("distributed_delete", ["tt0000001"]),
            ("distributed_addReviews", ["tt0000001", 1, "8.1"]),
            ("refresh_title_statistics", []),
        ]:
            with subtests.test(procedure, node=node):
                number, sentence = error(here, procedure, *values)
                assert number == NOT_WRITABLE
                assert sentence.endswith("Please use Main node for writes.")


def test_the_application_cannot_call_what_is_not_public(film):
    with pytest.raises(MySQLdb.OperationalError, match="denied"):
        run(film, "CALL begin_write('UPDATE', 'title_ft', 'tt0000001', @a, @b)")


@pytest.fixture
def shelf(main) -> MySQLdb.Connection:
    """Five titles; one without a year, one without a rating."""
    for values in [
        ("tt0000001", "100% Pure", 90, "8.1", 10, 1999),
        ("tt0000002", "Snake_Case", 80, "7.0", 500, 1994),
        ("tt0000003", "Back\\slash!", 70, "9.0", 20, 2001),
        ("tt0000004", "Pure Luck", 60, "5.5", 30, None),
        ("tt0000005", "Unseen", None, None, None, 1994),
    ]:
        call(main, "distributed_insert", *values)
    return main


def test_select_sorts_and_puts_missing_values_last(shelf, subtests):
    for column, direction, order in [
        ("startYear", "ASC", "25134"),
        ("startYear", "DESC", "31524"),
        ("weightedRating", "desc", "31245"),
        ("AVERAGERATING", "asc", "42135"),
        ("tconst", "DESC", "54321"),
        ("primaryTitle", "ASC", "13425"),
    ]:
        with subtests.test(column, direction=direction):
            found = call(shelf, "distributed_select", column, direction, 10)
            assert "".join(row[0][-1] for row in found) == order
            assert call(shelf, "distributed_select", column, direction, 2) == found[:2]


def test_select_takes_nothing_but_known_words(shelf, subtests):
    for values in [
        ("startYear; DROP TABLE title_ft", "ASC", 1),
        ("(SELECT 1)", "ASC", 1),
        ("startYear", "ASC; SELECT 1", 1),
        ("startYear", None, 1),
        (None, "ASC", 1),
        ("", "ASC", 1),
        ("startYear", "ASC", "1; SELECT 1"),
        ("startYear", "ASC", 0),
        ("startYear", "ASC", 1001),
        ("startYear", "ASC", None),
    ]:
        with subtests.test(values=values):
            assert "must" in refusal(shelf, "distributed_select", *values)
    assert len(call(shelf, "distributed_select", "tconst", "ASC", 1000)) == 5


def test_aggregation_counts_decades_and_all(shelf):
    found = {row[0]: row[1:] for row in call(shelf, "distributed_aggregation")}
    assert list(found) == ["1990s", "2000s", "unknown", "all"]
    assert [found[period][0] for period in found] == [3, 1, 1, 5]
    titles, rated, votes, mean, mean_vote, _, runtime, first, last = found["all"]
    assert (titles, rated, votes, first, last) == (5, 4, 560, 1994, 2001)
    assert (mean, mean_vote, runtime) == (Decimal("7.40"), Decimal("7.01"), Decimal("75.0"))


def test_aggregation_of_nothing_counts_nothing(main):
    assert call(main, "distributed_aggregation") == ()
