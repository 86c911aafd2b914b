"""The sessions of docs/sql_console.md, statement by statement, with the plain client and no process of ours."""

import re
import time

import pytest
from django.conf import settings

from cluster.protocol.names import NodeName
from tests.harness.console import Console

NODES = {name.label: name for name in NodeName}
STEP = re.compile(r"```sql\n-- on ([\w ]+)\n(.*?)```|^> (.*?)$", re.S | re.M)

pytestmark = [pytest.mark.faults]


def steps():
    """Each block with its node, statements and answers; each event between them."""
    text = (settings.BASE_DIR / "docs" / "sql_console.md").read_text()
    for label, block, event in STEP.findall(text):
        lines = block.splitlines()
        answers = [line[3:] for line in lines if line.startswith("-- ")]
        yield label, "\n".join(line for line in lines if not line.startswith("-- ")), answers, event


def happen(cluster, event: str) -> None:
    """Bring about what the page says."""
    if found := re.fullmatch(r"(\d+) seconds pass\.", event):
        time.sleep(int(found[1]))
        return
    label, verb = re.fullmatch(r"(.+) is (killed|started)\.", event).groups()
    node = cluster.servers.local[NODES[label]]
    node.kill() if verb == "killed" else node.start()


def test_the_documented_sessions(cluster):
    cluster.replicator.stop(writers_carry=True)
    console = Console(cluster)
    cases = list(steps())
    assert len(cases) > 10
    for label, statements, answers, event in cases:
        if event:
            happen(cluster, event)
            continue
        said = console.says(NODES[label], statements)
        for answer in answers:
            assert answer in said, (label, statements, said)
            said = said.partition(answer)[2]
    rows = {name: console.says(name, "SELECT * FROM title_ft ORDER BY tconst") for name in NodeName}
    assert len(rows["main"].splitlines()) == 4
    assert len(set(rows.values())) == 1
    logs = {
        name: console.says(
            name, "SELECT log_id, epoch, record_id, old_value, new_value FROM transaction_log ORDER BY 1"
        )
        for name in NodeName
    }
    assert len(set(logs.values())) == 1
