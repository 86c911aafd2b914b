"""The numbers about all titles: right, kept, and counted anew beside their readers."""

import pytest
from django.test import Client

from tests.harness.waiting import wait_for
from titles.models import Title
from titles.reading import figures


@pytest.fixture(autouse=True)
def counted_anew(cluster):
    figures.forget()
    yield
    figures.forget()


def make(number: int, year: int | None, rating: str | None, votes: int | None) -> None:
    Title.objects.create(
        tconst=f"tt{1_000_000 + number}",
        primary_title="x",
        start_year=year,
        average_rating=rating,
        num_votes=votes,
    )


def test_nothing_is_counted_as_nothing():
    assert figures.figures().years == {}
    page = Client().get("/statistics").content.decode()
    assert "No data yet." in page


def test_titles_are_counted_by_year_rating_and_decade():
    for number, row in enumerate(
        [(1990, "7.0", 10), (1990, "7.0", 30), (1999, None, None), (None, "8.0", 5)]
    ):
        make(number, *row)
    counted = figures.figures()
    assert counted.years == {1990: 2, 1999: 1}
    assert {str(rating): titles for rating, titles in counted.ratings.items()} == {"7.0": 2, "8.0": 1}
    assert (counted.total["titles"], counted.total["rated_titles"], counted.total["votes"]) == (4, 3, 45)
    page = Client().get("/statistics?year=1990").content.decode()
    assert page.count("<rect") == 12
    assert "1990: 2" in page
    assert "Top rated of 1990" in page


def test_old_figures_are_shown_while_new_ones_are_counted(monkeypatch):
    make(1, 1990, None, None)
    assert figures.figures().years == {1990: 1}
    make(2, 1991, None, None)
    assert figures.figures().years == {1990: 1}, "they are kept for a while"
    monkeypatch.setattr(figures, "FRESH", 0.0)
    assert figures.figures().years == {1990: 1}, "nobody waits for the new ones"
    wait_for(lambda: figures.figures().years == {1990: 1, 1991: 1}, 10)
    monkeypatch.undo()
    wait_for(lambda: not figures._counting.locked(), 10)
