"""Whatever is typed or sent, forms and the CSV importer say what is wrong or give values that fit the table."""

import csv
import io
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titles.catalogue import fields, limits
from titles.files import table
from titles.models import Title
from titles.reading.keyset import ORDERS, BadCursor, decoded, encoded
from titles.writing.forms import EditForm, ListForm, ReviewsForm, TitleForm, signed

ANYTHING = st.text(max_size=40) | st.integers(-10, 3_000_000_000).map(str) | st.decimals(places=2).map(str)
NAMES = ("tconst", *fields.EDITABLE)
TYPED = st.fixed_dictionaries({name: ANYTHING for name in NAMES})
TITLES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(str.strip)


@st.composite
def images(draw: Any) -> fields.Image:
    """Return the fields of a title that could be stored."""
    rating = draw(st.none() | st.decimals(0, 10, places=1))
    return {
        "primary_title": draw(TITLES).strip(),
        "start_year": draw(st.none() | st.integers(limits.MIN_YEAR, limits.MAX_YEAR)),
        "runtime_minutes": draw(st.none() | st.integers(limits.MIN_RUNTIME, limits.MAX_RUNTIME)),
        "average_rating": rating,
        "num_votes": draw(st.none() if rating is None else st.integers(0, limits.MAX_VOTES)),
    }


TCONSTS = st.from_regex(limits.TCONST, fullmatch=True)


def fits(tconst: str, image: fields.Image) -> bool:
    """Whether a title is within the bounds that table and procedures have."""
    title = Title(tconst=tconst, **image)
    title.clean_fields()
    return bool(title.primary_title.strip()) and not (title.num_votes and title.average_rating is None)


@given(TYPED)
def test_a_form_refuses_in_words_or_gives_what_fits(typed):
    form = TitleForm(typed)
    if form.is_valid():
        assert fits(form.cleaned_data["tconst"], form.image)
    else:
        assert all(len(error) > 10 for errors in form.errors.values() for error in errors)


@given(TCONSTS, images())
def test_a_form_takes_every_title_that_can_be_stored(tconst, image):
    typed = {name: "" if value is None else str(value) for name, value in image.items()}
    form = TitleForm(typed | {"tconst": tconst})
    assert form.is_valid(), form.errors
    assert form.image == image


@given(images())
def test_what_an_edit_began_from_comes_back_exactly(image):
    typed = {name: "" if value is None else str(value) for name, value in image.items()}
    form = EditForm(typed | {"before": signed(image)})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["before"] == image
    assert fields.version(form.image) == fields.version(image)


@given(images(), images())
def test_an_edit_claims_what_it_changes(before, after):
    claimed = fields.claimed(before, after)
    assert set(fields.differing(before, after)) <= set(claimed)
    assert before | {name: after[name] for name in claimed} == after


@given(st.fixed_dictionaries({"count": ANYTHING, "rating": ANYTHING}))
def test_reviews_are_refused_in_words_or_can_be_given(typed):
    form = ReviewsForm(typed)
    if form.is_valid():
        assert form.cleaned_data["count"] >= 1
        assert Decimal(0) <= form.cleaned_data["rating"] <= Decimal(10)
        assert form.cleaned_data["rating"] == round(form.cleaned_data["rating"], 1)
    else:
        assert all(form.errors.values())


@given(st.dictionaries(st.sampled_from(list(ListForm.base_fields)), ANYTHING))
def test_no_address_of_a_list_breaks_it(typed):
    form = ListForm(typed)
    if form.is_valid():
        assert form.wanted.order in ORDERS.values()


@given(st.sampled_from(list(ORDERS.values())), st.data())
def test_a_cursor_comes_back_exactly(order, data):
    values = {
        "tconst": TCONSTS,
        "weighted_rating": st.none() | st.decimals(0, 10, places=2),
        "num_votes": st.none() | st.integers(0, limits.MAX_VOTES),
        "start_year": st.none() | st.integers(limits.MIN_YEAR, limits.MAX_YEAR),
    }
    position = tuple(data.draw(values[column]) for column in order.columns)
    assert decoded(order, encoded(order, position)) == position


@given(st.sampled_from(list(ORDERS.values())), st.text(max_size=80))
def test_other_cursors_are_refused(order, text):
    with pytest.raises(BadCursor):
        decoded(order, text)


@given(st.text(max_size=300) | st.text("tconst,primaryTitleyR0123456789\n\r\"' ;", max_size=300))
def test_the_importer_reads_or_refuses_any_text(text):
    read = None
    with suppress(table.BadTable):
        read = table.read(text)
    assert read is None or all(fits(row.tconst, row.image) for row in read.rows)


@given(st.lists(st.tuples(TCONSTS, images()), unique_by=lambda title: title[0], max_size=8))
def test_the_importer_reads_what_can_be_stored(titles):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.COLUMNS)
    writer.writerows([tconst, *image.values()] for tconst, image in titles)
    read = table.read(text.getvalue())
    assert (read.bad, [(row.tconst, row.image) for row in read.rows]) == ([], titles)


@given(st.lists(st.lists(ANYTHING, min_size=6, max_size=6), max_size=8))
def test_the_importer_keeps_only_rows_that_fit(lines):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(table.COLUMNS)
    writer.writerows(lines)
    read = table.read(text.getvalue())
    assert len(read.rows) + len(read.bad) <= len(lines)
    assert all(fits(row.tconst, row.image) for row in read.rows)
    assert all(line.reason for line in read.bad)
