"""Moments on pages: one format, with the zone, all of it on hover."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from cluster.templatetags.moments import day, moment

OLD = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [OLD, OLD.isoformat(), OLD.replace(tzinfo=None), OLD.astimezone(timezone(timedelta(hours=8)))]
)
def test_a_moment_is_in_utc_whatever_it_was_given_in(value):
    wanted = (
        '<time datetime="2026-01-02T03:04:05.678900+00:00" title="2026-01-02 03:04:05.678 UTC">'
        "2026-01-02 03:04:05 UTC</time>"
    )
    assert moment(value) == day(value) == wanted


def test_of_today_the_time_is_enough():
    now = datetime.now(UTC)
    assert f">{now:%H:%M:%S} UTC</time>" in moment(now)


def test_no_moment_is_nothing():
    assert moment(None) == day("") == ""
