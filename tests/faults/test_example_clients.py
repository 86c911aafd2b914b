"""The example clients of an application, each as a process: they fail over, alert, and write once."""

import json
import subprocess
import sys
import time

import pytest
from django.conf import settings

from cluster.protocol.names import NodeName
from tests.harness.console import Console

pytestmark = [pytest.mark.faults]

EXAMPLES = settings.BASE_DIR / "examples"
CLIENTS = {
    "python": [sys.executable, str(EXAMPLES / "client.py")],
    "node": ["node", str(EXAMPLES / "client.js")],
}


def begin(cluster, client: str, tconst: str) -> subprocess.Popen[str]:
    """Return the client at work on one title."""
    return subprocess.Popen(
        [*CLIENTS[client], tconst, "A title"],
        env=cluster.servers.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_fails_over_and_writes_once(cluster, client):
    cluster.settle()
    cluster.replicator.stop(writers_carry=True)
    console = Console(cluster)
    said, _ = begin(cluster, client, "tt9100001").communicate(timeout=20)
    assert json.loads(said)["node"] == "Main"
    cluster.servers.local[NodeName.MAIN].freeze()  # worse than death: it may hold what it was sent
    process = begin(cluster, client, "tt9100002")
    time.sleep(3)
    for _ in range(3):
        console.says("node_a", "CALL check_main_health()")
    said, alerts = process.communicate(timeout=40)
    done = json.loads(said)
    assert done["node"] == "Node A"
    assert "ALERT Main did not take the write" in alerts
    cluster.servers.local[NodeName.MAIN].resume()
    console.says("node_a", "CALL check_main_health()")
    console.says("main", "CALL recover_from_node_a()")
    count = f"SELECT COUNT(*) FROM transaction_log WHERE transaction_id = '{done['transaction_id']}'"
    assert [console.says(node, count) for node in ("main", "node_a")] == ["1", "1"]
    logged = "SELECT COUNT(*) FROM transaction_log WHERE record_id = 'tt9100002'"
    assert [console.says(node, logged) for node in ("main", "node_a")] == ["1", "1"]
