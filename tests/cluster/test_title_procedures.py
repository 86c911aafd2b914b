"""The public procedures of the catalogue, called as any SQL client would."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from typing import Any

import MySQLdb
import pytest

INVALID = 45004
Rows = tuple[tuple[Any, ...], ...]
Call = Callable[..., Rows]

GOOD: tuple[Any, ...] = ("tt0000001", "A Film", 90, "8.1", 10, 1999)


def run(connection: MySQLdb.Connection, sql: str, *values: Any) -> Rows:
    """Run one statement; the rows of its only result set."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else ()


def call(connection: MySQLdb.Connection, procedure: str, *values: Any) -> Rows:
    marks = ", ".join(["%s"] * len(values))
    return run(connection, f"CALL {procedure}({marks})", *values)


def refusal(connection: MySQLdb.Connection, procedure: str, *values: Any) -> str:
    """The sentence with which a call is refused as invalid."""
    with pytest.raises(MySQLdb.OperationalError) as caught:
        call(connection, procedure, *values)
    number, sentence = caught.value.args
    assert number == INVALID
    return str(sentence)


def entries(connection: MySQLdb.Connection) -> int:
    return int(run(connection, "SELECT COUNT(*) FROM transaction_log WHERE log_type = 'ROW'")[0][0])


def title(connection: MySQLdb.Connection, tconst: str = "tt0000001") -> tuple[Any, ...] | None:
    rows = run(connection, "SELECT * FROM title_ft WHERE tconst = %s", tconst)
    return rows[0] if rows else None


@pytest.fixture
def main(cluster) -> Iterator[MySQLdb.Connection]:
    with closing(cluster.connect("main")) as connection:
        yield connection


@pytest.fixture
def film(main) -> MySQLdb.Connection:
    """A connection to Main, which has one title."""
    call(main, "distributed_insert", *GOOD)
    return main


def changed(**values: Any) -> Sequence[Any]:
    """The arguments of a good title with some of them changed."""
    names = ("tconst", "primaryTitle", "runtimeMinutes", "averageRating", "numVotes", "startYear")
    return [values.get(name, given) for name, given in zip(names, GOOD, strict=True)]


def test_insert_stores_the_title_and_names_its_transaction(main):
    ((transaction_id, message),) = call(main, "distributed_insert", *GOOD)
    assert message == "Title tt0000001 is stored."
    assert title(main) == ("tt0000001", "A Film", 90, Decimal("8.1"), 10, 1999, Decimal("8.10"))
    found = run(
        main,
        "SELECT operation_type, record_id FROM transaction_log WHERE transaction_id = %s",
        transaction_id,
    )
    assert found == (("INSERT", "tt0000001"),)


def test_insert_update_and_delete_reach_every_node(cluster, film, eventually):
    call(film, "distributed_update", *changed(primaryTitle="Caf\u00e9 \U0001f3ac", startYear=None))
    call(film, "distributed_insert", *changed(tconst="tt0000002"))
    call(film, "distributed_delete", "tt0000002")
    expected = ("tt0000001", "Caf\u00e9 \U0001f3ac", 90, Decimal("8.1"), 10, None, Decimal("8.10"))
    for node in ("main", "node_a", "node_b"):
        with closing(cluster.connect(node)) as connection:
            eventually(lambda here=connection: (title(here), title(here, "tt0000002")) == (expected, None))


def test_numbers_may_come_in_any_type_that_holds_them(main):
    call(main, "distributed_insert", "tt0000001", "x", "90", 8.1, Decimal("10.0"), 1999.0)
    assert title(main) == ("tt0000001", "x", 90, Decimal("8.1"), 10, 1999, Decimal("8.10"))


