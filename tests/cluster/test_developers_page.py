"""Every example of docs/developers.md, word for word and in its order, as one project on three blank servers."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.local.scratch import ScratchServers, memory
from cluster.protocol.names import NodeName
from tests.harness.forking import ROOT
from tests.harness.page import Project, blocks

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.xdist_group("developers_page")]
SPELLED = {NodeName.MAIN: "MAIN_URL", NodeName.NODE_A: "NODE_A_URL", NodeName.NODE_B: "NODE_B_URL"}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Return an empty directory, and the nodes in the environment as the page has them."""
    servers = ScratchServers(ROOT / "var" / "template", memory())
    urls = {
        SPELLED[name]: f"mysql://{servers.application.user}:{servers.application.password}"
        f"@127.0.0.1:{node.port}/{node.database}"
        for name, node in servers.local.items()
    }
    own = {
        "CLUSTER_PASSWORD": servers.cluster.password,
        "CLUSTER_ADMIN_USER": servers.admin.user,
        "CLUSTER_ADMIN_PASSWORD": servers.admin.password,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(ROOT / "var"),
        "PYTEST_ADDOPTS": "-p no:cacheprovider -p no:randomly -p no:valkey",
    }
    passed = {
        name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "CLUSTER_"))
    }
    made = Project(tmp_path, passed | urls | own)
    try:
        yield made
    finally:
        made.close()
        servers.close()


def test_all_of_it_runs(project):
    said = [project.do(block) for block in blocks("developers.md")]
    assert "a second node has it" in "".join(said)
    assert [text for text in said if "Ran 2 tests" in text and "OK" in text]
    assert [text for text in said if "1 passed" in text]
