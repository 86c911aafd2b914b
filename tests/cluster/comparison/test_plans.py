"""Every statement of a comparison reads a range of an index."""

from cluster.nodes.repair import comparing, row_snapshots
from cluster.nodes.repair.comparing import LOG_TABLE, Span, log_span
from cluster.nodes.schema.shape import shape
from cluster.protocol.names import NodeName
from cluster.replicated import replicated_models
from tests.harness.comparison import add


def plan(connection, sql: str, params) -> set[tuple[str, str]]:
    """How each table of a statement is read: (access type, index)."""
    return {
        (row[3], row[5])
        for row in connection.rows(f"EXPLAIN {sql}", params)
        if row[2] and not row[2].startswith("<union")
    }


def test_every_statement_is_an_index_range(cluster, main):
    add(main, 300)
    main.many("INSERT INTO test_label VALUES (%s, %s, '')", [("a", n) for n in range(300)])
    root = cluster.connect(NodeName.MAIN, "root")
    root.run("ANALYZE TABLE test_counter, test_label, transaction_log")
    shapes = {model._meta.db_table: shape(model) for model in replicated_models()}
    for table, span in [
        (comparing.comparable(shapes["test_counter"]), Span((20,), (40,))),
        (comparing.comparable(shapes["test_label"]), Span(("a", 20), ("a", 40))),
        (LOG_TABLE, log_span(20, 40)),
    ]:
        condition, params = comparing.within(table, span)
        sql = (
            f"SELECT BIT_XOR({table.digest}) FROM `{table.name}` AS t FORCE INDEX (PRIMARY) WHERE {condition}"
        )
        assert plan(root, sql, params) == {("range", "PRIMARY")}
    sql, params = row_snapshots.images_query(shapes["test_label"], ['["a", "7"]', '["a", "9"]'])
    assert plan(root, sql, params) == {("range", "PRIMARY")}
    sql = row_snapshots.NEWEST.format("%s, %s")
    assert plan(root, sql, ["test_counter", "1", "2"]) == {("range", "transaction_log_record")}