def test_everything_but_identifier_and_title_may_be_unknown(main):
    call(main, "distributed_insert", "tt0000001", "x", None, None, None, None)
    assert title(main) == ("tt0000001", "x", None, None, None, None, None)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("tconst", None, "not NULL"),
        ("tconst", "", "tt and 7 to 10 digits"),
        ("tconst", "tt123456", "not 'tt123456'."),
        ("tconst", "tt12345678901", "tt and 7 to 10 digits"),
        ("tconst", "TT0000001", "not 'TT0000001'."),
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
        ("runtimeMinutes", "1.5", "whole number"),
        ("runtimeMinutes", "ninety", "not 'ninety'"),
        ("averageRating", "11.04", "not '11.04'"),
        ("averageRating", "10.1", "from 0.0 to 10.0"),
        ("averageRating", "-0.1", "from 0.0 to 10.0"),
        ("averageRating", "8.06", "at most one decimal, not '8.06'"),
        ("averageRating", Decimal("9.99"), "at most one decimal"),
        ("averageRating", "8,1", "not '8,1'"),
        ("averageRating", None, "numVotes is 10, so averageRating must not be NULL"),
        ("numVotes", -1, "not '-1'"),
        ("numVotes", 2_147_483_648, "from 0 to 2147483647"),
        ("numVotes", 1e40, "not '1e40'"),
        ("numVotes", "10\n", "whole number"),
        ("startYear", 1869, "from 1870 to 2100"),
        ("startYear", 2101, "from 1870 to 2100"),
        ("startYear", "MCM", "not 'MCM'"),
    ],
)
@pytest.mark.parametrize("sql_mode", ["STRICT_ALL_TABLES", ""], ids=["strict", "lenient"])
def test_bad_arguments_are_refused_and_leave_nothing(film, name, value, sentence, sql_mode):
    run(film, "SET sql_mode = %s", sql_mode)
    before = entries(film), title(film)
    values = changed(**{"tconst": "tt0000002", name: value})
    assert sentence in refusal(film, "distributed_insert", *values)
    assert sentence in refusal(film, "distributed_update", *changed(**{name: value}))
    assert (entries(film), title(film)) == before
    assert run(film, "SELECT COUNT(*) FROM title_ft") == ((1,),)


@pytest.mark.parametrize(
    "values",
    [
        changed(runtimeMinutes=1, averageRating="0.0", numVotes=0, startYear=1870),
        changed(runtimeMinutes=100_000, averageRating="10.0", numVotes=2_147_483_647, startYear=2100),
        changed(primaryTitle="\U0001f3ac" * 1024),
        changed(primaryTitle=" x "),
    ],
    ids=["least", "most", "longest", "blanks"],
)
def test_the_bounds_themselves_are_accepted(main, values):
    call(main, "distributed_insert", *values)
    assert list(map(str, title(main)[:6])) == list(map(str, values))


def test_an_existing_title_is_not_inserted_again(film):
    before = entries(film), title(film)
    sentence = refusal(film, "distributed_insert", *changed(primaryTitle="Another"))
    assert sentence == "Title tt0000001 exists already. Change it with distributed_update."
    assert (entries(film), title(film)) == before


@pytest.mark.parametrize(
    ("procedure", "values"),
    [
        ("distributed_update", changed(tconst="tt0000009")),
        ("distributed_delete", ["tt0000009"]),
        ("distributed_addReviews", ["tt0000009", 1, "8.0"]),
    ],
    ids=["update", "delete", "reviews"],
)
def test_an_unknown_title_is_said_to_be_unknown(film, procedure, values):
    before = entries(film)
    assert refusal(film, procedure, *values).startswith("No such title: tt0000009.")
    assert entries(film) == before


def test_an_update_that_changes_nothing_is_done(film):
    call(film, "distributed_update", *GOOD)
    assert title(film)[:2] == ("tt0000001", "A Film")


