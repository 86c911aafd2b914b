"""A client that writes to Main, fails over to Node A, alerts, and never writes twice.

    python examples/client.py tt9100001 'A title'

Reads MAIN_DATABASE_URL and NODE_A_DATABASE_URL (mysql://user:password@host:port/database). Prints one line of JSON;
ends with 0 once the write is done, else with 1.
"""

import json
import os
import sys
import time
import uuid
from urllib.parse import unquote, urlsplit

import MySQLdb

PATIENCE = 30.0
"""Seconds until the write is given up; a failover takes a few."""
NODES = {"Main": "MAIN_DATABASE_URL", "Node A": "NODE_A_DATABASE_URL"}
NOT_WRITABLE, NOT_ACKNOWLEDGED, INVALID = 45001, 45003, 45004


def connect(url: str) -> MySQLdb.Connection:
    """Open a connection whose every wait ends."""
    place = urlsplit(url)
    return MySQLdb.connect(
        host=place.hostname,
        port=place.port or 3306,
        user=unquote(place.username or ""),
        passwd=unquote(place.password or ""),
        db=place.path.lstrip("/"),
        charset="utf8mb4",
        connect_timeout=2,
        read_timeout=5,
        write_timeout=5,
    )


def alert(node: str, reason: str) -> None:
    """Tell somebody; here the standard error."""
    sys.stderr.write(f"ALERT {node} did not take the write: {reason}\n")


def insert(url: str, transaction_id: str, tconst: str, title: str) -> str:
    """One attempt. The id is the same in each: a node that has the write already says so and writes nothing."""
    connection = connect(url)
    try:
        cursor = connection.cursor()
        cursor.execute("SET @current_transaction_id = %s", (transaction_id,))
        cursor.execute("CALL distributed_insert(%s, %s, NULL, NULL, NULL, NULL)", (tconst, title))
        return str(cursor.fetchone()[1])
    finally:
        connection.close()


def write(tconst: str, title: str) -> dict[str, str]:
    """Try Main, then Node A, again and again until one has done it. Raises TimeoutError, ValueError."""
    transaction_id = str(uuid.uuid4())
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for node, variable in NODES.items():
            try:
                message = insert(os.environ[variable], transaction_id, tconst, title)
            except MySQLdb.Error as error:
                if error.args[0] == INVALID:
                    raise ValueError(error.args[1]) from error
                alert(node, str(error.args[-1]))
            else:
                return {"node": node, "transaction_id": transaction_id, "message": message}
        time.sleep(0.5)
    raise TimeoutError(
        f"Transaction {transaction_id}: the outcome is unknown. Look it up before you write again."
    )


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(write(sys.argv[1], sys.argv[2])) + "\n")
    except (TimeoutError, ValueError) as problem:
        sys.exit(str(problem))
