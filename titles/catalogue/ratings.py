"""Arithmetic of ratings: pure, exact, and to the digit what the functions in `sql/titles` compute.

Ratings have one decimal, the mean rating has four, weighted ratings two. Every result is rounded half
up. The sums are done on whole numbers: a quotient that is rounded twice can be off by one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

PERCENTILE = 95
"""The votes threshold m is this percentile of the votes of all rated titles."""


@dataclass(frozen=True)
class Statistics:
    """What the weighted rating needs to know of all titles.

    `mean_rating` is C (four decimals), `votes_threshold` is m (votes); 0 without any rated title.
    """

    mean_rating: Decimal = Decimal("0.0000")
    votes_threshold: int = 0
    titles: int = 0
    rated_titles: int = 0


class Average(NamedTuple):
    """A rating and how many votes it is the average of."""

    rating: Decimal
    votes: int


def weighted_rating(rating: Decimal | None, votes: int | None, statistics: Statistics) -> Decimal | None:
    """Return what IMDb's formula for its top list gives, `v/(v+m)*R + m/(v+m)*C`, with two decimals.

    None without a rating or a number of votes, and where there is nothing to weigh (v + m = 0).
    Source: https://help.imdb.com/article/imdb/track-movies-tv/ratings-faq/G67Y87TFYYP6TWAV
    """
    if rating is None or votes is None or votes + statistics.votes_threshold == 0:
        return None
    total = votes + statistics.votes_threshold
    weighed = votes * _scaled(rating, 4) + statistics.votes_threshold * _scaled(statistics.mean_rating, 4)
    return Decimal(_half_up(weighed, total * 100)).scaleb(-2)


def with_reviews(rating: Decimal | None, votes: int | None, new_votes: int, new_rating: Decimal) -> Average:
    """Return the average after `new_votes` (at least 1) reviews of `new_rating` each.

    Votes of a title without a rating are counted, but weigh nothing. The average has one decimal and
    no memory beyond it: a single review among many votes often does not move it.
    """
    counted = votes or 0
    weight = counted if rating is not None else 0
    tenths = weight * _scaled(rating or Decimal(0), 1) + new_votes * _scaled(new_rating, 1)
    average = Decimal(_half_up(tenths, weight + new_votes)).scaleb(-1)
    return Average(average, counted + new_votes)


def mean_rating(sum_of_tenths: int, rated_titles: int) -> Decimal:
    """Return the mean of all ratings with four decimals; 0 without any."""
    if rated_titles == 0:
        return Decimal("0.0000")
    return Decimal(_half_up(sum_of_tenths * 1000, rated_titles)).scaleb(-4)


def percentile_rank(count: int, percent: int = PERCENTILE) -> int:
    """Return which of `count` values in ascending order, from 1, is the percentile: the nearest rank.

    That is the smallest value that at least `percent` % of the values do not exceed. 0 for no values.
    """
    return -(-percent * count // 100)


def votes_threshold(counted: Iterable[tuple[int, int]]) -> int:
    """Return the percentile of votes, from ascending pairs (votes, titles with so many); 0 for none."""
    pairs = list(counted)
    rank = percentile_rank(sum(titles for _, titles in pairs))
    seen = 0
    for votes, titles in pairs:
        seen += titles
        if titles and seen >= rank:
            return votes
    return 0


def _scaled(value: Decimal, decimals: int) -> int:
    """Return the value in units of its last decimal. It must not have more decimals than that."""
    return int(value.scaleb(decimals))


def _half_up(numerator: int, denominator: int) -> int:
    """Return the quotient of two whole numbers, not negative, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)