@pytest.mark.parametrize(
    ("reviews", "rating", "sentence"),
    [
        (0, "8.0", "from 1 to 2147483647"),
        (-1, "8.0", "not '-1'"),
        (None, "8.0", "num_new_reviews must not be NULL"),
        ("1.5", "8.0", "whole number"),
        (1, None, "new_rating must not be NULL"),
        (1, "10.1", "from 0.0 to 10.0"),
        (1, "8.06", "at most one decimal"),
        (2_147_483_647, "8.0", "it would pass 2147483647"),
    ],
)
def test_bad_reviews_are_refused_and_leave_nothing(film, reviews, rating, sentence):
    before = entries(film), title(film)
    assert sentence in refusal(film, "distributed_addReviews", "tt0000001", reviews, rating)
    assert (entries(film), title(film)) == before


def test_reviews_change_votes_rating_and_weight(film):
    ((_, message),) = call(film, "distributed_addReviews", "tt0000001", 30, "4.1")
    assert message == "30 reviews are added to title tt0000001."
    assert title(film)[3:5] == (Decimal("5.1"), 40)
    assert title(film)[6] == Decimal("5.10")


def test_the_first_reviews_of_a_title_make_its_rating(main):
    call(main, "distributed_insert", "tt0000001", "x", None, None, None, None)
    call(main, "distributed_addReviews", "tt0000001", 2, "7.5")
    assert title(main)[3:5] == (Decimal("7.5"), 2)


def test_a_retry_with_the_same_transaction_id_is_done_once(film):
    run(film, "SET @current_transaction_id = 'order-1'")
    first = call(film, "distributed_addReviews", "tt0000001", 5, "8.1")
    again = call(film, "distributed_addReviews", "tt0000001", 5, "8.1")
    assert [rows[0][0] for rows in (first, again)] == ["order-1", "order-1"]
    assert again[0][1] == "This transaction was done before; nothing was written again."
    assert title(film)[4] == 15
    assert run(film, "SELECT @current_transaction_id") == (("order-1",),)


@pytest.mark.parametrize("procedure", ["distributed_insert", "distributed_delete"])
def test_inserts_and_deletes_can_be_retried_too(film, procedure):
    run(film, "SET @current_transaction_id = 'order-2'")
    values = ["tt0000001"] if procedure == "distributed_delete" else changed(tconst="tt0000002")
    call(film, procedure, *values)
    count = entries(film)
    call(film, procedure, *values)
    assert entries(film) == count


def test_one_transaction_id_is_not_taken_for_two_writes(film):
    run(film, "SET @current_transaction_id = 'order-3'")
    call(film, "distributed_addReviews", "tt0000001", 1, "8.1")
    assert "another write" in refusal(film, "distributed_delete", "tt0000001")
    assert title(film) is not None


def test_a_malformed_transaction_id_is_refused(film):
    run(film, "SET @current_transaction_id = 'a b'")
    assert "@current_transaction_id must be" in refusal(film, "distributed_delete", "tt0000001")


def test_a_generated_transaction_id_is_forgotten(film):
    first = call(film, "distributed_addReviews", "tt0000001", 1, "8.1")[0][0]
    refusal(film, "distributed_delete", "tt0000009")
    second = call(film, "distributed_addReviews", "tt0000001", 1, "8.1")[0][0]
    assert first != second
    assert run(film, "SELECT @current_transaction_id, @@in_transaction") == ((None, 0),)


@pytest.mark.parametrize("tconst", ["tt0000001", "tt0000009", "nonsense"])
def test_an_open_transaction_is_neither_committed_nor_rolled_back(film, tconst):
    run(film, "BEGIN")
    run(film, "UPDATE title_ft SET primaryTitle = 'mine' WHERE tconst = 'tt0000001'")
    refusal(film, "distributed_delete", tconst)
    assert run(film, "SELECT @@in_transaction") == ((1,),)
    assert title(film)[1] == "mine"
    run(film, "ROLLBACK")
    assert title(film)[1] == "A Film"


def test_sessions_without_autocommit_can_write_and_retry(film):
    run(film, "SET autocommit = 0")
    run(film, "SET @current_transaction_id = 'order-4'")
    for _ in range(2):
        call(film, "distributed_addReviews", "tt0000001", 1, "8.1")
    run(film, "SET @current_transaction_id = NULL")
    call(film, "distributed_update", *GOOD)
    assert run(film, "SELECT @@in_transaction") == ((0,),)


