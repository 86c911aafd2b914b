"""The database backend: acknowledged commits from ordinary Django, and reads that pay nothing."""

import pytest
from django.db import connections, transaction

from tests.harness.specimens.models import Counter, Shelf


def asked(connection) -> int:
    """Statements that the server has had from this session."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Questions'")
        return int(cursor.fetchone()[1])


@pytest.fixture
def main(cluster):
    cluster.settle()
    yield connections["main"]
    connections["main"].close()


def ids(cluster, table="test_counter"):
    return [
        row[0]
        for row in cluster.connect("node_a").rows(
            "SELECT transaction_id FROM transaction_log WHERE table_name = %s ORDER BY log_id", (table,)
        )
    ]


def test_autocommit(cluster, main):
    Counter.objects.create(id=1)
    assert len(ids(cluster)) == 1
    Counter.objects.filter(id=1).update(value=3)
    assert len(set(ids(cluster))) == 2
    with transaction.atomic(using="main"):
        Counter.objects.create(id=2)
        Counter.objects.create(id=3)
    assert len(set(ids(cluster))) == 3
    assert len(ids(cluster)) == 4
    s = Shelf.objects.create(name="x")
    assert s.pk
    assert Shelf.objects.get(pk=s.pk).name == "x"
