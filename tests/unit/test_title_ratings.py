"""The arithmetic of ratings, checked against exact fractions."""

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titles.catalogue.ratings import (
    Statistics,
    mean_rating,
    percentile_rank,
    votes_threshold,
    weighted_rating,
    with_reviews,
)

RATINGS = st.integers(0, 100).map(lambda tenths: Decimal(tenths).scaleb(-1))
MEANS = st.integers(0, 100_000).map(lambda units: Decimal(units).scaleb(-4))
VOTES = st.integers(0, 2_147_483_647)


def half_up(exact: Fraction, decimals: int) -> Decimal:
    """Return an exact value rounded half up."""
    return Decimal(math.floor(exact * 10**decimals + Fraction(1, 2))).scaleb(-decimals)


@given(RATINGS, VOTES, MEANS, VOTES)
def test_the_weighted_rating_is_the_formula_rounded_once(rating, votes, mean, threshold):
    found = weighted_rating(rating, votes, Statistics(mean, threshold))
    if votes + threshold == 0:
        assert found is None
        return
    v, m = Fraction(votes), Fraction(threshold)
    exact = v / (v + m) * Fraction(rating) + m / (v + m) * Fraction(mean)
    assert found == half_up(exact, 2)
    assert min(rating, mean) - Decimal("0.01") <= found <= max(rating, mean) + Decimal("0.01")


@pytest.mark.parametrize(
    ("rating", "votes", "threshold", "expected"),
    [
        ("9.1", 149_494, 2143, "9.06"),
        ("9.1", 0, 2143, "5.93"),
        ("9.1", 10, 0, "9.10"),
        (None, 10, 2143, None),
        ("9.1", None, 2143, None),
        ("9.1", 0, 0, None),
    ],
)
def test_weighted_ratings_by_example(rating, votes, threshold, expected):
    statistics = Statistics(Decimal("5.9329"), threshold)
    found = weighted_rating(rating and Decimal(rating), votes, statistics)
    assert str(found) == str(expected)


@given(RATINGS, VOTES, st.integers(1, 1_000_000), RATINGS)
def test_reviews_are_averaged_by_their_number(rating, votes, new_votes, new_rating):
    found = with_reviews(rating, votes, new_votes, new_rating)
    exact = (votes * Fraction(rating) + new_votes * Fraction(new_rating)) / (votes + new_votes)
    assert found == (half_up(exact, 1), votes + new_votes)


def test_the_first_reviews_make_the_rating():
    assert with_reviews(None, None, 3, Decimal("7.5")) == (Decimal("7.5"), 3)


def test_votes_without_a_rating_weigh_nothing():
    assert with_reviews(None, 10, 1, Decimal("7.5")) == (Decimal("7.5"), 11)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [([], 0), ([7], 7), ([1, 2], 2), (list(range(1, 21)), 19), (list(range(1, 101)), 95)],
)
def test_the_threshold_is_the_nearest_rank(votes, expected):
    assert votes_threshold([(each, 1) for each in votes]) == expected


@given(st.lists(st.integers(1, 50), min_size=1))
def test_at_least_95_percent_do_not_exceed_the_threshold(votes):
    threshold = votes_threshold(sorted((each, votes.count(each)) for each in set(votes)))
    assert sum(each <= threshold for each in votes) >= Fraction(95, 100) * len(votes)
    assert sum(each < threshold for each in votes) < Fraction(95, 100) * len(votes)
    assert sorted(votes)[percentile_rank(len(votes)) - 1] == threshold


def test_counts_that_fell_to_zero_are_passed_over():
    assert votes_threshold([(1, 1), (9, 0)]) == 1


@given(st.lists(st.integers(0, 100), min_size=1))
def test_the_mean_rating_is_rounded_once(tenths):
    assert mean_rating(sum(tenths), len(tenths)) == half_up(Fraction(sum(tenths), 10 * len(tenths)), 4)


def test_nothing_rated_has_no_mean():
    assert mean_rating(0, 0) == 0
