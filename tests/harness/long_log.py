"""A long log, and how many rows a server touches to read from it."""

from contextlib import contextmanager

ENTRIES = 100_000
FILL = (
    "INSERT INTO transaction_log (epoch, transaction_id, log_sequence, log_type, operation_type, table_name,"
    " record_id, old_value, new_value, source_node, timestamp)"
    " SELECT 1, CONCAT('filler-', seq DIV 10), 1, 'ROW', 'DELETE', 'test_counter', seq % 500,"
    ' CONCAT(\'{"id": \', seq % 500, \', "value": 1, "writer": ""}\'), NULL,'
    f" 'MAIN', UTC_TIMESTAMP(6) FROM seq_1_to_{ENTRIES}"
)


def reads(connection) -> int:
    """Return the rows that the session has touched so far."""
    return sum(int(value) for _, value in connection.rows("SHOW SESSION STATUS LIKE 'Handler_read%'"))


@contextmanager
def reading_at_most(connection, rows: int):
    """Fails when the server touches more rows in the block."""
    before = reads(connection)
    yield
    assert reads(connection) - before <= rows
