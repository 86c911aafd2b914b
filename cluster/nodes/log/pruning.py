"""What takes old entries out of one node's log, and says how old they are."""

from cluster.nodes.connection import Connection


def prune(connection: Connection, upto: int) -> int:
    """Archive what is superseded at or below `upto`: see sql/cluster/procedures/log/prune_window.sql."""
    return int(connection.rows("CALL prune_window(%s)", (upto,))[0][0])


def window_end(connection: Connection, after: int, upto: int, limit: int) -> int:
    """Return the log id of the last of the next `limit` entries after `after`, `upto` when there are no more."""
    rows = connection.rows(
        "SELECT log_id FROM transaction_log WHERE log_id > %s AND log_id <= %s"
        " ORDER BY log_id LIMIT 1 OFFSET %s",
        (after, upto, limit - 1),
    )
    return int(rows[0][0]) if rows else upto


def last_older(connection: Connection, seconds: float, low: int, high: int) -> int:
    """Return the last log id in [low, high] of an entry that is older than `seconds`; `low` when none is.

    A binary search by the key: log ids and time run together, but for the moments of a failover, and an entry
    more or less does no harm.
    """
    while low < high:
        middle = (low + high + 1) // 2
        if is_older(connection, seconds, middle, high):
            low = middle
        else:
            high = middle - 1
    return low


def is_older(connection: Connection, seconds: float, first: int, last: int) -> bool:
    """Return whether the first entry in [first, last] is older than that; not where there is none."""
    rows = connection.rows(
        "SELECT `timestamp` < UTC_TIMESTAMP(6) - INTERVAL %s SECOND FROM transaction_log"
        " WHERE log_id BETWEEN %s AND %s ORDER BY log_id LIMIT 1",
        (seconds, first, last),
    )
    return bool(rows) and bool(rows[0][0])
