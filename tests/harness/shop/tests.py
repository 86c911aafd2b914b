"""The shop's own tests, as its developers write them: run by `manage.py test`, which knows one database."""

from contextlib import suppress

from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase

from cluster.backend import write_once
from tests.harness.shop.models import Article, Order


class ArticleTests(TestCase):
    """Each in a transaction that is rolled back."""

    @classmethod
    def setUpTestData(cls) -> None:
        """One article for all."""
        cls.lamp = Article.objects.create(name="lamp", stock=2)

    def test_it_is_there(self) -> None:
        assert Article.objects.get() == self.lamp

    def test_what_another_test_wrote_is_gone(self) -> None:
        Order.objects.create(article=self.lamp, customer="c", quantity=1)
        assert Order.objects.count() == 1
        assert connection.settings_dict["NAME"].startswith("test_")

    def test_hooks_run_where_they_are_captured(self) -> None:
        ran: list[int] = []
        with self.captureOnCommitCallbacks(execute=True):
            transaction.on_commit(lambda: ran.append(1))
        assert ran == [1]

    def test_a_write_is_done_at_once(self) -> None:
        done = write_once(lambda: Article.objects.create(name="desk"))
        assert done.value == Article.objects.get(name="desk")


class CommittedTests(TransactionTestCase):
    """Each with commits, and tables that are emptied afterwards."""

    def test_commits_are_commits(self) -> None:
        assert not Article.objects.exists()
        with suppress(LookupError), transaction.atomic():
            Article.objects.create(name="lamp")
            raise LookupError
        write_once(lambda: Article.objects.create(name="desk"), transaction_id="one")
        assert [one.name for one in Article.objects.all()] == ["desk"]

    def test_a_copy_of_the_connection_ends_nothing(self) -> None:
        copy = connection.copy()
        copy.creation.destroy_test_db(None, verbosity=0, keepdb=True)
        assert connection.settings_dict["NAME"].startswith("test_")
        assert not Article.objects.exists()
        assert connection.is_plain
