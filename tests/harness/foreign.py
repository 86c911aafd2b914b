"""A project in a directory of its own, which knows nothing of this one but the package and an app."""

from tests.harness.servers import ScratchServers

SETTINGS = """
from mco2site.environment import node_database

NODES = {name: node_database(f"{name.upper()}_DATABASE_URL") for name in ("main", "node_a", "node_b")}
DATABASES = NODES | {
    "default": {"ENGINE": "cluster.backend"},
    "control": {"ENGINE": "django.db.backends.sqlite3", "NAME": "control.sqlite3", "TEST": {"DEPENDENCIES": []}},
}
DATABASE_ROUTERS = ["cluster.backend.router.ClusterRouter"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "cluster", "tests.harness.shop"]
CLUSTER_REPLICATED_MODELS = ["*"]
CLUSTER_USER, CLUSTER_PASSWORD, CLUSTER_ADMIN_USER, CLUSTER_ADMIN_PASSWORD = ACCOUNTS
SECRET_KEY, USE_TZ = "foreign", True
"""


def foreign_settings(servers: ScratchServers) -> str:
    """Return the text of its settings, on these servers."""
    policy = servers.policy()
    accounts = [policy[f"CLUSTER_{name}"] for name in ("USER", "PASSWORD", "ADMIN_USER", "ADMIN_PASSWORD")]
    return f"ACCOUNTS = {accounts!r}\n{SETTINGS}"
