"""The wide trial on the cluster."""

from tests.apps.settings import *  # noqa: F403
from tests.apps.settings import DATABASES as NODES
from tests.apps.wide.plain import *  # noqa: F403
from tests.apps.wide.plain import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "cluster"]
MIDDLEWARE = [*MIDDLEWARE, "cluster.backend.RetryRequests"]
DATABASES = NODES
