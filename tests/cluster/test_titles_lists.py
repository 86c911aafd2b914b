"""Lists on real nodes: complete, in order, without a double, and in how many queries."""

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from titles.models import Title
from titles.reading import queries
from titles.reading.keyset import ORDERS, decoded
from titles.reading.queries import Wanted

COUNT = 300
WORDS = ("Godfather", "Night", "O'Brien", "the", "of", "Star", "Wars", "Été", "M", "Love")


def some_titles(seed: int = 7) -> list[Title]:
    """Titles with every combination of known and unknown, and with many equal values."""
    chance = random.Random(seed)
    return [
        Title(
            tconst=f"tt{1_000_000 + number}",
            primary_title=" ".join(chance.sample(WORDS, 3)),
            start_year=chance.choice([None, 1990, 1991, 1992, 2000]),
            average_rating=(rating := chance.choice([None, Decimal("7.0"), Decimal("8.5"), Decimal("9.0")])),
            num_votes=None if rating is None else chance.choice([5, 100, 1000]),
            weighted_rating=None if rating is None else chance.choice([Decimal("6.10"), Decimal("8.00")]),
        )
        for number in range(COUNT)
    ]


@pytest.fixture
def stored(cluster) -> list[Title]:
    Title.objects.bulk_create(some_titles())
    return list(Title.objects.all())


def walked(wanted: Wanted, size: int = 17) -> list[str]:
    """Return the keys of all pages."""
    found: list[str] = []
    for _ in range(COUNT):
        page = queries.page(wanted, size)
        found += [title.tconst for title in page.titles]
        if page.cursor is None:
            return found
        wanted = replace(wanted, after=decoded(wanted.order, page.cursor))
    raise AssertionError("the list has no end")


def expected(stored: list[Title], wanted: Wanted) -> list[str]:
    """Return the same, worked out in memory."""
    rows = [
        title
        for title in stored
        if all(bounds.holds(getattr(title, bounds.column)) for bounds in wanted.bounds)
        and not (wanted.order.complete and title.start_year is None)
    ]
    rows.sort(key=lambda title: wanted.order.sort_key(title.__dict__), reverse=wanted.order.descending)
    return [title.tconst for title in rows]


FILTERS = [
    dict(zip(("first_year", "last_year", "min_rating", "min_votes"), values, strict=True))
    for values in itertools.product((None, 1991), (None, 1992), (None, Decimal("8.0")), (None, 100))
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("few", [0, 8_000])
@pytest.mark.parametrize("scan", [11, 20_000])
def test_every_list_is_complete_and_in_order(stored, monkeypatch, order, few, scan):
    monkeypatch.setattr(queries, "FEW", few)
    monkeypatch.setattr(queries, "SCAN", scan)
    for filters in FILTERS:
        wanted = Wanted(order=ORDERS[order], **filters)
        assert walked(wanted) == expected(stored, wanted), filters


@pytest.mark.parametrize("order", ORDERS)
def test_a_search_is_filtered_sorted_and_paged_too(stored, order):
    wanted = Wanted(search="godf night", order=ORDERS[order], min_votes=100)
    fitting = [t for t in stored if {"Godfather", "Night"} <= set(t.primary_title.split())]
    assert walked(wanted, 5) == expected(fitting, wanted)
    assert fitting


def test_an_identifier_is_found_by_its_beginning(stored):
    assert walked(Wanted(search="tt100000"))[:1]
    assert set(walked(Wanted(search="tt1000007"))) == {"tt1000007"}


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("/", 2),
        ("/?order=votes", 2),
        ("/?search=godfather", 2),
        ("/?year=1991", 3),
        ("/?year=1991&rating=8&votes=100", 3),
        ("/titles/tt1000001", 1),
        ("/titles/tt1000001/history", 2),
    ],
)
def test_a_page_takes_few_queries(stored, address, count):
    """On the nodes; who has not signed in costs the control database nothing."""
    client = Client()
    assert client.get(address).status_code == 200
    with counting() as asked:
        assert client.get(address).status_code == 200
    assert asked() == count


@contextmanager
def counting() -> Iterator[Callable[[], int]]:
    """How many queries all databases got in the block."""
    with ExitStack() as stack:
        asked = [stack.enter_context(CaptureQueriesContext(connections[name])) for name in connections]
        yield lambda: sum(len(context.captured_queries) for context in asked)


def test_a_cursor_of_another_list_is_refused(stored):
    page = Client().get("/", {"order": "votes"}).content.decode()
    cursor = page.split("cursor=")[1].split('"')[0].split("&")[0]
    answer = Client().get("/", {"order": "best", "cursor": cursor})
    assert b"belongs to another order" in answer.content
    assert b"This address is not valid" in Client().get("/", {"cursor": "!"}).content


def test_only_the_rows_are_sent_while_somebody_types(stored):
    part = Client().get("/", {"search": "godf"}, HTTP_HX_TARGET="titles").content
    assert part.strip().startswith(b'<div id="titles">')
    assert b"<html" not in part
