"""Models as Django developers write them: what belongs to a replicated model is replicated with it."""

import pytest
from django.db.models.deletion import ProtectedError

from tests.harness.checker import check_equal
from tests.harness.library.models import Classic, Loan, Novel, Reader, Work, Writer
from tests.harness.shop.models import Article, Order


@pytest.fixture(autouse=True)
def equal_in_the_end(cluster):
    """Whatever a test writes is the same on every node."""
    cluster.settle()
    yield
    cluster.settle()
    check_equal(cluster)


def test_many_to_many():
    work = Work.objects.create(title="one")
    writers = [Writer.objects.create(name=name) for name in ("a", "b", "c")]
    work.writers.add(*writers[:2])
    work.writers.set(writers[1:])
    work.writers.remove(writers[1])
    writers[0].taught_by.add(writers[2])
    assert list(work.writers.all()) == [writers[2]]
    assert [len(one.writers.all()) for one in Work.objects.prefetch_related("writers")] == [1]
    assert Work.objects.filter(writers__name="c").exists()
    work.delete()
    assert Writer.objects.count() == 3
    Writer.objects.all().delete()
    assert Writer.taught_by.through.objects.count() == 0


def test_a_through_model():
    work, reader = Work.objects.create(title="one"), Reader.objects.create(name="r")
    work.readers.add(reader, through_defaults={"day": "2026-01-02"})
    assert Loan.objects.get().reader == reader
    reader.delete()
    assert Loan.objects.count() == 0


def test_inheritance_and_a_proxy():
    novel = Novel.objects.create(title="n", pages=3)
    novel.writers.add(Writer.objects.create(name="a"))
    assert Classic.objects.get().title == "n"
    Classic.objects.update(title="m")
    assert Novel.objects.get().title == "m"
    Work.objects.get().delete()
    assert Novel.objects.count() == 0


def test_a_protected_row():
    article = Article.objects.create(name="a")
    Order.objects.create(article=article, customer="c", quantity=1)
    with pytest.raises(ProtectedError):
        article.delete()
    assert Article.objects.count() == 1
