"""What only a failed Main has: how tests leave it there, and where it ends."""

import json

import pytest

from cluster.protocol.errors import NOT_ACKNOWLEDGED
from tests.harness.sql import refusal

pytestmark = pytest.mark.faults

ORPHANS = (
    "SELECT transaction_id, operation_type, table_name, record_id, old_value, new_value, found_on, status"
    " FROM orphaned_transaction ORDER BY epoch, log_id"
)


def leave_orphans(cluster, *statements: str, transaction: str = "orphaned") -> None:
    """Commit on Main what no other node gets to see; its writer hears that the outcome is unknown."""
    cluster.settle()
    cluster.replicator.stop()
    app = cluster.connect("main")
    app.run("SET @current_transaction_id = %s", (transaction,))
    app.run("START TRANSACTION")
    for sql in statements:
        app.run(sql)
    app.commit()
    told = refusal(app, "CALL await_acknowledgement(%s, 0.2)", (transaction,), code=NOT_ACKNOWLEDGED)
    assert told.startswith(f"Transaction {transaction} is committed on Main, but no second node confirmed")
    cluster.kill("main")


def orphans(cluster) -> list[tuple]:
    """Return the orphaned transactions on the primary, their images read."""
    rows = cluster.connect(cluster.primary()).rows(ORPHANS)
    return [(*row[:4], *(image and json.loads(image) for image in row[4:6]), *row[6:]) for row in rows]


def come_back(cluster, operator):
    """Node A acts and is replicated; Main returns and recovers."""
    operator.promote_node_a()
    cluster.replicator.start()
    cluster.start("main")
    return operator.recover("main")
