"""The apps that are too many for every run: `make apps`. Set up, written with, compared with one database."""

import pytest

from tests.apps.stage import compare, staged

pytestmark = pytest.mark.timeout(1200)


def test_a_shop_and_accounts_are_as_on_one_database(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), staged("tests.apps.wide") as stage:
        assert compare(stage).differences() == {}
        for plain in (False, True):
            stage.manage("play", "oscar", "allauth", plain=plain)
        assert compare(stage).differences() == {}
        stage.cluster.settle(30)
        assert "equal" in stage.manage("verify_consistency")
