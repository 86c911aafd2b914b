"""The catalogue's models: what they accept, and the tables and migration they make."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connections
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from titles.catalogue.ratings import Statistics
from titles.models import Title, TitleStatistics

GOOD = {
    "tconst": "tt0111161",
    "primary_title": "The Shawshank Redemption",
    "runtime_minutes": 142,
    "average_rating": Decimal("9.1"),
    "num_votes": 149_494,
    "start_year": 1994,
}


def test_the_columns_are_the_promised_ones():
    assert Title._meta.db_table == "title_ft"
    assert [field.column for field in Title._meta.concrete_fields] == [
        "tconst",
        "primaryTitle",
        "runtimeMinutes",
        "averageRating",
        "numVotes",
        "startYear",
        "weightedRating",
    ]
    assert TitleStatistics._meta.db_table == "title_statistics"


def test_a_good_title_is_accepted():
    Title(**GOOD).clean_fields()


def test_unknown_numbers_are_accepted():
    Title(tconst="tt0111161", primary_title="x").clean_fields()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tconst", "tt123456"),
        ("tconst", "tt12345678901"),
        ("tconst", "TT0111161"),
        ("tconst", "tt0111161\n"),
        ("tconst", "tt" + "\u0661" * 7),
        ("primary_title", ""),
        ("primary_title", None),
        ("primary_title", "x" * 1025),
        ("runtime_minutes", 0),
        ("runtime_minutes", 100_001),
        ("average_rating", Decimal("10.1")),
        ("average_rating", Decimal("-0.1")),
        ("average_rating", Decimal("8.06")),
        ("num_votes", -1),
        ("num_votes", 2_147_483_648),
        ("start_year", 1869),
        ("start_year", 2101),
    ],
)
def test_a_title_out_of_bounds_is_refused(field, value):
    with pytest.raises(ValidationError) as caught:
        Title(**GOOD | {field: value}).clean_fields()
    assert set(caught.value.message_dict) == {field}


@pytest.mark.parametrize("rating", [Decimal("9.1"), "9.1", 9.1], ids=["decimal", "text", "float"])
def test_a_title_is_weighed(rating):
    title = Title(**GOOD | {"average_rating": rating})
    title.weigh(Statistics(Decimal("5.9329"), 2143))
    assert title.weighted_rating == Decimal("9.06")


def test_an_unrated_title_has_no_weight():
    title = Title(tconst="tt0111161", primary_title="x", weighted_rating=Decimal(5))
    title.weigh(Statistics(Decimal("5.9329"), 2143))
    assert title.weighted_rating is None


def test_a_title_is_called_by_name_and_year():
    assert str(Title(**GOOD)) == "The Shawshank Redemption (1994)"
    assert str(Title(primary_title="Untold")) == "Untold"


def test_long_titles_are_indexed_by_their_beginning():
    index = next(index for index in Title._meta.indexes if index.name == "title_ft_title")
    with connections["main"].schema_editor(collect_sql=True) as editor:
        sql = str(index.create_sql(Title, editor))
    assert sql == "CREATE INDEX `title_ft_title` ON `title_ft` (`primaryTitle` (64))"


def test_the_migration_says_what_the_models_say():
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    assert "titles" not in detector.changes(loader.graph)
