"""What is read from a server: its state, its log in windows, its open transactions."""

import json
import time
from collections.abc import Sequence
from typing import NamedTuple

from cluster.nodes.connection import Connection
from cluster.nodes.node_state import STATEMENT
from cluster.protocol.entries import EntryId
from cluster.protocol.errors import NodeFailed
from cluster.protocol.names import Mode, NodeName, Solo
from cluster.protocol.policy import UNDECIDED, Automation
from cluster.protocol.view import Lease, NodeState, Watermark

SEARCHED_ENTRIES = 200
"""Entries in which the newest transactions are searched."""
TRX_CACHE_SECONDS = 0.11
"""INNODB_TRX answers from a cache that is renewed when nobody has read it for 0.1 s."""


def state(connection: Connection) -> NodeState:
    """Return the node's account of itself, in one round trip. Raises NodeFailed, also for a node that is not set up."""
    found = connection.row(STATEMENT)
    config_json, promotion, lease, newest, orphaned, quarantined, in_sync, clock, entries, consent, solo = (
        found
    )
    if config_json is None:
        raise NodeFailed(connection.node, f"it has no configuration; run setup_nodes {connection.node}")
    config = json.loads(config_json)
    led, primary, failover_at = json.loads(promotion) if promotion else (0, None, None)
    lease_epoch, lease_seconds = json.loads(lease) if lease else (0, 0.0)
    last_log_id, last_at, _ = json.loads(newest) if newest else (0, None, None)
    watermark = Watermark(int(config["commit_watermark"]), int(config["commit_watermark_entries"]))
    return NodeState(
        name=connection.node,
        mode=Mode(config["node_mode"]),
        promised=int(config["epoch"]),
        led=led,
        primary=NodeName(primary) if primary else None,
        lease=Lease(lease_epoch, float(lease_seconds)) if lease else None,
        consent_epoch=int(config["consent_epoch"]),
        consent_seconds=float(consent),
        watermark=watermark,
        last_log_id=last_log_id,
        entries=int(entries),
        last_entry_at=float(last_at) if last_at is not None else None,
        clock=float(clock),
        replayed=int(config["replayed_transactions"]),
        orphaned=orphaned,
        quarantined=quarantined,
        defect=config.get("defect", ""),
        last_main_contact=config.get("last_main_contact") or None,
        failover_at=float(failover_at) if failover_at else None,
        automation=automation(config.get("automation")),
        pruned=int(config.get("pruned_log_id", 0)),
        pruned_entries=int(config.get("pruned_entries", 0)),
        solo=Solo(solo),
        rounds={name: int(config.get(f"round_{name}", 0)) for name in NodeName},
        in_sync=bool(in_sync),
    )


def automation(stored: str | None) -> Automation:
    """Return the operators' decision as a node keeps it; a new node, or one of an older version, knows of none."""
    return Automation(**json.loads(stored)) if stored else UNDECIDED


def log_ids(connection: Connection, after: int, upto: int | None, limit: int | None) -> list[EntryId]:
    """Return identities with after < log_id <= upto, by log id."""
    sql, params = "SELECT epoch, log_id FROM transaction_log WHERE log_id > %s", [after]
    if upto is not None:
        sql, params = sql + " AND log_id <= %s", [*params, upto]
    sql += " ORDER BY log_id, epoch"
    if limit is not None:
        sql, params = sql + " LIMIT %s", [*params, limit]
    return [EntryId(epoch, log_id) for epoch, log_id in connection.rows(sql, params)]


def promotion_watermark(connection: Connection, after_epoch: int) -> int | None:
    """Return the lowest watermark that a PROMOTION of an epoch above `after_epoch` names."""
    watermark = connection.row(
        "SELECT MIN(CAST(JSON_VALUE(new_value, '$.watermark') AS UNSIGNED)) FROM transaction_log"
        " WHERE table_name = '' AND record_id = 'PROMOTION' AND epoch > %s",
        (after_epoch,),
    )[0]
    return None if watermark is None else int(watermark)


