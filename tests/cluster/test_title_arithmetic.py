"""The functions in sql/titles agree with titles/catalogue/ratings.py to the digit, on a real server."""

from decimal import Decimal

import MySQLdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.title_sql import run
from titles.catalogue.ratings import Statistics, mean_rating, votes_threshold, weighted_rating, with_reviews

RATINGS = st.none() | st.integers(0, 100).map(lambda tenths: Decimal(tenths).scaleb(-1))
MEANS = st.integers(0, 100_000).map(lambda units: Decimal(units).scaleb(-4))
COUNTS = st.integers(0, 2_147_483_647) | st.integers(0, 50)
VOTES = st.none() | COUNTS

one_server = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def server(cluster) -> MySQLdb.Connection:
    """Return the cluster's account on Main, in a session with a setting that spoils decimal division."""
    connection = cluster.connect("main", "cluster").raw()
    run(connection, "SET SESSION div_precision_increment = 0")
    return connection


NEW_RATINGS = st.integers(1, 100).map(lambda tenths: Decimal(tenths) / 10)


@one_server
@given(st.lists(st.tuples(RATINGS, VOTES, MEANS, COUNTS), min_size=1, max_size=40))
def test_weighted_ratings_agree(server, cases):
    sql = "SELECT " + ", ".join(["weighted_rating(%s, %s, %s, %s)"] * len(cases))
    (found,) = run(server, sql, *(value for case in cases for value in case))
    assert found == tuple(weighted_rating(r, v, Statistics(c, m)) for r, v, c, m in cases)


@one_server
@given(
    st.lists(
        st.tuples(RATINGS, VOTES, st.integers(1, 2_147_483_647), NEW_RATINGS),
        min_size=1,
        max_size=40,
    )
)
def test_averages_with_reviews_agree(server, cases):
    sql = "SELECT " + ", ".join(["rating_with_reviews(%s, %s, %s, %s)"] * len(cases))
    (found,) = run(server, sql, *(value for case in cases for value in case))
    assert found == tuple(with_reviews(*case).rating for case in cases)


@settings(one_server, max_examples=10)
@given(st.lists(st.tuples(RATINGS, st.none() | st.integers(0, 30)), max_size=30))
def test_statistics_agree(server, titles):
    run(server, "DELETE FROM title_ft")
    for number, (rating, votes) in enumerate(titles):
        run(
            server,
            "INSERT INTO title_ft (tconst, primaryTitle, averageRating, numVotes) VALUES (%s, 'x', %s, %s)",
            f"tt{number:07}", rating, votes,
        )  # fmt: skip
    run(server, "CALL refresh_title_statistics()")
    rated = [(rating, votes) for rating, votes in titles if rating is not None and votes]
    counts = sorted(votes for _, votes in rated)
    expected = (
        mean_rating(sum(int(rating * 10) for rating, _ in rated), len(rated)),
        votes_threshold((votes, 1) for votes in counts),
        len(titles),
        len(rated),
    )
    sql = "SELECT mean_rating, votes_threshold, titles, rated_titles FROM title_statistics"
    assert run(server, sql) == (expected,)


def test_writes_use_the_refreshed_statistics(server):
    run(server, "CALL distributed_insert('tt0000001', 'x', NULL, '8.0', 100, NULL)")
    run(server, "CALL refresh_title_statistics()")
    run(server, "CALL distributed_insert('tt0000002', 'x', NULL, '4.0', 300, NULL)")
    found = run(server, "SELECT weightedRating FROM title_ft WHERE tconst = 'tt0000002'")
    assert found == ((weighted_rating(Decimal(4), 300, Statistics(Decimal(8), 100)),),)
    assert found == ((Decimal("5.00"),),)


def test_refreshing_without_a_change_writes_nothing(server):
    run(server, "CALL refresh_title_statistics()")
    count = run(server, "SELECT COUNT(*) FROM transaction_log")
    run(server, "CALL refresh_title_statistics()")
    assert run(server, "SELECT COUNT(*) FROM transaction_log") == count
