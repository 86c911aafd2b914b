"""Writes that happen exactly once."""

from cluster.backend import write_once
from tests.harness.specimens.models import Counter


def test_a_write_is_done_once(cluster):
    done = write_once(lambda: Counter.objects.create(id=1), transaction_id="first")
    assert (done.transaction_id, done.node, done.epoch, done.repeated) == ("first", "main", 1, False)
    again = write_once(lambda: Counter.objects.create(id=2), transaction_id="first")
    assert (again.value, again.repeated, again.epoch) == (None, True, 1)
    assert list(Counter.objects.values_list("id", flat=True)) == [1]


def test_a_write_survives_the_death_of_main(cluster):
    Counter.objects.create(id=1)
    cluster.kill("main")
    done = write_once(lambda: Counter.objects.filter(id=1).update(value=5))
    assert (done.value, done.node, done.epoch) == (1, "node_a", 2)
    assert Counter.objects.get().value == 5