def writing_transactions(connection: Connection) -> frozenset[int]:
    """Return ids of the transactions that have begun to write on this server and have not ended.

    The server answers from a cache. So this writes first, in a transaction of its own: an answer that shows
    that very transaction, and not only an earlier one of this session, was made after that moment. Raises
    NodeFailed when no such answer comes within a second.
    """
    deadline = time.monotonic() + 1.0
    probes: set[int] = connection.known("late_commit_probes", lambda *_: set())
    with connection.rolled_back_on_error():
        connection.run("START TRANSACTION")
        connection.run(
            "UPDATE node_config SET last_updated = SYSDATE(6) WHERE config_key = 'late_commit_probe'"
        )
        own = connection.row("SELECT CONNECTION_ID()")[0]
        while True:
            rows = connection.rows("SELECT trx_id, trx_mysql_thread_id FROM information_schema.INNODB_TRX")
            if fresh := {int(trx) for trx, thread in rows if thread == own} - probes:
                break
            if time.monotonic() > deadline:
                raise NodeFailed(connection.node, "its list of open transactions stays old")
            time.sleep(TRX_CACHE_SECONDS)
        connection.run("ROLLBACK")
    probes.clear()
    probes.update(fresh)
    return frozenset(int(trx) for trx, thread in rows if thread != own)


def count_upto(connection: Connection, log_id: int) -> int:
    """Return how many entries the log has ever had up to a log id, those that were archived among them."""
    (entries,) = connection.row(
        "SELECT (SELECT COUNT(*) FROM transaction_log WHERE log_id <= %s) + COALESCE("
        "(SELECT config_value FROM node_config WHERE config_key = 'pruned_entries'), 0)",
        (log_id,),
    )
    return int(entries)


def has_entries(connection: Connection, table: str) -> bool:
    """Return whether the log has an entry of a table."""
    return bool(connection.rows("SELECT 1 FROM transaction_log WHERE table_name = %s LIMIT 1", (table,)))


def has_rows(connection: Connection) -> bool:
    """Return whether the log has an entry of any table."""
    return bool(connection.rows("SELECT 1 FROM transaction_log WHERE log_type = 'ROW' LIMIT 1"))


def raise_watermark(connection: Connection, log_id: int) -> None:
    """Raise the commit watermark to `log_id` and count what it newly covers: a range of the primary key.

    Compare-and-set on the watermark that was counted from: who comes second changes nothing.
    """
    known, entries = connection.row(
        "SELECT MAX(IF(config_key = 'commit_watermark', config_value, NULL)),"
        " MAX(IF(config_key = 'commit_watermark_entries', config_value, NULL)) FROM node_config"
        " WHERE config_key IN ('commit_watermark', 'commit_watermark_entries')"
    )
    if log_id <= int(known):
        return
    (more,) = connection.row(
        "SELECT COUNT(*) FROM transaction_log WHERE log_id > %s AND log_id <= %s", (known, log_id)
    )
    connection.run(
        "UPDATE node_config AS watermark JOIN node_config AS counted"
        " SET watermark.config_value = %s, counted.config_value = %s"
        " WHERE watermark.config_key = 'commit_watermark' AND counted.config_key = 'commit_watermark_entries'"
        " AND watermark.config_value = %s",
        (log_id, int(entries) + more, known),
    )


class Recent(NamedTuple):
    """A transaction of the log in short: its last entry, and how many rows it changed. at: UTC, as text."""

    transaction_id: str
    log_id: int
    epoch: int
    source: str
    operation: str
    table: str
    record: str
    rows: int
    at: str


def recent(connection: Connection, number: int) -> list[Recent]:
    """Return the newest transactions, newest first; the end of the primary key's index."""
    rows = connection.rows(
        "SELECT transaction_id, log_id, epoch, source_node, operation_type, table_name, record_id, 1,"
        " CAST(`timestamp` AS CHAR) FROM transaction_log ORDER BY log_id DESC LIMIT %s",
        (SEARCHED_ENTRIES,),
    )
    found: dict[str, Recent] = {}
    for one in map(Recent._make, rows):
        known = found.get(one.transaction_id)
        if known is not None:
            found[one.transaction_id] = known._replace(rows=known.rows + 1)
        elif len(found) < number:
            found[one.transaction_id] = one
    return list(found.values())


def server_settings(connection: Connection, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the server's own values of these variables, by name; those that it does not know are left out."""
    marks = ", ".join(["%s"] * len(names))
    rows = connection.rows(
        "SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES"
        f" WHERE VARIABLE_NAME IN ({marks}) ORDER BY 1",
        names,
    )
    return [(str(name), str(value)) for name, value in rows]
