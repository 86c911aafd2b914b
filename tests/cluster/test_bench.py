"""The programs that measure run, on a load that is as small as can be."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parent.parent.parent / "bench"
TINY = [
    "--rounds",
    "1",
    "--seconds",
    "0.2",
    "--clients",
    "1",
    "2",
    "--only",
    "UPDATE and wait",
    "plain MariaDB",
]


@pytest.mark.timeout(240)
def test_the_comparison_with_others_leaves_its_figures(tmp_path):
    done = subprocess.run(
        [sys.executable, "bench_peers.py", *TINY, "--into", str(tmp_path)],
        cwd=BENCH, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "peers.json").read_text())
    own, plain = (found["rounds"][name] for name in ("UPDATE and wait", "plain MariaDB"))
    for clients in ("1", "2"):
        ratio = found["ratios"]["UPDATE and wait"]["plain MariaDB"][clients]
        assert ratio["per_second"] == own[clients][0]["per_second"] / plain[clients][0]["per_second"]
    assert "| UPDATE and wait |" in done.stdout
    assert (tmp_path / "peers.svg").read_text().startswith("<svg")