@pytest.mark.parametrize("node", ["node_a", "node_b"])
@pytest.mark.parametrize(
    ("procedure", "values"),
    [
        ("distributed_insert", GOOD),
        ("distributed_update", GOOD),
        ("distributed_delete", ["tt0000001"]),
        ("distributed_addReviews", ["tt0000001", 1, "8.1"]),
        ("refresh_title_statistics", []),
    ],
    ids=["insert", "update", "delete", "reviews", "statistics"],
)
def test_replicas_refuse_writes(cluster, node, procedure, values):
    with closing(cluster.connect(node)) as connection:
        with pytest.raises(MySQLdb.OperationalError, match="Please use Main node for writes") as caught:
            call(connection, procedure, *values)
    assert caught.value.args[0] == 45001


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


@pytest.mark.parametrize(
    ("column", "direction", "order"),
    [
        ("startYear", "ASC", "25134"),
        ("startYear", "DESC", "31524"),
        ("weightedRating", "desc", "31245"),
        ("AVERAGERATING", "asc", "42135"),
        ("tconst", "DESC", "54321"),
        ("primaryTitle", "ASC", "13425"),
    ],
)
def test_select_sorts_and_puts_missing_values_last(shelf, column, direction, order):
    found = call(shelf, "distributed_select", column, direction, 10)
    assert "".join(row[0][-1] for row in found) == order
    assert call(shelf, "distributed_select", column, direction, 2) == found[:2]


@pytest.mark.parametrize(
    "values",
    [
        ("startYear; DROP TABLE title_ft", "ASC", 1),
        ("startYear", "ASC; SELECT 1", 1),
        ("startYear", None, 1),
        (None, "ASC", 1),
        ("", "ASC", 1),
        ("startYear", "ASC", "1; SELECT 1"),
        ("startYear", "ASC", 0),
        ("startYear", "ASC", 1001),
        ("startYear", "ASC", None),
    ],
)
def test_select_takes_nothing_but_known_words(shelf, values):
    assert "must" in refusal(shelf, "distributed_select", *values)
    assert len(call(shelf, "distributed_select", "tconst", "ASC", 1000)) == 5


@pytest.mark.parametrize(
    ("term", "order"),
    [("pure", "41"), ("%", "1"), ("_", "2"), ("\\", "3"), ("!", "3"), ("'; --", ""), ("e", "2541")],
)
def test_search_finds_the_term_itself(shelf, term, order):
    found = call(shelf, "distributed_search", term, 10)
    assert sorted(row[0][-1] for row in found) == sorted(order)


def test_search_shows_the_most_voted_first(shelf):
    assert [row[0] for row in call(shelf, "distributed_search", "pure", 1)] == ["tt0000004"]


@pytest.mark.parametrize("term", ["", None, "x" * 1025], ids=["empty", "null", "overlong"])
def test_search_wants_a_term(shelf, term):
    assert "term must have 1 to 1024 characters" in refusal(shelf, "distributed_search", term, 10)


def test_aggregation_counts_decades_and_all(shelf):
    found = {row[0]: row[1:] for row in call(shelf, "distributed_aggregation")}
    assert list(found) == ["1990s", "2000s", "unknown", "all"]
    assert [found[period][0] for period in found] == [3, 1, 1, 5]
    titles, rated, votes, mean, mean_vote, _, runtime, first, last = found["all"]
    assert (titles, rated, votes, first, last) == (5, 4, 560, 1994, 2001)
    assert (mean, mean_vote, runtime) == (Decimal("7.40"), Decimal("7.01"), Decimal("75.0"))


def test_aggregation_of_nothing(main):
    assert [row[0] for row in call(main, "distributed_aggregation")] in ([], ["all"])


def test_the_application_cannot_call_what_is_not_public(film):
    with pytest.raises(MySQLdb.OperationalError, match="denied"):
        call(film, "begin_write", "UPDATE", "title_ft", "tt0000001")
