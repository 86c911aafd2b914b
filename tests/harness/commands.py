"""What a command said, and rows that are written beside it."""

import json
import time
from subprocess import CompletedProcess
from typing import Any

from cluster.nodes.connection import Connection


def lines(done: CompletedProcess[str]) -> list[str]:
    """Return what a command that ended well said."""
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def facts(done: CompletedProcess[str]) -> dict[str, Any]:
    """Return the JSON that a command that ended well printed, and nothing beside it."""
    (line,) = lines(done)
    result: dict[str, Any] = json.loads(line)
    return result


def reason(done: CompletedProcess[str]) -> str:
    """Why a command refused: end code 1, one plain sentence on stderr, nothing that looks like a program."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    return done.stderr.removeprefix("CommandError: ").strip()


def take_turns(app: Connection, *statements: str) -> None:
    """Run each statement as a transaction of its own: turn-0, turn-1, ..."""
    for number, sql in enumerate(statements):
        app.run("SET @current_transaction_id = %s", (f"turn-{number}",))
        app.run(sql)


def write(cluster, name: str, *records: int) -> None:
    """Acknowledged transactions, one a record."""
    app = cluster.connect(name)
    for record in records:
        transaction = f"{name}-{record}-{time.monotonic_ns()}"
        app.run("SET @current_transaction_id = %s", (transaction,))
        app.run("INSERT INTO test_counter VALUES (%s, 0, '')", (record,))
        app.rows("CALL await_acknowledgement(%s, 20)", (transaction,))
