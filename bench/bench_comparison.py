"""Measure the comparison in the background on the sample of titles: python bench/bench_comparison.py [SECONDS].

First one full pass, as fast as it goes: rows a second, and the CPU time of each server and of the process that
compares. Then SECONDS at the pace that it has in life: its share of a core on each server. What the servers use anyway,
for the replicator, is measured before and taken off.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402

from cluster.actions.verification import background  # noqa: E402
from cluster.actions.verification.proof import proof  # noqa: E402
from cluster.models import Comparison  # noqa: E402
from cluster.protocol.names import NodeName  # noqa: E402
from tests.harness.cluster import Cluster  # noqa: E402
from tests.harness.control import control_database  # noqa: E402
from tests.harness.servers import ScratchServers  # noqa: E402

SAMPLE = Path(settings.BASE_DIR) / "titles" / "sample"
IDLE_SECONDS = 15.0
TICKS = os.sysconf("SC_CLK_TCK")
GOAL = 1.0
"""Percent of a core."""

Seconds = dict[str, float]


def used(servers: ScratchServers) -> Seconds:
    """CPU seconds that each server and this process have used so far."""
    found = {name.label: of_process(node.pid) for name, node in servers.local.items()}
    return found | {"the comparing process": time.process_time()}


def of_process(pid: int | None) -> float:
    """CPU seconds of another process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measured(servers: ScratchServers, work: Callable[[], None], idle: Seconds) -> tuple[float, Seconds]:
    """How long work took, and what it used beyond `idle` (CPU seconds a second)."""
    before, began = used(servers), time.monotonic()
    work()
    took, after = time.monotonic() - began, used(servers)
    return took, {name: after[name] - before[name] - idle.get(name, 0.0) * took for name in after}


def one_pass(cluster: Cluster) -> None:
    """Every row and entry, one step after the other."""
    began = Comparison.objects.get().began_at
    while Comparison.objects.get().began_at == began:
        background.step(cluster.nodes, share=1e9)


def paced(cluster: Cluster, seconds: float) -> None:
    """Take steps when they are due."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        background.step(cluster.nodes)
        time.sleep(1.0)


def play(servers: ScratchServers, cluster: Cluster, seconds: float) -> None:
    """Load, then measure."""
    files = ["--basics", f"{SAMPLE}/title.basics.tsv.gz", "--ratings", f"{SAMPLE}/title.ratings.tsv.gz"]
    loaded: subprocess.CompletedProcess[str] = cluster.manage("load_titles", *files, timeout=300)
    if loaded.returncode:
        raise SystemExit(loaded.stderr)
    cluster.settle(60)
    background.step(cluster.nodes)
    Comparison.objects.update(due_at=Comparison.objects.get().began_at)
    one_pass(cluster)  # what has just been written is still being flushed
    took, idle = measured(servers, lambda: time.sleep(IDLE_SECONDS), {})
    idle = {name: value / took for name, value in idle.items()}
    entries = int(cluster.connect(NodeName.MAIN, "root").row("SELECT COUNT(*) FROM transaction_log")[0])
    rows = int(cluster.connect(NodeName.MAIN, "root").row("SELECT COUNT(*) FROM title_ft")[0])
    took, cost = measured(servers, lambda: one_pass(cluster), idle)
    print(f"one pass: {rows:,} titles and {entries:,} log entries in {took:.2f} s,", end=" ")
    print(f"{(rows + entries) / took:,.0f} rows a second; {proof().sentence}")
    for name, value in cost.items():
        print(f"    {name:<22} {value:6.2f} CPU seconds")
    took, cost = measured(servers, lambda: paced(cluster, seconds), idle)
    row = Comparison.objects.get()
    print(f"at its pace for {took:.0f} s: {row.done:,} of {row.total:,} rows and entries of the pass")
    for name, value in cost.items():
        print(f"    {name:<22} {100 * value / took:6.2f} % of a core    goal: {GOAL:g} %")


def main() -> None:
    """Servers, a cluster on them, figures."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 120.0
    with control_database():
        servers = ScratchServers()
        try:
            with servers.pointed() as conf:
                servers.reset()
                cluster = Cluster(servers, conf)
                try:
                    cluster.begin()
                    play(servers, cluster, seconds)
                finally:
                    cluster.end()
        finally:
            servers.close()


if __name__ == "__main__":
    main()
