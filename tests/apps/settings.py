"""The same project on the cluster: what docs/developers.md says, and nothing else."""

import os

from mco2site.environment import control_database, node_database
from tests.apps.plain import *  # noqa: F403
from tests.apps.plain import INSTALLED_APPS, MIDDLEWARE, VAR_DIR

# Last, so that the content types of the others get the numbers that they have without it.
INSTALLED_APPS = [*INSTALLED_APPS, "cluster"]
MIDDLEWARE = [*MIDDLEWARE, "cluster.backend.RetryRequests"]
DATABASES = {
    "default": node_database("MAIN_DATABASE_URL"),
    "main": node_database("MAIN_DATABASE_URL"),
    "node_a": node_database("NODE_A_DATABASE_URL"),
    "node_b": node_database("NODE_B_DATABASE_URL"),
    "control": control_database("CONTROL_DATABASE_URL", VAR_DIR),
}
DATABASE_ROUTERS = ["cluster.backend.router.ClusterRouter"]
CLUSTER_REPLICATED_MODELS = ["*"]
CLUSTER_USER = os.environ["CLUSTER_USER"]
CLUSTER_PASSWORD = os.environ["CLUSTER_PASSWORD"]
CLUSTER_ADMIN_USER = os.environ["CLUSTER_ADMIN_USER"]
CLUSTER_ADMIN_PASSWORD = os.environ["CLUSTER_ADMIN_PASSWORD"]
