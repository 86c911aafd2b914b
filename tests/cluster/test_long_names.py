"""Tables whose names leave no room for those of their triggers and federated tables."""

from cluster.actions.maintenance.setup import check
from cluster.nodes.schema.install import Status
from cluster.nodes.schema.object_names import LONGEST_NAME, object_name
from cluster.protocol.names import NodeName
from tests.harness.checker import check_equal
from tests.harness.rebuilds import compared
from tests.harness.specimens.models import LongerName, LongName


def test_a_name_that_fits_stays_and_a_longer_one_stays_apart_from_those_like_it():
    assert object_name("title_ft", suffix="_guard_insert") == "title_ft_guard_insert"
    assert object_name("a" * 51, suffix="_guard_insert") == "a" * 51 + "_guard_insert"
    long = {
        object_name("a" * 63 + last, suffix=suffix)
        for last in "bc"
        for suffix in ("_log_insert", "_log_delete")
    }
    assert {len(name) for name in long} == {LONGEST_NAME}
    assert len(long) == 4
    assert all(name.endswith(("_log_insert", "_log_delete")) for name in long)


def test_rows_of_tables_with_long_names_travel(cluster):
    first = LongName.objects.create(word="first")
    second = LongName.objects.create(word="second")
    LongerName.objects.create(word="of the first", first=first)
    LongName.objects.filter(pk=second.pk).update(word="changed")
    second.delete()
    cluster.settle()
    assert list(LongName.objects.using("node_b").values_list("word", flat=True)) == ["first"]
    assert LongerName.objects.using("node_b").get().first == first
    check_equal(cluster)
    assert compared(cluster).equal
    assert [found for found in check(list(NodeName)) if found.status is not Status.INSTALLED] == []
    for peer in (NodeName.NODE_A, NodeName.NODE_B):
        linked = object_name(LongName._meta.db_table, suffix=f"_{peer}")
        assert cluster.connect("main", "cluster").row(f"SELECT COUNT(*) FROM `{linked}`") == (1,)
