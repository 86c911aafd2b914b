"""The plain `mariadb` client as somebody uses it who has nothing else."""

import os
import subprocess

from tests.harness.cluster import Cluster


class Console:
    """Runs statements on one node, each call in a session of its own, as root unless told otherwise."""

    def __init__(self, cluster: Cluster, account: str = "root") -> None:
        self.cluster = cluster
        self.account = cluster.servers.account(account)

    def run(self, node: str, sql: str, *, database: bool = True) -> subprocess.CompletedProcess[str]:
        """Return what the client answered: tab-separated rows without headings."""
        local = self.cluster.servers.local[node]
        command = [
            "mariadb", "--no-defaults", "--batch", "--skip-column-names", "--host=127.0.0.1",
            f"--port={local.port}", f"--user={self.account.user}",
        ]  # fmt: skip
        return subprocess.run(
            [*command, local.database] if database else command,
            input=sql,
            env=os.environ | {"MYSQL_PWD": self.account.password},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    def says(self, node: str, sql: str) -> str:
        """Return the answer of statements that succeed."""
        done = self.run(node, sql)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def refused(self, node: str, sql: str) -> str:
        """Return the error of statements that are refused."""
        done = self.run(node, sql)
        assert done.returncode != 0, done.stdout
        return done.stderr.strip()
